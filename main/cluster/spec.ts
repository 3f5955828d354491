import { parseCloud, plainCloud, type CloudSpec } from './cloud-spec.ts'
import { SpecError } from './spec-error.ts'

export { SpecError } from './spec-error.ts'

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
  /** Address of the load balancer before several API servers; absent: there is one API server and its machine is the endpoint. */
  readonly loadBalancerAddress?: string
  /** The cloud that the machines are rented from; absent: they stand in a cellar. */
  readonly cloud?: CloudSpec
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

const gibibyte = 1024 ** 3
const machinesMax = 1_000
const controlPlanesMax = 100
const firstControlPlane = 'controlplane'
/** Outside the addresses that machines get. */
const loadBalancerAddress = '192.168.64.5'

/** The address of the index-th machine of a cluster. */
export function addressOfMachine(index: number): string {
  const offset = 10 + index
  return `192.168.${64 + Math.floor(offset / 250)}.${offset % 250}`
}

function machine(name: string, role: MachineSpec['role'], index: number): MachineSpec {
  const controlPlane = role === 'control-plane'
  return {
    name,
    role,
    address: addressOfMachine(index),
    cpuMillis: controlPlane ? 2_000 : 4_000,
    memoryBytes: (controlPlane ? 4 : 8) * gibibyte,
    storageBytes: 40 * gibibyte,
    podsMax: 110,
    labels: {},
  }
}

/** Every node takes a /24 of the pods' range: the usual one has so many. */
const nodesOfUsualCidr = 256

function spec(name: string, seed: number, machines: readonly MachineSpec[]): ClusterSpec {
  const severalServers = machines.filter(({ role }) => role === 'control-plane').length > 1
  return {
    name,
    seed,
    kubernetesVersion: 'v1.36.1',
    podCidr: machines.length > nodesOfUsualCidr ? '10.128.0.0/12' : '10.244.0.0/16',
    serviceCidr: '10.96.0.0/12',
    dnsAddress: '10.96.0.10',
    clusterDomain: 'cluster.local',
    machines,
    ...(severalServers ? { loadBalancerAddress } : {}),
  }
}

/** `controlplane`, `controlplane-2` … and `worker-1` …: addresses in that order. */
function numbered(controlPlanes: number, workers: number): MachineSpec[] {
  return [
    ...Array.from({ length: controlPlanes }, (_, index) => machine(index === 0 ? firstControlPlane : `${firstControlPlane}-${index + 1}`, 'control-plane', index)),
    ...Array.from({ length: workers }, (_, index) => machine(`worker-${index + 1}`, 'worker', controlPlanes + index)),
  ]
}

function checkWorkers(workers: number): void {
  if (!Number.isInteger(workers) || workers < 0 || workers > machinesMax) throw new SpecError(`the number of nodes has to be between 0 and ${machinesMax}, not ${workers}`)
}

/** One control-plane node and `workers` workers. */
export function standardSpec(name: string, seed: number, workers = 3): ClusterSpec {
  checkWorkers(workers)
  return spec(name, seed, numbered(1, workers))
}

/** Three control-plane nodes behind a load balancer, and `workers` workers. */
export function haSpec(name: string, seed: number, workers = 3): ClusterSpec {
  checkWorkers(workers)
  return spec(name, seed, numbered(3, workers))
}

/** One node that is both: its control-plane taint is removed by having no worker to leave the work to. */
export function singleSpec(name: string, seed: number): ClusterSpec {
  return standardSpec(name, seed, 0)
}

/** The same cluster on rented machines, unless it is already or `wanted` is false. */
export function withCloud(spec: ClusterSpec, wanted = true): ClusterSpec {
  return wanted && !spec.cloud ? { ...spec, cloud: plainCloud } : spec
}

/** Reads a spec written by a person: how many control-plane nodes and workers, or a list of machines beside the first control-plane
 *  node. Unknown fields are errors. */
export function parseSpec(value: unknown, name: string, seed: number): ClusterSpec {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SpecError('a cluster spec is a mapping')
  const given = value as Record<string, unknown>
  const known = ['seed', 'controlPlanes', 'nodes', 'machines', 'cloud']
  for (const key of Object.keys(given)) if (!known.includes(key)) throw new SpecError(`unknown field "${key}" in the cluster spec; there are ${known.join(', ')}`)
  const effectiveSeed = given.seed === undefined ? seed : integer(given.seed, 'seed', 0, 2 ** 32 - 1)
  const controlPlanes = given.controlPlanes === undefined ? 1 : integer(given.controlPlanes, 'controlPlanes', 1, controlPlanesMax)
  const cloud = given.cloud === undefined || given.cloud === false ? undefined : parseCloud(given.cloud)
  const rented = (made: ClusterSpec): ClusterSpec => (cloud === undefined ? made : { ...made, cloud })
  if (given.machines === undefined) return rented(spec(name, effectiveSeed, numbered(controlPlanes, given.nodes === undefined ? 3 : integer(given.nodes, 'nodes', 0, machinesMax))))
  if (given.nodes !== undefined) throw new SpecError('nodes and machines cannot both be given')
  if (!Array.isArray(given.machines)) throw new SpecError('machines has to be a list')
  if (given.machines.length > machinesMax) throw new SpecError(`machines has to have at most ${machinesMax} entries, not ${given.machines.length}`)
  const machines = numbered(controlPlanes, 0)
  const names = new Set(machines.map((each) => each.name))
  const count = { 'control-plane': controlPlanes, worker: 0 }
  given.machines.forEach((entry: unknown, index) => {
    const made = parseMachine(entry, index, machines.length, count)
    if (names.has(made.name)) throw new SpecError(`two machines are named "${made.name}"`)
    names.add(made.name)
    machines.push(made)
  })
  return rented(spec(name, effectiveSeed, machines))
}

/** `index` in the list, `place` among all machines; `count` says how many there are of each role, and is kept up. */
function parseMachine(entry: unknown, index: number, place: number, count: Record<MachineSpec['role'], number>): MachineSpec {
  const where = `machines[${index}]`
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw new SpecError(`${where} has to be a mapping`)
  const given = entry as Record<string, unknown>
  const known = ['name', 'role', 'cpu', 'memoryGiB', 'pods', 'labels']
  for (const key of Object.keys(given)) if (!known.includes(key)) throw new SpecError(`unknown field "${key}" in ${where}; there are ${known.join(', ')}`)
  const role = given.role ?? 'worker'
  if (role !== 'control-plane' && role !== 'worker') throw new SpecError(`${where}.role has to be control-plane or worker, not ${JSON.stringify(role)}`)
  const number = ++count[role]
  const name = given.name ?? (role === 'worker' ? `worker-${number}` : `${firstControlPlane}-${number}`)
  if (typeof name !== 'string' || !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) throw new SpecError(`${where}.name has to be a DNS label`)
  const base = machine(name, role, place)
  return {
    ...base,
    cpuMillis: given.cpu === undefined ? base.cpuMillis : integer(given.cpu, 'cpu', 1, 1_024) * 1_000,
    memoryBytes: given.memoryGiB === undefined ? base.memoryBytes : integer(given.memoryGiB, 'memoryGiB', 1, 16_384) * gibibyte,
    podsMax: given.pods === undefined ? base.podsMax : integer(given.pods, 'pods', 1, 1_000),
    labels: given.labels === undefined ? {} : parseLabels(given.labels, where),
  }
}

function parseLabels(value: unknown, where: string): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    throw new SpecError(`${where}.labels has to be a mapping of texts`)
  }
  return value as Record<string, string>
}

function integer(value: unknown, what: string, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) throw new SpecError(`${what} has to be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}`)
  return value as number
}
