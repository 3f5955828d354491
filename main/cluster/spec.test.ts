import { describe, expect, test } from 'vitest'
import { haSpec, parseSpec, singleSpec, SpecError, standardSpec } from './spec.ts'

describe('cluster specs', () => {
  test('the standard lab has one control-plane node and three workers, each with an address of its own', () => {
    const { machines } = standardSpec('standard', 1)
    expect(machines.map(({ name, role, address }) => `${name} ${role} ${address}`)).toEqual([
      'controlplane control-plane 192.168.64.10',
      'worker-1 worker 192.168.64.11',
      'worker-2 worker 192.168.64.12',
      'worker-3 worker 192.168.64.13',
    ])
  })

  test('a thousand machines have a thousand addresses', () => {
    expect(new Set(standardSpec('huge', 1, 1_000).machines.map((machine) => machine.address)).size).toBe(1_001)
  })

  test('single is one machine', () => {
    expect(singleSpec('one', 1).machines.map((machine) => machine.name)).toEqual(['controlplane'])
  })

  test('ha has three control-plane nodes behind a load balancer', () => {
    const { machines, loadBalancerAddress } = haSpec('ha', 1)
    expect(machines.map(({ name, role, address }) => `${name} ${role} ${address}`)).toEqual([
      'controlplane control-plane 192.168.64.10',
      'controlplane-2 control-plane 192.168.64.11',
      'controlplane-3 control-plane 192.168.64.12',
      'worker-1 worker 192.168.64.13',
      'worker-2 worker 192.168.64.14',
      'worker-3 worker 192.168.64.15',
    ])
    expect(loadBalancerAddress).toBe('192.168.64.5')
    expect(standardSpec('one', 1).loadBalancerAddress).toBeUndefined()
  })

  test('a file may have any number of control-plane nodes', () => {
    const names = (value: unknown): string[] => parseSpec(value, 'x', 1).machines.map(({ name, role }) => `${name} ${role}`)
    expect(names({ controlPlanes: 2, nodes: 1 })).toEqual(['controlplane control-plane', 'controlplane-2 control-plane', 'worker-1 worker'])
    expect(names({ machines: [{ role: 'control-plane' }, {}, { name: 'edge', role: 'control-plane' }] })).toEqual(['controlplane control-plane', 'controlplane-2 control-plane', 'worker-1 worker', 'edge control-plane'])
    const five = parseSpec({ controlPlanes: 5, machines: [{}, {}] }, 'x', 1)
    expect(new Set(five.machines.map(({ address }) => address)).size).toBe(7)
    expect(five.loadBalancerAddress).toBeDefined()
  })

  test('a file may say how many nodes, or which machines', () => {
    expect(parseSpec({ nodes: 2, seed: 9 }, 'x', 1)).toMatchObject({ seed: 9, machines: { length: 3 } })
    expect(parseSpec({ machines: [{ name: 'big', cpu: 16, memoryGiB: 64, labels: { disktype: 'ssd' } }, {}] }, 'x', 1).machines.slice(1)).toMatchObject([
      { name: 'big', cpuMillis: 16_000, memoryBytes: 64 * 1024 ** 3, labels: { disktype: 'ssd' } },
      { name: 'worker-2', cpuMillis: 4_000 },
    ])
  })

  test.each([
    ['text', 'a cluster spec is a mapping'],
    [{ workers: 3 }, 'unknown field "workers" in the cluster spec; there are seed, controlPlanes, nodes, machines, cloud'],
    [{ nodes: -1 }, 'nodes has to be a whole number from 0 to 1000, not -1'],
    [{ machines: {} }, 'machines has to be a list'],
    [{ machines: [{ name: 'Not A Name' }] }, 'machines[0].name has to be a DNS label'],
    [{ machines: [{ name: 'controlplane' }] }, 'two machines are named "controlplane"'],
    [{ machines: [{ cpus: 1 }] }, 'unknown field "cpus" in machines[0]; there are name, role, cpu, memoryGiB, pods, labels'],
    [{ controlPlanes: 0 }, 'controlPlanes has to be a whole number from 1 to 100, not 0'],
    [{ nodes: 1, machines: [] }, 'nodes and machines cannot both be given'],
    [{ machines: [{ role: 'master' }] }, 'machines[0].role has to be control-plane or worker, not "master"'],
    [{ machines: [[]] }, 'machines[0] has to be a mapping'],
    [{ controlPlanes: 2, machines: [{ name: 'controlplane-2' }] }, 'two machines are named "controlplane-2"'],
    [{ machines: [{ labels: { a: 1 } }] }, 'machines[0].labels has to be a mapping of texts'],
  ])('%j is refused', (value, message) => {
    expect(() => parseSpec(value, 'x', 1)).toThrow(new SpecError(message))
  })
})
