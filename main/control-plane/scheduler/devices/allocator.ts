import type { AllocationResult, DeviceAllocationConfiguration, DeviceClass, DeviceConstraint, DeviceRequestAllocationResult, DeviceSelector, DeviceTaint, DeviceToleration, Node, NodeSelector, ResourceClaim } from '../../../api/generated/types.ts'
import { deviceMatches } from '../../../api/cel/devices.ts'
import { keyOf } from '../../../api/machinery/object.ts'
import { compareQuantities, mustParseQuantity, addQuantities, type Quantity } from '../../../api/machinery/quantity.ts'
import type { Pool, PoolDevice } from './pools.ts'

/** The most devices that one claim may have (upstream's AllocationResultsMaxSize). */
const resultsMax = 32

export interface AllocationSurroundings {
  classOf(name: string): DeviceClass | undefined
  isTaken(id: string): boolean
}

/** One way to satisfy a request: the request itself, or one of its alternatives. */
interface Wish {
  /** `gpu`, or `gpu/small` for an alternative. */
  readonly name: string
  readonly className: string
  readonly all: boolean
  readonly count: number
  readonly adminAccess: boolean
  readonly selectors: readonly DeviceSelector[]
  readonly tolerations: readonly DeviceToleration[]
}

interface Chosen {
  readonly wish: Wish
  readonly found: PoolDevice
}

/** Finds devices for all claims on one node, or says that there are none (undefined). First fit, with steps back where constraints or
 *  alternatives need it. Throws when a claim, a class or a pool makes an answer impossible. Follows upstream's structured allocator; not
 *  modelled: devices that several claims share by capacity, binding conditions. */
export function allocate(claims: readonly ResourceClaim[], pools: readonly Pool[], node: Node, surroundings: AllocationSurroundings): readonly AllocationResult[] | undefined {
  const taken = new Set<string>()
  const search = new Search(pools, surroundings, taken)
  const results: AllocationResult[] = []
  const next = (index: number): boolean => {
    const claim = claims[index]
    if (!claim) return true
    return search.claim(claim, (chosen) => {
      results[index] = resultOf(claim, chosen, node, surroundings)
      return next(index + 1)
    })
  }
  return next(0) ? results : undefined
}

class Search {
  readonly #pools: readonly Pool[]
  readonly #surroundings: AllocationSurroundings
  readonly #taken: Set<string>
  /** What expressions said, by class, selectors and device. */
  readonly #matches = new Map<string, boolean>()

  constructor(pools: readonly Pool[], surroundings: AllocationSurroundings, taken: Set<string>) {
    this.#pools = pools
    this.#surroundings = surroundings
    this.#taken = taken
  }

  claim(claim: ResourceClaim, done: (chosen: readonly Chosen[]) => boolean): boolean {
    const requests = claim.spec.devices?.requests ?? []
    const constraints = claim.spec.devices?.constraints ?? []
    const chosen: Chosen[] = []
    const request = (index: number): boolean => {
      const each = requests[index]
      if (!each) return done(chosen)
      return wishesOf(each).some((wish) => this.#wish(claim, wish, constraints, chosen, () => request(index + 1)))
    }
    return request(0)
  }

  #wish(claim: ResourceClaim, wish: Wish, constraints: readonly DeviceConstraint[], chosen: Chosen[], done: () => boolean): boolean {
    if (wish.all) return this.#wishAll(claim, wish, constraints, chosen, done)
    const one = (left: number): boolean => {
      if (left === 0) return done()
      for (const pool of this.#pools) {
        // What is being changed may not be what it seems.
        if (pool.isIncomplete) continue
        for (const found of pool.devices) {
          if (chosen.length >= resultsMax || !this.#fits(claim, wish, found)) continue
          if (this.#take({ wish, found }, constraints, chosen, () => one(left - 1))) return true
        }
      }
      return false
    }
    return one(wish.count)
  }

  /** All matching devices of the node; one that is taken spoils it. */
  #wishAll(claim: ResourceClaim, wish: Wish, constraints: readonly DeviceConstraint[], chosen: Chosen[], done: () => boolean): boolean {
    const matching: PoolDevice[] = []
    for (const pool of this.#pools) {
      if (pool.isIncomplete) throw new Error(`claim ${keyOf(claim)}, request ${wish.name}: asks for all devices, but resource pool ${pool.driver}/${pool.name} is currently being updated`)
      matching.push(...pool.devices.filter((found) => this.#selected(claim, wish, found)))
    }
    if (matching.length === 0 || chosen.length + matching.length > resultsMax) return false
    const each = (index: number): boolean => {
      const found = matching[index]
      if (!found) return done()
      return this.#isFree(wish, found) && this.#take({ wish, found }, constraints, chosen, () => each(index + 1))
    }
    return each(0)
  }

  #take(pick: Chosen, constraints: readonly DeviceConstraint[], chosen: Chosen[], go: () => boolean): boolean {
    if (!constraints.every((constraint) => holds(constraint, [...chosen, pick]))) return false
    if (!pick.wish.adminAccess && !this.#countersSuffice(pick.found)) return false
    chosen.push(pick)
    if (!pick.wish.adminAccess) this.#taken.add(pick.found.id)
    if (go()) return true
    chosen.pop()
    this.#taken.delete(pick.found.id)
    return false
  }

  #fits(claim: ResourceClaim, wish: Wish, found: PoolDevice): boolean {
    return this.#isFree(wish, found) && this.#selected(claim, wish, found)
  }

  #isFree({ adminAccess, tolerations }: Wish, { id, device }: PoolDevice): boolean {
    if (!adminAccess && (this.#taken.has(id) || this.#surroundings.isTaken(id))) return false
    return (device.taints ?? []).every((taint) => taint.effect === 'None' || tolerations.some((toleration) => tolerates(toleration, taint)))
  }

  #selected(claim: ResourceClaim, wish: Wish, { id, device, pool }: PoolDevice): boolean {
    const key = `${keyOf(claim)} ${wish.name} ${id}`
    let matches = this.#matches.get(key)
    if (matches === undefined) {
      if (pool.isInvalid) throw new Error(`pool ${pool.driver}/${pool.name} is invalid: duplicate device names`)
      const classSelectors = this.#surroundings.classOf(wish.className)?.spec.selectors ?? []
      const holdsFor = (where: string, { cel }: DeviceSelector, index: number): boolean => {
        const answer = deviceMatches(cel?.expression ?? '', pool.driver, device)
        if (typeof answer !== 'boolean') throw new Error(`${where}: selector #${index}: CEL runtime error: ${answer.error}`)
        return answer
      }
      matches = classSelectors.every((selector, index) => holdsFor(`class ${wish.className}`, selector, index)) && wish.selectors.every((selector, index) => holdsFor(`claim ${keyOf(claim)}`, selector, index))
      this.#matches.set(key, matches)
    }
    return matches
  }

  /** Whether what the device draws from its pool's counters is left, after what taken devices of the pool draw. */
  #countersSuffice({ device, pool }: PoolDevice): boolean {
    if (!device.consumesCounters?.length) return true
    const used = new Map<string, Quantity>()
    for (const other of pool.devices) {
      if (!this.#taken.has(other.id) && !this.#surroundings.isTaken(other.id)) continue
      for (const { counterSet, counters } of other.device.consumesCounters ?? []) {
        for (const [name, { value }] of Object.entries(counters)) {
          const key = `${counterSet}/${name}`
          used.set(key, addQuantities(used.get(key) ?? mustParseQuantity('0'), mustParseQuantity(value)))
        }
      }
    }
    const sets = pool.slices.flatMap(({ spec }) => spec.sharedCounters ?? [])
    return device.consumesCounters.every(({ counterSet, counters }) =>
      Object.entries(counters).every(([name, { value }]) => {
        const there = sets.find((set) => set.name === counterSet)?.counters[name]
        if (!there) return false
        const needed = addQuantities(used.get(`${counterSet}/${name}`) ?? mustParseQuantity('0'), mustParseQuantity(value))
        return compareQuantities(needed, mustParseQuantity(there.value)) <= 0
      }),
    )
  }
}

type Request = NonNullable<NonNullable<ResourceClaim['spec']['devices']>['requests']>[number]

/** The ways to satisfy a request, the one wanted most first. */
export function wishesOf({ name, exactly, firstAvailable }: Request): readonly Wish[] {
  const wish = (called: string, { deviceClassName, allocationMode, count, selectors = [], tolerations = [] }: NonNullable<typeof firstAvailable>[number] | NonNullable<typeof exactly>, adminAccess = false): Wish => ({
    name: called,
    className: deviceClassName,
    all: allocationMode === 'All',
    count: count ?? 1,
    adminAccess,
    selectors,
    tolerations,
  })
  if (exactly) return [wish(name, exactly, exactly.adminAccess ?? false)]
  return (firstAvailable ?? []).map((each) => wish(`${name}/${each.name}`, each))
}

function concerns(requests: readonly string[] | undefined, name: string): boolean {
  return !requests?.length || requests.includes(name) || requests.includes(name.split('/')[0]!)
}

/** The attribute of a device by its full name; names without a domain are the driver's. */
function attributeOf({ device, pool }: PoolDevice, name: string): string | undefined {
  const attributes = device.attributes ?? {}
  const [domain, id] = name.split('/') as [string, string | undefined]
  const value = attributes[name] ?? (id !== undefined && domain === pool.driver ? attributes[id] : undefined)
  return value && JSON.stringify(value)
}

function holds({ requests, matchAttribute, distinctAttribute }: DeviceConstraint, chosen: readonly Chosen[]): boolean {
  const attribute = matchAttribute ?? distinctAttribute
  if (attribute === undefined) return true
  const values = chosen.filter(({ wish }) => concerns(requests, wish.name)).map(({ found }) => attributeOf(found, attribute))
  if (values.includes(undefined)) return false
  const different = new Set(values).size
  return matchAttribute !== undefined ? different <= 1 : different === values.length
}

function tolerates(toleration: DeviceToleration, taint: DeviceTaint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '')
}

function resultOf(claim: ResourceClaim, chosen: readonly Chosen[], node: Node, { classOf }: AllocationSurroundings): AllocationResult {
  const results = chosen.map(({ wish, found }): DeviceRequestAllocationResult => ({
    request: wish.name,
    driver: found.pool.driver,
    pool: found.pool.name,
    device: found.device.name,
    ...(wish.adminAccess && { adminAccess: true }),
    ...(wish.tolerations.length > 0 && { tolerations: [...wish.tolerations] }),
  }))
  const config: DeviceAllocationConfiguration[] = []
  const wishes = new Map(chosen.map(({ wish }) => [wish.name, wish]))
  for (const [name, { className }] of wishes) for (const { opaque } of classOf(className)?.spec.config ?? []) config.push({ source: 'FromClass', requests: [name], ...(opaque && { opaque }) })
  for (const { requests, opaque } of claim.spec.devices?.config ?? []) {
    const named = requests?.filter((each) => [...wishes.keys()].some((name) => name === each || name.split('/')[0] === each))
    if (!requests?.length || named?.length) config.push({ source: 'FromClaim', ...(requests && { requests }), ...(opaque && { opaque }) })
  }
  const nodeSelector = selectorOf(chosen, node)
  return { devices: { results, ...(config.length > 0 && { config }) }, ...(nodeSelector && { nodeSelector }) }
}

/** Where the devices can be used: on this node when one belongs to it, else where all their selectors hold. Undefined: everywhere. */
function selectorOf(chosen: readonly Chosen[], node: Node): NodeSelector | undefined {
  const selectors: NodeSelector[] = []
  for (const { found } of chosen) {
    const where = found.slice.spec.perDeviceNodeSelection ? found.device : found.slice.spec
    if (where.nodeName !== undefined) return { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }] }] }
    if (where.nodeSelector) selectors.push(where.nodeSelector)
  }
  if (selectors.length === 0) return undefined
  const terms = selectors.map(({ nodeSelectorTerms }) => nodeSelectorTerms[0]!)
  const unique = <T>(items: readonly T[]): T[] => [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
  const matchExpressions = unique(terms.flatMap((term) => term.matchExpressions ?? []))
  const matchFields = unique(terms.flatMap((term) => term.matchFields ?? []))
  return { nodeSelectorTerms: [{ ...(matchExpressions.length > 0 && { matchExpressions }), ...(matchFields.length > 0 && { matchFields }) }] }
}
