import { SpecError } from './spec-error.ts'

/** The cloud that a cluster's machines are rented from. */
export interface CloudSpec {
  readonly region: string
  readonly zones: readonly string[]
  /** Groups of machines that the cluster autoscaler may make and give back; without any there is no autoscaler. */
  readonly nodeGroups: readonly NodeGroupSpec[]
}

export interface NodeGroupSpec {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly podsMax: number
  readonly labels: Readonly<Record<string, string>>
}

const gibibyte = 1024 ** 3

/** One region of three zones and no group: load balancers, routes and zones, machines as given. */
export const plainCloud: CloudSpec = { region: 'orbit-1', zones: ['orbit-1a', 'orbit-1b', 'orbit-1c'], nodeGroups: [] }

/** Reads what a person wrote under `cloud`: `true`, or what differs from the plain one. Throws SpecError. */
export function parseCloud(value: unknown): CloudSpec {
  if (value === true) return plainCloud
  const given = mapping(value, 'cloud', ['region', 'zones', 'nodeGroups'])
  const region = given.region === undefined ? plainCloud.region : label(given.region, 'cloud.region')
  const zones = given.zones === undefined ? ['a', 'b', 'c'].map((letter) => `${region}${letter}`) : listOf(given.zones, 'cloud.zones').map((zone, index) => label(zone, `cloud.zones[${index}]`))
  if (zones.length === 0) throw new SpecError('cloud.zones has to have at least one entry')
  const nodeGroups = given.nodeGroups === undefined ? [] : listOf(given.nodeGroups, 'cloud.nodeGroups').map(parseGroup)
  const names = nodeGroups.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new SpecError(`two node groups are named "${twice}"`)
  return { region, zones, nodeGroups }
}

function parseGroup(value: unknown, index: number): NodeGroupSpec {
  const where = `cloud.nodeGroups[${index}]`
  const given = mapping(value, where, ['name', 'min', 'max', 'cpu', 'memoryGiB', 'pods', 'labels'])
  const number = (field: string, usual: number, max: number): number => {
    const found = given[field] ?? usual
    if (!Number.isInteger(found) || (found as number) < 0 || (found as number) > max) throw new SpecError(`${where}.${field} has to be a whole number from 0 to ${max}, not ${JSON.stringify(found)}`)
    return found as number
  }
  const min = number('min', 0, 500)
  const max = number('max', 3, 500)
  if (max < min) throw new SpecError(`${where}.max has to be at least its min`)
  const labels = given.labels ?? {}
  if (typeof labels !== 'object' || Array.isArray(labels) || Object.values(labels).some((text) => typeof text !== 'string')) throw new SpecError(`${where}.labels has to be a mapping of texts`)
  return {
    name: label(given.name, `${where}.name`),
    min,
    max,
    cpuMillis: number('cpu', 4, 1_024) * 1_000,
    memoryBytes: number('memoryGiB', 8, 16_384) * gibibyte,
    podsMax: number('pods', 110, 1_000),
    labels: labels as Record<string, string>,
  }
}

function mapping(value: unknown, what: string, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SpecError(`${what} has to be a mapping${what === 'cloud' ? ' or true' : ''}`)
  for (const key of Object.keys(value)) if (!known.includes(key)) throw new SpecError(`unknown field "${key}" in ${what}; there are ${known.join(', ')}`)
  return value as Record<string, unknown>
}

function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new SpecError(`${what} has to be a list`)
  return value
}

function label(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/.test(value)) throw new SpecError(`${what} has to be a DNS label of at most 42 characters`)
  return value
}
