import type { Endpoint, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { identityOf, newSlice, portsKey, sliceLabels, type AddressType, type EndpointGroup } from './endpoints.ts'

export const endpointsPerSliceMax = 100

export interface SlicePlan {
  readonly create: readonly EndpointSlice[]
  readonly update: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
}

/** How the slices of one address family become what the service's pods say, with few writes: endpoints stay where they are;
 *  slices that change anyway are filled up first; a slice that would go is reused for one that would come. Follows the
 *  endpointslice reconciler. */
export function planSlices(service: Service, type: AddressType, present: readonly EndpointSlice[], groups: ReadonlyMap<string, EndpointGroup>, perSliceMax = endpointsPerSliceMax): SlicePlan {
  const byPorts = new Map<string, EndpointSlice[]>()
  for (const slice of present) {
    const key = portsKey(slice.ports)
    byPorts.set(key, [...(byPorts.get(key) ?? []), slice])
  }
  const create: EndpointSlice[] = []
  const update: EndpointSlice[] = []
  const remove: EndpointSlice[] = []
  for (const [key, group] of groups) {
    const plan = planGroup(service, type, byPorts.get(key) ?? [], group, perSliceMax)
    create.push(...plan.create)
    update.push(...plan.update)
    remove.push(...plan.remove)
  }
  for (const [key, slices] of byPorts) if (!groups.has(key)) remove.push(...slices)
  if (create.length === 0 && update.length === 0 && remove.length === present.length) {
    // A service without endpoints has one empty slice, so that readers know that it is known.
    const placeholder = newSlice(service, type, [])
    const only = remove.length === 1 ? remove[0] : undefined
    if (only && isPlaceholder(only, placeholder)) return { create: [], update: [], remove: [] }
    create.push(placeholder)
  }
  return reuse(service, create, update, remove)
}

function planGroup(service: Service, type: AddressType, present: readonly EndpointSlice[], group: EndpointGroup, perSliceMax: number): SlicePlan {
  const labels = sliceLabels(service)
  const missing = new Map(group.endpoints.map((endpoint) => [identityOf(endpoint), endpoint]))
  const changed: { slice: EndpointSlice; endpoints: Endpoint[] }[] = []
  const unchanged: EndpointSlice[] = []
  const remove: EndpointSlice[] = []
  for (const slice of present) {
    const old = slice.endpoints ?? []
    let differs = false
    const kept: Endpoint[] = []
    for (const endpoint of old) {
      const identity = identityOf(endpoint)
      const wanted = missing.get(identity)
      if (!wanted) continue
      missing.delete(identity)
      if (!semanticEqual(endpoint, wanted)) differs = true
      kept.push(wanted)
    }
    if (kept.length === 0 && old.length > 0) remove.push(slice)
    else if (differs || kept.length !== old.length || !semanticEqual(slice.metadata.labels, labels)) changed.push({ slice, endpoints: kept })
    else unchanged.push(slice)
  }
  const rest = [...missing.values()]
  for (const { endpoints } of changed) endpoints.push(...rest.splice(0, Math.max(0, perSliceMax - endpoints.length)))
  const create: EndpointSlice[] = []
  while (rest.length > 0) {
    const index = rest.length < perSliceMax ? fullestWithRoom(unchanged, rest.length, perSliceMax) : -1
    if (index >= 0) {
      const [slice] = unchanged.splice(index, 1)
      const old = slice!.endpoints ?? []
      changed.push({ slice: slice!, endpoints: [...old, ...rest.splice(0, perSliceMax - old.length)] })
    } else create.push({ ...newSlice(service, type, group.ports), endpoints: rest.splice(0, perSliceMax) })
  }
  return { create, remove, update: changed.map(({ slice, endpoints }) => ({ ...slice, metadata: { ...slice.metadata, labels }, endpoints })) }
}

/** The slice that the endpoints fill best and that takes them all; -1 when none does. */
function fullestWithRoom(slices: readonly EndpointSlice[], count: number, perSliceMax: number): number {
  let best = -1
  let bestRoom = Infinity
  slices.forEach((slice, index) => {
    const room = perSliceMax - (slice.endpoints?.length ?? 0) - count
    if (room >= 0 && room < bestRoom) {
      best = index
      bestRoom = room
    }
  })
  return best
}

function isPlaceholder(slice: EndpointSlice, placeholder: EndpointSlice): boolean {
  return (
    (slice.endpoints ?? []).length === 0 &&
    (slice.ports ?? []).length === 0 &&
    slice.addressType === placeholder.addressType &&
    semanticEqual(slice.metadata.labels, placeholder.metadata.labels) &&
    semanticEqual(slice.metadata.ownerReferences, placeholder.metadata.ownerReferences)
  )
}

/** An update is cheaper for everybody than a deletion and a creation. */
function reuse(service: Service, create: EndpointSlice[], update: EndpointSlice[], remove: EndpointSlice[]): SlicePlan {
  const own = (slice: EndpointSlice): boolean => slice.metadata.ownerReferences?.some((reference) => reference.uid === service.metadata.uid) ?? false
  const reused: EndpointSlice[] = []
  let count = 0
  const removed = remove.filter((slice) => {
    if (count >= create.length || !own(slice)) return true
    const made = create[count++]!
    reused.push({ ...slice, metadata: { ...slice.metadata, labels: made.metadata.labels! }, endpoints: made.endpoints ?? [], ports: made.ports ?? [] })
    return false
  })
  return { create: create.slice(count), update: [...update, ...reused], remove: removed }
}
