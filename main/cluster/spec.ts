/** What a cluster is made of, as data: enough, with its inputs, to run it again. */
export interface ClusterSpec {
  readonly name: string
  readonly seed: number
  readonly kubernetesVersion: string
  readonly podCidr: string
  readonly serviceCidr: string
  readonly dnsAddress: string
  readonly clusterDomain: string
  readonly machines: readonly MachineSpec[]
}

export interface MachineSpec {
  readonly name: string
  readonly role: 'control-plane' | 'worker'
  readonly address: string
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly storageBytes: number
  readonly podsMax: number
  readonly labels: Readonly<Record<string, string>>
}

/** A spec that cannot be used; the message is one line for a person. */
export class SpecError extends Error {}

const gibibyte = 1024 ** 3
const machinesMax = 1_000

function machine(name: string, role: MachineSpec['role'], index: number): MachineSpec {
  const offset = 10 + index
  const controlPlane = role === 'control-plane'
  return {
    name,
    role,
    address: `192.168.${64 + Math.floor(offset / 250)}.${offset % 250}`,
    cpuMillis: controlPlane ? 2_000 : 4_000,
    memoryBytes: (controlPlane ? 4 : 8) * gibibyte,
    storageBytes: 40 * gibibyte,
    podsMax: 110,
    labels: {},
  }
}

function spec(name: string, seed: number, machines: readonly MachineSpec[]): ClusterSpec {
  return {
    name,
    seed,
    kubernetesVersion: 'v1.36.1',
    podCidr: '10.244.0.0/16',
    serviceCidr: '10.96.0.0/12',
    dnsAddress: '10.96.0.10',
    clusterDomain: 'cluster.local',
    machines,
  }
}

/** One control-plane node and `workers` workers. */
export function standardSpec(name: string, seed: number, workers = 3): ClusterSpec {
  if (!Number.isInteger(workers) || workers < 0 || workers > machinesMax) throw new SpecError(`the number of nodes has to be between 0 and ${machinesMax}, not ${workers}`)
  const names = Array.from({ length: workers }, (_, index) => machine(`worker-${index + 1}`, 'worker', index + 1))
  return spec(name, seed, [machine('controlplane', 'control-plane', 0), ...names])
}

/** One node that is both: its control-plane taint is removed by having no worker to leave the work to. */
export function singleSpec(name: string, seed: number): ClusterSpec {
  return standardSpec(name, seed, 0)
}

/** Reads a spec written by a person: `{nodes: 5}` or a list of machines. Unknown fields are errors. */
export function parseSpec(value: unknown, name: string, seed: number): ClusterSpec {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SpecError('a cluster spec is a mapping')
  const given = value as Record<string, unknown>
  const known = ['seed', 'nodes', 'machines']
  for (const key of Object.keys(given)) if (!known.includes(key)) throw new SpecError(`unknown field "${key}" in the cluster spec; there are ${known.join(', ')}`)
  const effectiveSeed = given.seed === undefined ? seed : integer(given.seed, 'seed', 0, 2 ** 32 - 1)
  if (given.machines === undefined) return standardSpec(name, effectiveSeed, given.nodes === undefined ? 3 : integer(given.nodes, 'nodes', 0, machinesMax))
  if (!Array.isArray(given.machines)) throw new SpecError('machines has to be a list')
  const base = standardSpec(name, effectiveSeed, 0)
  const workers = given.machines.map((entry, index) => parseMachine(entry, index + 1))
  const names = new Set(['controlplane'])
  for (const { name: machineName } of workers) {
    if (names.has(machineName)) throw new SpecError(`two machines are named "${machineName}"`)
    names.add(machineName)
  }
  return { ...base, machines: [...base.machines, ...workers] }
}

function parseMachine(entry: unknown, index: number): MachineSpec {
  if (typeof entry !== 'object' || entry === null) throw new SpecError(`machines[${index - 1}] has to be a mapping`)
  const given = entry as Record<string, unknown>
  const known = ['name', 'cpu', 'memoryGiB', 'pods', 'labels']
  for (const key of Object.keys(given)) if (!known.includes(key)) throw new SpecError(`unknown field "${key}" in machines[${index - 1}]; there are ${known.join(', ')}`)
  const name = given.name ?? `worker-${index}`
  if (typeof name !== 'string' || !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) throw new SpecError(`machines[${index - 1}].name has to be a DNS label`)
  const base = machine(name, 'worker', index)
  return {
    ...base,
    cpuMillis: given.cpu === undefined ? base.cpuMillis : integer(given.cpu, 'cpu', 1, 1_024) * 1_000,
    memoryBytes: given.memoryGiB === undefined ? base.memoryBytes : integer(given.memoryGiB, 'memoryGiB', 1, 16_384) * gibibyte,
    podsMax: given.pods === undefined ? base.podsMax : integer(given.pods, 'pods', 1, 1_000),
    labels: given.labels === undefined ? {} : parseLabels(given.labels, index),
  }
}

function parseLabels(value: unknown, index: number): Record<string, string> {
  if (typeof value !== 'object' || value === null || Object.values(value).some((text) => typeof text !== 'string')) {
    throw new SpecError(`machines[${index - 1}].labels has to be a mapping of texts`)
  }
  return value as Record<string, string>
}

function integer(value: unknown, what: string, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) throw new SpecError(`${what} has to be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}`)
  return value as number
}
