import { describe, expect, test } from 'vitest'
import { SimulatedDisk } from '../../kernel/disk.ts'
import { nodeHost } from '../../kernel/host.node.ts'
import { Kernel } from '../../kernel/kernel.ts'
import { Machine } from '../../kernel/machine.ts'
import { Network } from '../../kernel/network.ts'
import { journalctl } from './journalctl.ts'
import { systemctl } from './systemctl.ts'
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

describe('systemctl', () => {
  test('status says how a service is, and its exit code says it to scripts', async () => {
    const { kernel, machine, systemd } = lab()
    systemd.boot()
    await kernel.runFor(125_000)
    const { stdout, exitCode } = await systemctl(machine, systemd, ['status', 'kubelet'])
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      '● kubelet.service - kubelet: The Kubernetes Node Agent',
      '     Loaded: loaded (/usr/lib/systemd/system/kubelet.service; enabled; preset: enabled)',
      '     Active: active (running) since Thu 1970-01-01 00:00:00 UTC; 2min 5s ago',
      '   Main PID: 619 (kubelet)',
    ])
    expect(stdout).toContain('Jan 01 00:00:00 worker-1 systemd[1]: Started kubelet.service - kubelet: The Kubernetes Node Agent.')
    expect(exitCode).toBe(0)
    expect(await kernel.settle(systemctl(machine, systemd, ['stop', 'kubelet']))).toMatchObject({ exitCode: 0 })
    expect(await systemctl(machine, systemd, ['is-active', 'kubelet'])).toEqual({ stdout: 'inactive\n', stderr: '', exitCode: 3 })
  })

  test.each([
    [['status', 'docker'], 4, 'Unit docker.service could not be found.\n'],
    [['start', 'docker'], 5, 'Failed to start docker.service: Unit docker.service not found.\n'],
    [['frob', 'kubelet'], 1, "Unknown command verb 'frob'.\n"],
    [['status', '--bogus', 'kubelet'], 1, "systemctl: unrecognized option '--bogus'\n"],
  ])('%j fails with %i', async (argv, exitCode, stderr) => {
    const { machine, systemd } = lab()
    expect(await systemctl(machine, systemd, argv)).toEqual({ stdout: '', stderr, exitCode })
  })

  test('journalctl shows a unit’s newest lines', () => {
    const { machine, systemd } = lab()
    systemd.boot()
    systemd.status('kubelet').journal.info('Node is ready', { node: 'worker-1' })
    expect(journalctl(machine, systemd, ['-u', 'kubelet', '-n', '1']).stdout).toContain('"Node is ready" node="worker-1"\n')
    expect(journalctl(machine, systemd, ['-u', 'nothing']).stdout).toBe('-- No entries --\n')
  })
})
