import { SimulatedDisk } from '../../../kernel/disk.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine, type Process, type Program } from '../../../kernel/machine.ts'
import { Network } from '../../../kernel/network.ts'

/** 2026-01-01T00:00:00Z. */
export const testEpoch = 1_767_225_600_000

/** A kernel, a network and one machine, for tests of what runs in a process. */
export interface TestBench {
  readonly kernel: Kernel
  readonly network: Network
  readonly machine: Machine
  readonly process: Process
}

/** Starts a process that does nothing by itself; what is tested is built on `process`. */
export function testBench(seed = 1, name = 'test'): TestBench {
  const kernel = new Kernel({ host: nodeHost, seed, epoch: testEpoch })
  const network = new Network(kernel)
  const machine = new Machine(network, 'controlplane', '192.168.64.10', new SimulatedDisk(kernel, 'controlplane'))
  return { kernel, network, machine, process: testProcess(machine, name) }
}

export function testProcess(machine: Machine, name: string, program: Program = {}): Process {
  return machine.start(name, () => program)
}
