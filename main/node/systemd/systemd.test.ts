import { describe, expect, test } from 'vitest'
import { SimulatedDisk } from '../../kernel/disk.ts'
import { nodeHost } from '../../kernel/host.node.ts'
import { Kernel } from '../../kernel/kernel.ts'
import { Machine } from '../../kernel/machine.ts'
import { Network } from '../../kernel/network.ts'
import { Systemd } from './systemd.ts'

function lab(): { kernel: Kernel; machine: Machine; systemd: Systemd; starts: () => number } {
  const kernel = new Kernel({ host: nodeHost, seed: 1, epoch: 0 })
  const machine = new Machine(new Network(kernel), 'worker-1', '10.0.0.1', new SimulatedDisk(kernel, 'worker-1'))
  let starts = 0
  const systemd = new Systemd(machine, [
    { name: 'kubelet', description: 'kubelet: The Kubernetes Node Agent', path: '/usr/lib/systemd/system/kubelet.service', command: '/usr/bin/kubelet', enabled: true, restartMs: 10_000, program: () => (starts++, {}) },
  ])
  return { kernel, machine, systemd, starts: () => starts }
}

describe('systemd', () => {
  test('starts what is enabled at boot', () => {
    const { systemd, starts } = lab()
    systemd.boot()
    expect(starts()).toBe(1)
    expect(systemd.status('kubelet.service')).toMatchObject({ state: 'active', subState: 'running' })
  })

  test('starts a service that died again, after its delay', async () => {
    const { kernel, machine, systemd, starts } = lab()
    systemd.boot()
    machine.process('kubelet')!.crash()
    expect(systemd.status('kubelet')).toMatchObject({ state: 'activating', subState: 'auto-restart', mainPid: 0 })
    await kernel.runFor(9_999)
    expect(starts()).toBe(1)
    await kernel.runFor(1)
    expect(starts()).toBe(2)
    expect(systemd.status('kubelet').state).toBe('active')
  })

  test('leaves a stopped service stopped', async () => {
    const { kernel, systemd, starts } = lab()
    systemd.boot()
    await kernel.settle(systemd.stop('kubelet'))
    await kernel.runFor(60_000)
    expect(starts()).toBe(1)
    expect(systemd.status('kubelet')).toMatchObject({ state: 'inactive', subState: 'dead' })
    systemd.start('kubelet')
    expect(starts()).toBe(2)
  })

  test('does not know what does not exist', () => {
    expect(() => lab().systemd.status('docker')).toThrow('Unit docker.service could not be found.')
  })
})
