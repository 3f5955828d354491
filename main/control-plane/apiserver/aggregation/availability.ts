/** Keeps the Available condition of APIServices: those of Services are asked for their discovery, whose answer is kept too.
 *  Follows upstream's available_controller: asks again every 30 s, and after 5, 10, 20, 30 s while they fail. */
import type { APIService, EndpointSlice, Service } from '../../../api/generated/types.ts'
import { apiServiceKind, localAvailable } from '../../../api/kinds/apiregistration/api-service.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { statusOf } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { ConnectionLost, HttpTimeout } from '../../../kernel/http.ts'
import type { Timer } from '../../../kernel/kernel.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { OwnObjects } from '../bootstrap/own-objects.ts'
import type { ServiceLookup } from '../outbound/service-address.ts'
import type { Resources } from '../registry/resources.ts'
import type { AggregatedService, AggregatedServices } from './aggregated-services.ts'
import { hostOf } from '../outbound/service-clients.ts'
import { remoteHeaders } from './backends.ts'
import type { Backends } from './backends.ts'
import { failedDiscovery, passed, problemOf, serviceKey, sliceOwner } from './condition.ts'
import type { Judgement } from './condition.ts'
import type { RemoteDiscovery } from './remote-discovery.ts'

export interface AvailabilityParts {
  readonly process: Process
  readonly resources: Resources
  readonly own: OwnObjects
  readonly services: AggregatedServices
  readonly backends: Backends
  readonly lookup: ServiceLookup
  readonly discovery: RemoteDiscovery
}

const checkTimeoutMs = 5_000
const attemptsMax = 5
const resyncMs = 30_000
const firstRetryMs = 5_000

/** What goes on about one APIService. */
interface Watched {
  running: boolean
  /** Something changed while it was being asked. */
  again: boolean
  failures: number
  timer: Timer | undefined
}

export const aggregatorUser = { name: 'system:kube-aggregator', groups: ['system:masters'] }

/** Runs until the process ends. Call it when the server answers. */
export function keepAvailability(parts: AvailabilityParts): void {
  const { process, resources, services } = parts
  const watched = new Map<string, Watched>()
  const wake = (name: string): void => {
    const state = watched.get(name)
    if (!state) return
    if (state.running) {
      state.again = true
      return
    }
    state.timer?.cancel()
    state.timer = process.clock.after(0, () => void run(name, state))
  }
  const run = async (name: string, state: Watched): Promise<void> => {
    state.timer = undefined
    const service = services.named(name)
    if (!service) return
    state.running = true
    state.again = false
    const judgement = await judge(parts, service).catch((error: unknown) => failedDiscovery(textOf(error)))
    await writeCondition(parts, name, judgement).catch((error: unknown) => process.journal.error('Unable to update the status of an APIService', { apiService: name, err: statusOf(error).message }))
    state.running = false
    if (watched.get(name) !== state) return
    if (state.again) return wake(name)
    state.failures = judgement.reason === 'FailedDiscoveryCheck' ? state.failures + 1 : 0
    const delayMs = state.failures === 0 ? resyncMs : Math.min(resyncMs, firstRetryMs * 2 ** (state.failures - 1))
    state.timer = process.clock.afterUncaused(delayMs, () => void run(name, state))
  }
  const specs = new Map<string, string>()
  const follow = (name: string): void => {
    const service = services.named(name)
    if (!service) {
      watched.get(name)?.timer?.cancel()
      watched.delete(name)
      specs.delete(name)
      return
    }
    // The condition that is written here is no news.
    const { available: _available, ...spec } = service
    const text = JSON.stringify(spec)
    if (specs.get(name) === text) return
    specs.set(name, text)
    if (!watched.has(name)) watched.set(name, { running: false, again: false, failures: 0, timer: undefined })
    wake(name)
  }
  const wakeOf = (key: string): void => {
    for (const { name, service } of services.all()) if (`${service.namespace}/${service.name}` === key) wake(name)
  }
  services.onChange(follow)
  for (const { name } of services.all()) follow(name)
  resources.storeOf('', 'services').cache.onChange((event) => {
    if (event && watched.size > 0) wakeOf(serviceKey(event.object as Service))
  })
  resources.ofGroup('discovery.k8s.io', 'endpointslices')?.stored?.cache.onChange((event) => {
    if (event && watched.size > 0) wakeOf(sliceOwner(event.object as EndpointSlice))
  })
  resources.storeOf(apiServiceKind.group, apiServiceKind.plural).cache.onChange((event) => {
    const object = event?.object as APIService | undefined
    if (!object || event!.type === 'DELETED' || object.spec?.service || conditionOf(object.status?.conditions, 'Available')?.reason === 'Local') return
    process.clock.after(0, () => void writeCondition(parts, object.metadata.name, undefined).catch((error: unknown) => process.journal.error('Unable to update the status of an APIService', { apiService: object.metadata.name, err: statusOf(error).message })))
  })
}

/** What the caches and then the server itself say. Keeps the discovery that comes with the answer. */
async function judge({ lookup, backends, discovery }: AvailabilityParts, service: AggregatedService): Promise<Judgement> {
  const problem = problemOf(service, lookup)
  if (problem) {
    discovery.failed(service)
    return problem
  }
  let last = ''
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const outcome = await ask(backends, service)
    if ('document' in outcome) {
      discovery.take(service, outcome.document)
      await discovery.takeOpenApi(service, (path) => fetchJson(backends, service, path))
      return passed
    }
    last = outcome.problem
  }
  discovery.failed(service)
  return failedDiscovery(last)
}

async function ask(backends: Backends, service: AggregatedService): Promise<{ readonly document: unknown } | { readonly problem: string }> {
  let url = ''
  try {
    const address = backends.addressOf(service)
    const path = `/apis/${service.group}/${service.version}`
    url = `https://${hostOf(address)}${path}`
    const headers = { ...remoteHeaders(aggregatorUser), accept: 'application/json', host: hostOf(address), 'user-agent': 'kube-apiserver/v1.36.1 (linux/amd64) kubernetes' }
    const { response } = await backends.stream(service, address, { method: 'GET', path, headers }, checkTimeoutMs)
    if (response.status < 200 || response.status >= 300) return { problem: `failing or missing response from ${url}: bad status from ${url}: ${response.status}` }
    return { document: jsonOf(response.body) }
  } catch (error) {
    if (url === '') return { problem: textOf(error) }
    return { problem: `failing or missing response from ${url}: Get ${JSON.stringify(url)}: ${textOf(error)}` }
  }
}

/** A document of the service's server; undefined when it has none. */
export async function fetchJson(backends: Backends, service: AggregatedService, path: string): Promise<unknown> {
  try {
    const address = backends.addressOf(service)
    const { response } = await backends.stream(service, address, { method: 'GET', path, headers: { ...remoteHeaders(aggregatorUser), accept: 'application/json', host: hostOf(address) } }, checkTimeoutMs)
    return response.status === 200 ? jsonOf(response.body) : undefined
  } catch (error) {
    if (error instanceof HttpTimeout || error instanceof ConnectionLost || error instanceof Error) return undefined
    throw error
  }
}

function jsonOf(body: Uint8Array | object | undefined): unknown {
  if (!(body instanceof Uint8Array)) return body
  try {
    return JSON.parse(new TextDecoder().decode(body)) as unknown
  } catch {
    return undefined
  }
}

function textOf(error: unknown): string {
  if (error instanceof HttpTimeout) return 'context deadline exceeded'
  return error instanceof Error ? error.message : String(error)
}

/** Writes the condition unless it says so already; undefined: the server answers for it itself. */
async function writeCondition({ process, own }: AvailabilityParts, name: string, judgement: Judgement | undefined): Promise<void> {
  const now = formatTime(process.clock.now())
  const changed = (current: APIService): APIService['status'] | undefined => {
    if ((judgement === undefined) !== (current.spec?.service === undefined)) return undefined
    const conditions = current.status?.conditions ?? []
    const known = conditionOf(conditions, 'Available')
    const wanted = judgement ?? localAvailable(now)
    if (known && known.status === wanted.status && known.reason === wanted.reason && known.message === wanted.message) return undefined
    const condition = { ...wanted, type: 'Available', lastTransitionTime: known?.status === wanted.status ? (known.lastTransitionTime ?? now) : now }
    return { ...current.status, conditions: [...conditions.filter(({ type }) => type !== 'Available'), condition] }
  }
  const current = own.get(apiServiceKind as never, '', name) as APIService | undefined
  if (current && changed(current)) await own.updateStatus(apiServiceKind, name, changed)
}
