import type { Container, Pod } from '../../generated/types.ts'
import { compareBytes } from '../../machinery/go-text.ts'
import { isQualifiedName } from '../../machinery/names.ts'
import { podLimits, podRequests } from '../../machinery/pod-resources.ts'
import type { ResourceList } from '../../machinery/quantity.ts'
import { parseTime } from '../../machinery/time.ts'
import type { KubeObject } from '../../machinery/object.ts'
import type { QuotaEvaluator } from './evaluator.ts'
import { podMatchesScope } from './scopes.ts'

const computed = ['cpu', 'memory', 'ephemeral-storage']
const resources: ReadonlySet<string> = new Set(['count/pods', 'pods', ...computed, ...computed.map((name) => `requests.${name}`), ...computed.map((name) => `limits.${name}`)])
/** What every container has to say for itself when a quota is about it. */
const required: ReadonlySet<string> = new Set(['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'])
const requestsPrefix = 'requests.'
const hugePages = 'hugepages-'

/** Pods: how many there are, and what those that have not ended ask for. */
export const podEvaluator: QuotaEvaluator = {
  handles: (operation, subresource) => (operation === 'CREATE' && subresource === '') || (operation === 'UPDATE' && subresource === 'resize'),
  matching: (names) => names.filter((name) => resources.has(name) || name.startsWith(hugePages) || name.startsWith(requestsPrefix + hugePages) || isExtendedRequest(name)),
  inScope: (object, scope) => podMatchesScope(object as Pod, scope),
  constraint: podConstraint,
  usage: podUsage,
}

function podConstraint(names: readonly string[], object: KubeObject): string | undefined {
  const { spec } = object as Pod
  const wanted = names.filter((name) => required.has(name))
  const missing = new Map<string, Set<string>>()
  // Pod-level resources speak for all containers.
  const podLevel = amountsOf(spec?.resources?.requests ?? {}, spec?.resources?.limits ?? {})
  for (const container of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    const said = containerAmounts(container)
    for (const name of wanted) {
      if (said[name] !== undefined || podLevel[name] !== undefined) continue
      missing.set(name, (missing.get(name) ?? new Set()).add(container.name))
    }
  }
  if (missing.size === 0) return undefined
  const texts = [...missing.keys()].sort(compareBytes).map((name) => `${name} for: ${[...missing.get(name)!].sort(compareBytes).join(',')}`)
  return `must specify ${texts.join('; ')}`
}

function containerAmounts({ resources: { requests = {}, limits = {} } = {} }: Container): ResourceList {
  return amountsOf(requests, limits)
}

function podUsage(object: KubeObject, now: number): ResourceList {
  const pod = object as Pod
  // Every stored pod counts; what it asks for counts only while it may run.
  const usage: ResourceList = { 'count/pods': '1' }
  if (!isAlive(pod, now)) return usage
  return { ...usage, pods: '1', ...amountsOf(podRequests(pod, { useStatus: true }), podLimits(pod)) }
}

function isAlive({ metadata, status }: Pod, now: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false
  if (metadata.deletionTimestamp === undefined || metadata.deletionGracePeriodSeconds === undefined) return true
  // Its kubelet may be out of reach: it counts no longer than its grace period.
  return now <= (parseTime(metadata.deletionTimestamp) ?? 0) + metadata.deletionGracePeriodSeconds * 1000
}

function amountsOf(requests: Readonly<ResourceList>, limits: Readonly<ResourceList>): ResourceList {
  const amounts: ResourceList = {}
  for (const name of computed) {
    const [request, limit] = [requests[name], limits[name]]
    if (request !== undefined) amounts[name] = amounts[requestsPrefix + name] = request
    if (limit !== undefined) amounts[`limits.${name}`] = limit
  }
  for (const name in requests) {
    const request = requests[name]!
    if (name.startsWith(hugePages)) amounts[name] = amounts[requestsPrefix + name] = request
    if (isExtended(name)) amounts[requestsPrefix + name] = request
  }
  return amounts
}

const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')

function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith(requestsPrefix) && isQualifiedName(requestsPrefix + name).length === 0
}

/** `requests.example.com/gpu`: extended resources cannot be overcommitted, so that only requests of them are limited. */
function isExtendedRequest(name: string): boolean {
  return name.startsWith(requestsPrefix) && !isNative(name)
}
