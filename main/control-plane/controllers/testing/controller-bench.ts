import { runController, type ControllerDefinition, type RunningController } from '../../../api/client/controller.ts'
import { eventRecorder } from '../../../api/client/event-recorder.ts'
import { InformerSet } from '../../../api/client/informer.ts'
import type { ApiClient } from '../../../api/client/contract.ts'
import { FakeApi, faultKinds, faultOf, type FakeRequest, type FaultKind } from '../../../api/client/testing/fake-api.ts'
import { testBench, testProcess, type TestBench } from '../../../api/client/testing/test-process.ts'
import type { Node, Pod } from '../../../api/generated/types.ts'
import { eventKind } from '../../../api/kinds/core/event.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { keyOf } from '../../../api/machinery/object.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import { pinnedNode } from '../framework/node-pin.ts'

/** What may go wrong at a write: it fails in one of the ways of the fake, or the controllers' process dies before or after it
 *  and is started again a second later. */
export type BenchFault = FaultKind | 'crash-before' | 'crash-after'
export const benchFaults: readonly BenchFault[] = [...faultKinds, 'crash-before', 'crash-after']

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
  /** Makes one request of the controllers fail: the k-th write from 1, events left out. */
  readonly fault?: { readonly kind: BenchFault; readonly write: number }
}

/** Controllers over the fake API, each with its own event recorder, informers shared and synced. */
export async function controllerBench(definitions: readonly ControllerDefinition[], options: BenchOptions = {}): Promise<ControllerBench> {
  const bench = testBench(options.seed ?? 1, 'world')
  const { kernel, process, machine } = bench
  const api = new FakeApi(process)
  options.before?.(api)
  let controllers: RunningController[] = []

  const start = async (): Promise<void> => {
    const manager = testProcess(machine, managerName)
    const client = untilDeath(manager, api)
    const informers = new InformerSet(manager, client)
    const made = definitions.map((definition) =>
      runController(definition, { process: manager, client, informers, events: eventRecorder(manager, client, definition.eventSource ?? definition.name) }))
    informers.start()
    await informers.whenSynced()
    controllers = made
    for (const controller of made) controller.start()
  }

  const writes = { count: 0 }
  const { fault } = options
  api.fault = (request: FakeRequest) => {
    if (!request.write || request.verb === 'watch' || request.resource === 'events') return undefined
    writes.count++
    if (!fault || writes.count !== fault.write) return undefined
    if (fault.kind !== 'crash-before' && fault.kind !== 'crash-after') return faultOf(fault.kind, request)
    machine.process(managerName)!.crash()
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

/** The client of a process that may die: from then on it does nothing and answers nothing. */
function untilDeath(process: Process, api: FakeApi): ApiClient {
  const { scope } = process
  return new Proxy<ApiClient>(api, {
    get(_, name: keyof ApiClient) {
      const method = api[name] as (...given: unknown[]) => unknown
      return (...given: unknown[]): unknown => {
        if (scope.closed) return new Promise(() => {})
        const alive = given.map((each) => (name === 'watch' && typeof each === 'function' ? (...heard: unknown[]) => void (scope.closed || (each as (...heard: unknown[]) => void)(...heard)) : each))
        const result = method.apply(api, alive)
        if (!(result instanceof Promise)) return result
        return new Promise((resolve, reject) => {
          result.then((value) => void (scope.closed || resolve(value)), (error: Error) => void (scope.closed || reject(error)))
        })
      }
    },
  })
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
    for (let write = 1; write <= writes; write++) {
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
