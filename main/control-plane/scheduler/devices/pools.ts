import type { Device, Node, ResourceSlice } from '../../../api/generated/types.ts'
import { nodeMatches } from '../plugins/node-selection.ts'
import { deviceId } from './device-ledger.ts'

/** A device that a node could use, with where it is from. */
export interface PoolDevice {
  readonly id: string
  readonly device: Device
  readonly slice: ResourceSlice
  readonly pool: Pool
}

/** The newest generation of one driver's pool, as far as a node sees it. */
export interface Pool {
  readonly driver: string
  readonly name: string
  /** Not all of its slices are there: it is being changed. */
  readonly isIncomplete: boolean
  /** Two devices of one name. */
  readonly isInvalid: boolean
  readonly devices: PoolDevice[]
  /** Everything in it, for what devices draw from together. */
  readonly slices: ResourceSlice[]
}

/** Puts slices together to pools; those with devices of the node's own come first. */
export function poolsOf(slices: readonly ResourceSlice[], node: Node): readonly Pool[] {
  const groups = new Map<string, ResourceSlice[]>()
  for (const slice of slices) {
    const { driver, pool } = slice.spec
    const key = `${driver}/${pool.name}`
    const group = groups.get(key)
    if (!group || group[0]!.spec.pool.generation < pool.generation) groups.set(key, [slice])
    else if (group[0]!.spec.pool.generation === pool.generation) group.push(slice)
  }
  return [...groups.values()].map((group) => poolOf(group, node))
}

function poolOf(slices: ResourceSlice[], node: Node): Pool {
  const { driver, pool: facts } = slices[0]!.spec
  const names = slices.flatMap(({ spec }) => (spec.devices ?? []).map(({ name }) => name))
  const devices: PoolDevice[] = []
  const pool: Pool = { driver, name: facts.name, isIncomplete: slices.length !== facts.resourceSliceCount, isInvalid: new Set(names).size !== names.length, devices, slices }
  for (const slice of slices) {
    for (const device of slice.spec.devices ?? []) {
      if (slice.spec.perDeviceNodeSelection && !isFor(device, node)) continue
      devices.push({ id: deviceId(driver, facts.name, device.name), device, slice, pool })
    }
  }
  return pool
}

function isFor({ allNodes, nodeName, nodeSelector }: Device, node: Node): boolean {
  return allNodes === true || nodeName === node.metadata.name || (nodeSelector !== undefined && nodeMatches(nodeSelector, node))
}
