import { runController, type ControllerDefinition, type RunningController } from '../../../api/client/controller.ts'
import { eventRecorder } from '../../../api/client/event-recorder.ts'
import { InformerSet } from '../../../api/client/informer.ts'
import type { ApiClient, WatchHandle } from '../../../api/client/contract.ts'
import { FakeApi, faultKinds, faultOf, type FakeRequest, type FaultKind } from '../../../api/client/testing/fake-api.ts'
import { testBench, testProcess, type TestBench } from '../../../api/client/testing/test-process.ts'
import type { Node, Pod } from '../../../api/generated/types.ts'
import { eventKind } from '../../../api/kinds/core/event.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import { controllerOf, keyOf } from '../../../api/machinery/object.ts'
import { expired, invalid, tooManyRequests } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import { pinnedNode } from '../framework/node-pin.ts'

/** What may go wrong at a write: it fails in one of the ways of the fake, it is turned away with 429, the controllers' process dies before or
 *  after it and is started again a second later, or another manager takes over while the write is still under way and comes true after all. */
export type WriteFault = FaultKind | 'too-many-requests' | 'crash-before' | 'crash-after' | 'takeover'
/** What may go wrong all the time: events come late or twice, or watches end now and then with 410 and everything is listed anew. */
export type EventFault = 'events-late' | 'events-twice' | 'watches-expire'
export type BenchFault = WriteFault | EventFault
const eventFaults: readonly EventFault[] = ['events-late', 'events-twice', 'watches-expire']
export const benchFaults: readonly BenchFault[] = [...faultKinds, 'too-many-requests', 'crash-before', 'crash-after', 'takeover', ...eventFaults]

/** `process` is the world's: the fake API and whoever plays nodes live in it; controllers have one of their own. */
export interface ControllerBench extends TestBench {
  readonly api: FakeApi
  /** Of the process that runs now. */
  readonly controllers: readonly RunningController[]
  /** `Normal ScalingReplicaSet Deployment/web: Scaled up …`, oldest first, counted ones with `(x3)`. */
  events(): string[]
  /** Runs until every queue is idle and nothing was written for a while (at most `limitMs` of virtual time). */
  settle(limitMs?: number): Promise<void>
}

export interface BenchOptions {
  readonly seed?: number
  /** Called before the controllers start, to put objects in. */
  readonly before?: (api: FakeApi) => void
  /** Makes one request of the controllers fail: the k-th write from 1, events left out. Event faults hold throughout, whatever `write` says. */
  readonly fault?: { readonly kind: BenchFault; readonly write: number }
}

/** Controllers over the fake API, each with its own event recorder, informers shared and synced. */
export async function controllerBench(definitions: readonly ControllerDefinition[], options: BenchOptions = {}): Promise<ControllerBench> {
  const bench = testBench(options.seed ?? 1, 'world')
  const { kernel, process, machine } = bench
  const api = new FakeApi(process)
  options.before?.(api)
  let controllers: RunningController[] = []

  let managers = 0
  const { fault } = options
  const start = async (): Promise<void> => {
    const manager = testProcess(machine, managers++ === 0 ? managerName : `${managerName}-${managers}`)
    const client = clientOf(manager, api, fault?.kind === 'takeover' ? takeOver : undefined, isEventFault(fault?.kind) ? fault.kind : undefined)
    const informers = new InformerSet(manager, client)
    const made = definitions.map((definition) =>
      runController(definition, { process: manager, client, informers, events: eventRecorder(manager, client, definition.eventSource ?? definition.name) }))
    informers.start()
    await informers.whenSynced()
    if (manager.scope.closed) return
    controllers = made
    for (const controller of made) controller.start()
  }

  const writes = { count: 0, asked: 0 }
  // Asked before a write leaves: cuts the manager off when its turn has come, and lets the write arrive when another one already works.
  const takeOver = (manager: Process, send: () => Promise<unknown>): boolean => {
    if (++writes.asked !== fault?.write) return false
    process.clock.after(2000, () => void start())
    process.clock.after(4000, () => void send().catch(() => {}))
    manager.machine.process(manager.name)!.crash()
    return true
  }
  api.fault = (request: FakeRequest) => {
    if (!request.write || request.verb === 'watch' || request.resource === 'events') return undefined
    writes.count++
    const refused = secondController(api, request)
    if (refused) return { before: refused }
    if (!fault || fault.kind === 'takeover' || isEventFault(fault.kind) || writes.count !== fault.write) return undefined
    if (fault.kind === 'too-many-requests') return { before: tooManyRequests('The server has received too many requests and has asked us to try again later', 1) }
    if (fault.kind !== 'crash-before' && fault.kind !== 'crash-after') return faultOf(fault.kind, request)
    machine.process(managers === 1 ? managerName : `${managerName}-${managers}`)!.crash()
    process.clock.after(1000, () => void start())
    const error = new Error('nobody hears this')
    return fault.kind === 'crash-before' ? { before: error } : { after: error }
  }
  await kernel.settle(start())
  return {
    ...bench,
    api,
    get controllers() {
      return controllers
    },
    events: () => api.stored(eventKind).map((event) => `${event.type} ${event.reason} ${event.involvedObject.kind}/${event.involvedObject.name}: ${event.message}${(event.count ?? 1) > 1 ? ` (x${event.count})` : ''}`),
    settle: async (limitMs = 120_000) => {
      const deadline = kernel.now() + limitMs
      for (let quiet = 0, seen = -1; quiet < 20; ) {
        if (kernel.now() > deadline) throw new Error(`controllers did not settle within ${limitMs} ms: ${JSON.stringify(controllers.map((each) => each.queue.metrics()))}`)
        await kernel.runFor(500)
        const busy = controllers.some((each) => each.queue.metrics().processing > 0 || each.queue.length > 0) || api.revision !== seen
        seen = api.revision
        quiet = busy ? 0 : quiet + 1
      }
    },
  }
}

const managerName = 'kube-controller-manager'

function isEventFault(kind: BenchFault | undefined): kind is EventFault {
  return eventFaults.includes(kind as EventFault)
}

const writing: ReadonlySet<keyof ApiClient> = new Set<keyof ApiClient>(['create', 'update', 'patch', 'delete', 'deleteCollection', 'createSubresource'])

/** As the API's validation, which the fake leaves out: of two that would adopt the same pod at once the second is refused. */
function secondController(api: FakeApi, { verb, resource, namespace, name, body }: FakeRequest): Error | undefined {
  if (verb !== 'patch' || resource !== 'pods' || name === undefined) return undefined
  const controller = (body as Partial<Pod>).metadata?.ownerReferences?.find((each) => each.controller)
  const pod = controller && api.peek<Pod>(podKind, namespace, name)
  const present = pod && controllerOf(pod)
  if (!present || present.uid === controller.uid) return undefined
  return invalid({ group: '', kind: 'Pod' }, name, [fieldInvalid('metadata.ownerReferences', null, `Only one reference can have Controller set to true. Found "true" in references for ${present.kind}/${present.name} and ${controller.kind}/${controller.name}`)])
}

/** The client of a process that may die: from then on it does nothing and answers nothing. `takeOver` is asked before each write and answers
 *  whether the process has just been cut off. */
function clientOf(process: Process, api: FakeApi, takeOver: ((process: Process, send: () => Promise<unknown>) => boolean) | undefined, events: EventFault | undefined): ApiClient {
  const { scope } = process
  const isWrite = (name: keyof ApiClient, given: unknown[]): boolean => (name === 'raw' ? given[0] !== 'GET' : writing.has(name) && (given[0] as Kind).plural !== 'events')
  return new Proxy<ApiClient>(api, {
    get(_, name: keyof ApiClient) {
      const method = api[name] as (...given: unknown[]) => unknown
      return (...given: unknown[]): unknown => {
        if (scope.closed) return new Promise(() => {})
        if (takeOver && isWrite(name, given) && takeOver(process, () => method.apply(api, given) as Promise<unknown>)) return new Promise(() => {})
        const alive = given.map((each) => (name === 'watch' && typeof each === 'function' ? (...heard: unknown[]) => void (scope.closed || (each as (...heard: unknown[]) => void)(...heard)) : each))
        const result = name === 'watch' ? watchDisturbed(process, api, alive as Parameters<ApiClient['watch']>, events) : method.apply(api, alive)
        if (!(result instanceof Promise)) return result
        return new Promise((resolve, reject) => {
          result.then((value) => void (scope.closed || resolve(value)), (error: Error) => void (scope.closed || reject(error)))
        })
      }
    },
  })
}

const lateMs = 1_500
/** Ages of a process at which its watches end; then rarely, for the informers' own pauses grow until all was well for two minutes. */
const watchesEndAtMs = [1_000, 8_000]
const watchesEndEveryMs = 300_000

function watchDisturbed(process: Process, api: FakeApi, [kind, options, onEvents, onEnd]: Parameters<ApiClient['watch']>, fault: EventFault | undefined): WatchHandle {
  if (fault === 'events-twice') {
    return api.watch(kind, options, (events) => {
      onEvents(events)
      onEvents(events)
    }, onEnd)
  }
  if (fault === 'events-late') {
    let cancelled = false
    const handle = api.watch(kind, options, (events) => void process.clock.after(lateMs, () => cancelled || onEvents(events)), (error) => void process.clock.after(lateMs, () => cancelled || onEnd(error)))
    return {
      cancel: () => {
        cancelled = true
        handle.cancel()
      },
    }
  }
  if (fault === undefined) return api.watch(kind, options, onEvents, onEnd)
  let over = false
  const end = (error?: Error): void => {
    if (!over) onEnd(error)
    over = true
  }
  const handle = api.watch(kind, options, onEvents, end)
  const ageMs = process.clock.now() - process.startedAt
  const endsAtMs = watchesEndAtMs.find((each) => each > ageMs) ?? (Math.floor(ageMs / watchesEndEveryMs) + 1) * watchesEndEveryMs
  const timer = process.clock.after(endsAtMs - ageMs, () => {
    handle.cancel()
    end(expired('too old resource version'))
  })
  return {
    cancel: () => {
      over = true
      timer.cancel()
      handle.cancel()
    },
  }
}

/** Plays scheduler and kubelet in one: binds pods to nodes in turn (or where they are pinned), makes them ready `startMs` later and lets them go `stopMs`
 *  after they are deleted. `ready` says which pods ever become so. */
export function playNodes(bench: Pick<TestBench, 'process'> & { readonly api: FakeApi }, options: { readonly startMs?: number; readonly stopMs?: number; readonly nodes?: readonly string[]; readonly ready?: (pod: Pod) => boolean } = {}): void {
  const { process, api } = bench
  const { startMs = 1000, stopMs = 1000, nodes = ['worker-1', 'worker-2', 'worker-3'], ready = () => true } = options
  const known = new Set<string>()
  let turn = 0
  const start = (pod: Pod): void => {
    const { namespace, name, uid } = pod.metadata
    if (!pod.spec?.nodeName) api.mutate(podKind, namespace, name, (copy) => void (copy.spec!.nodeName = pinnedNode(pod.spec) ?? nodes[turn++ % nodes.length]!))
    process.clock.after(startMs, () => {
      const current = api.peek(podKind, namespace, name)
      if (current?.metadata.uid !== uid || current?.metadata.deletionTimestamp || !ready(pod)) return
      api.mutate(podKind, namespace, name, (copy) => void (copy.status = readyStatus(process.clock.now(), `10.244.0.${known.size + 2}`)))
    })
  }
  api.watch(podKind, { resourceVersion: '0' }, (events) => {
    for (const { type, object: pod } of events) {
      const { namespace, name, uid } = pod.metadata
      if (type === 'DELETED' || type === 'BOOKMARK') continue
      if (!known.has(uid!)) {
        known.add(uid!)
        start(pod)
      }
      if (pod.metadata.deletionTimestamp && !known.has(`${uid}/stopping`)) {
        known.add(`${uid}/stopping`)
        process.clock.after(stopMs, () => {
          if (api.peek(podKind, namespace, name)?.metadata.uid === uid) api.remove(podKind, namespace, name, { gracePeriodSeconds: 0 })
        })
      }
    }
  }, () => {})
}

export function readyStatus(now: number, podIP = '10.244.0.2'): NonNullable<Pod['status']> {
  const time = formatTime(now)
  return {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: time,
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }, { type: 'PodScheduled', status: 'True', lastTransitionTime: time }],
  }
}

/** A node that a kubelet has registered. */
export function testNode(name: string, more: { readonly labels?: Record<string, string>; readonly taints?: NonNullable<Node['spec']>['taints']; readonly ready?: boolean; readonly now?: number } = {}): Node {
  const time = formatTime(more.now ?? 1_767_225_600_000)
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...more.labels } },
    spec: more.taints ? { taints: more.taints } : {},
    status: { conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True', lastHeartbeatTime: time, lastTransitionTime: time, reason: 'KubeletReady', message: 'kubelet is posting ready status' }], addresses: [{ type: 'InternalIP', address: '192.168.64.11' }] },
  }
}

/** Puts a node in with its status, as a kubelet would have. */
export function seedNode(api: FakeApi, node: Node): void {
  api.seed(nodeKind, node)
  api.mutate(nodeKind, undefined, node.metadata.name, (copy) => void (copy.status = node.status!))
}

/** Runs `scenario` with a fault at its first write, its second, and so on until the scenario makes no such write any more, and
 *  checks each run. Answers how many faults were tried. */
export async function atEveryWrite(kinds: readonly BenchFault[], scenario: (fault: BenchOptions['fault']) => Promise<{ writes: number; check: () => void }>): Promise<number> {
  let tried = 0
  const { writes, check } = await scenario(undefined)
  check()
  for (const kind of kinds) {
    for (let write = 1; write <= (isEventFault(kind) ? 1 : writes); write++) {
      const run = await scenario({ kind, write })
      try {
        run.check()
      } catch (error) {
        throw new Error(`after ${kind} at write ${write}: ${error instanceof Error ? error.message : String(error)}`)
      }
      tried++
    }
  }
  return tried
}

/** `name phase` of what is stored, for short comparisons. */
export function namesOf(objects: readonly { metadata: { name: string; namespace?: string } }[]): string[] {
  return objects.map(keyOf)
}
