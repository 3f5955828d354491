import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../../api/generated/types.ts'
import { aggregateText, compareBytes } from '../../../api/machinery/go-text.ts'
import { podLimits, podRequests } from '../../../api/machinery/pod-resources.ts'
import { formatQuantity, milliValueOf, mustParseQuantity, valueOf } from '../../../api/machinery/quantity.ts'
import type { Quantity, ResourceList } from '../../../api/machinery/quantity.ts'
import { isAbout, refused } from './admission.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'

const annotation = 'kubernetes.io/limit-ranger'

/** Gives containers the default requests and limits of their namespace's LimitRanges, and refuses what lies outside their bounds.
 *  Follows upstream's LimitRanger. */
export function limitRanger(rangesOf: (namespace: string) => readonly LimitRange[]): AdmissionPlugin {
  const isResize = (attributes: AdmissionAttributes): boolean => isAbout(attributes, '', 'pods', 'resize') && attributes.operation === 'UPDATE'
  return {
    name: 'LimitRanger',
    handles(attributes) {
      const { operation, oldObject } = attributes
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false
      if (oldObject?.metadata.deletionTimestamp) return false
      // A pod's containers do not change, but by resizing.
      return isResize(attributes) || (isAbout(attributes, '', 'pods') && operation === 'CREATE') || isAbout(attributes, '', 'persistentvolumeclaims')
    },
    admit(attributes) {
      if (attributes.kind.plural !== 'pods' || isResize(attributes)) return
      for (const range of rangesOf(attributes.namespace)) applyDefaults(attributes.object as Pod, range)
    },
    validate(attributes) {
      for (const { spec } of rangesOf(attributes.namespace)) {
        const items = spec?.limits ?? []
        const problems = attributes.kind.plural === 'pods' ? podProblems(attributes.object as Pod, items) : claimProblems(attributes.object as PersistentVolumeClaim, items)
        if (problems.length > 0) throw refused(attributes, aggregateText(problems))
      }
    },
  }
}

function applyDefaults(pod: Pod, { spec }: LimitRange): void {
  const limits: ResourceList = {}
  const requests: ResourceList = {}
  for (const item of spec?.limits ?? []) {
    if (item.type !== 'Container') continue
    Object.assign(limits, item.default)
    Object.assign(requests, item.defaultRequest)
  }
  const notes: string[] = []
  const apply = (container: Container, what: string): void => {
    const own = (container.resources ??= {})
    const missing = (defaults: ResourceList, given: ResourceList | undefined): string[] => Object.keys(defaults).filter((name) => given?.[name] === undefined).sort(compareBytes)
    const [newLimits, newRequests] = [missing(limits, own.limits), missing(requests, own.requests)]
    for (const name of newLimits) own.limits = { ...own.limits, [name]: limits[name]! }
    for (const name of newRequests) own.requests = { ...own.requests, [name]: requests[name]! }
    if (newRequests.length > 0) notes.push(`${newRequests.join(', ')} request for ${what} ${container.name}`)
    if (newLimits.length > 0) notes.push(`${newLimits.join(', ')} limit for ${what} ${container.name}`)
  }
  for (const container of pod.spec?.containers ?? []) apply(container, 'container')
  for (const container of pod.spec?.initContainers ?? []) apply(container, 'init container')
  if (notes.length > 0) pod.metadata.annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${notes.join('; ')}` }
}

function podProblems(pod: Pod, items: readonly LimitRangeItem[]): string[] {
  return items.flatMap((item) => {
    if (item.type === 'Pod') return boundProblems(item, podRequests(pod), podLimits(pod))
    if (item.type !== 'Container') return []
    return [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].flatMap(({ resources }) => boundProblems(item, resources?.requests ?? {}, resources?.limits ?? {}))
  })
}

function claimProblems({ spec }: PersistentVolumeClaim, items: readonly LimitRangeItem[]): string[] {
  const requests = spec?.resources?.requests ?? {}
  return items.flatMap((item) => {
    if (item.type !== 'PersistentVolumeClaim') return []
    const tooMuch = sortedEntries(item.max).flatMap(([name, bound]): string[] => {
      const text = `maximum ${name} usage per ${item.type} is ${textOf(bound)}`
      if (requests[name] === undefined) return [`${text}.  No request is specified`]
      return isLess(bound, requests[name]) ? [`${text}, but request is ${textOf(requests[name])}`] : []
    })
    return [...minimumProblems(item, requests, {}), ...tooMuch]
  })
}

function boundProblems(item: LimitRangeItem, requests: ResourceList, limits: ResourceList): string[] {
  const tooMuch = sortedEntries(item.max).flatMap(([name, bound]): string[] => {
    const text = `maximum ${name} usage per ${item.type} is ${textOf(bound)}`
    const [request, limit] = [requests[name], limits[name]]
    if (limit === undefined) return [`${text}.  No limit is specified`]
    if (isLess(bound, limit)) return [`${text}, but limit is ${textOf(limit)}`]
    return request !== undefined && isLess(bound, request) ? [`${text}, but request is ${textOf(request)}`] : []
  })
  const tooFar = sortedEntries(item.maxLimitRequestRatio).flatMap(([name, bound]) => ratioProblem(item.type, name, bound, requests[name], limits[name]) ?? [])
  return [...minimumProblems(item, requests, limits), ...tooMuch, ...tooFar]
}

function minimumProblems(item: LimitRangeItem, requests: ResourceList, limits: ResourceList): string[] {
  return sortedEntries(item.min).flatMap(([name, bound]): string[] => {
    const text = `minimum ${name} usage per ${item.type} is ${textOf(bound)}`
    const [request, limit] = [requests[name], limits[name]]
    if (request === undefined) return [`${text}.  No request is specified`]
    if (isLess(request, bound)) return [`${text}, but request is ${textOf(request)}`]
    return limit !== undefined && isLess(limit, bound) ? [`${text}, but limit is ${textOf(limit)}`] : []
  })
}

function ratioProblem(type: string, name: string, bound: string, request: string | undefined, limit: string | undefined): string | undefined {
  const text = `${name} max limit to request ratio per ${type} is ${textOf(bound)}`
  if (request === undefined || mustParseQuantity(request).nano === 0n) return `${text}, but no request is specified or request is 0`
  if (limit === undefined || mustParseQuantity(limit).nano === 0n) return `${text}, but no limit is specified or limit is 0`
  // In thousandths unless the numbers are too large for that.
  const inMillis = [request, limit, bound].every((amount) => valueOf(mustParseQuantity(amount)) <= milliValueMax)
  const amount = (quantity: Quantity): number => (inMillis ? milliValueOf(quantity) : valueOf(quantity))
  const ratio = amount(mustParseQuantity(limit)) / amount(mustParseQuantity(request))
  const allowed = mustParseQuantity(bound)
  const isTooFar = valueOf(allowed) <= milliValueMax ? ratio * 1000 > milliValueOf(allowed) : ratio > valueOf(allowed)
  return isTooFar ? `${text}, but provided ratio is ${ratio.toFixed(6)}` : undefined
}

/** The largest value whose thousandths fit into 64 bits. */
const milliValueMax = Number((2n ** 63n - 1n) / 1000n)

function isLess(a: string, b: string): boolean {
  return mustParseQuantity(a).nano < mustParseQuantity(b).nano
}

function textOf(amount: string): string {
  return formatQuantity(mustParseQuantity(amount))
}

function sortedEntries(amounts: Readonly<ResourceList> | undefined): [string, string][] {
  return Object.entries(amounts ?? {}).sort(([a], [b]) => compareBytes(a, b))
}
