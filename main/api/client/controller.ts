import type { Process } from '../../kernel/machine.ts'
import type { ApiClient, EventRecorder, Informers } from './contract.ts'
import { WorkQueue, type WorkQueueMetrics, type WorkQueueOptions } from './work-queue.ts'

/** What a controller gets. */
export interface ControllerContext {
  readonly process: Process
  /** Names the controller in its user agent. */
  readonly client: ApiClient
  readonly informers: Informers
  readonly events: EventRecorder
}

/** What to do with the key next. `undefined`: nothing until it is added again. Errors are thrown. */
export type Outcome = { readonly againAfterMs: number } | undefined

export interface ControllerDefinition {
  /** As in `--controllers`: `replicaset-controller`. */
  readonly name: string
  /** The source of its events: `replicaset-controller`, `node-controller`; default: the name. */
  readonly eventSource?: string
  /** What a key names, for spans and logs: `replicaset`. */
  readonly noun: string
  readonly workers?: number
  /** It works as the manager itself, not under an account of its own. */
  readonly actsAsManager?: boolean
  /** After so many failures in a row a key is dropped until it is added again; default: never. */
  readonly retriesMax?: number
  readonly queue?: Omit<WorkQueueOptions, 'name'>
  /** Called once, before informers start: asks for informers, registers handlers that add keys to `queue`, answers what is
   *  done with a key. */
  setUp(context: ControllerContext, queue: WorkQueue): (key: string) => Promise<Outcome>
}

/** What a dashboard shows of a controller. Bounded. */
export interface ControllerView {
  readonly name: string
  readonly noun: string
  readonly workers: number
  readonly running: boolean
  readonly queue: WorkQueueMetrics
  readonly reconciles: number
  readonly failures: number
  /** Newest first. */
  readonly lastReconciles: readonly Reconcile[]
  readonly lastErrors: readonly Reconcile[]
}

export interface Reconcile {
  readonly key: string
  /** Virtual ms since the epoch. */
  readonly at: number
  readonly durationMs: number
  /** The span that shows what it did. */
  readonly span: number
  readonly error?: string
}

const reconcilesKept = 50
const errorsKept = 20

/** Declares a controller. */
export function defineController(definition: ControllerDefinition): ControllerDefinition {
  return definition
}

/** A controller in a process: set up at once, at work from `start`. Its state is exposed under `controller/<name>`. */
export interface RunningController {
  readonly name: string
  readonly queue: WorkQueue
  /** Call when the informers are synced. */
  start(): void
  view(): ControllerView
}

export function runController(definition: ControllerDefinition, context: ControllerContext): RunningController {
  const { process } = context
  const { name, noun } = definition
  const workers = definition.workers ?? 5
  const topic = `controller/${name}`
  const queue = new WorkQueue(process, { ...definition.queue, name })
  const sync = definition.setUp(context, queue)
  const lastReconciles: Reconcile[] = []
  const lastErrors: Reconcile[] = []
  let running = false
  let reconciles = 0
  let failures = 0

  const work = async (key: string): Promise<void> => {
    const span = process.span(`sync ${noun} ${key}`)
    const at = process.clock.now()
    let error: string | undefined
    try {
      const outcome = await sync(key)
      queue.forget(key)
      if (outcome) queue.addAfter(key, outcome.againAfterMs)
    } catch (thrown) {
      if (process.scope.closed) return
      error = thrown instanceof Error ? thrown.message : String(thrown)
      failures++
      if (definition.retriesMax !== undefined && queue.retriesOf(key) >= definition.retriesMax) {
        process.journal.error(`Dropping ${noun} out of the queue`, { [noun]: key, err: error })
        queue.forget(key)
      } else {
        process.journal.error(`Error syncing ${noun}`, { [noun]: key, err: error })
        queue.addRateLimited(key)
      }
    }
    process.endSpan(span, error === undefined ? undefined : { error })
    reconciles++
    const done: Reconcile = { key, at, durationMs: process.clock.now() - at, span: span.id, ...(error === undefined ? {} : { error }) }
    remember(lastReconciles, done, reconcilesKept)
    if (error !== undefined) remember(lastErrors, done, errorsKept)
    process.changed(topic)
  }

  const view = (): ControllerView => ({
    name, noun, workers, running, reconciles, failures,
    queue: queue.metrics(),
    lastReconciles: lastReconciles.toReversed(),
    lastErrors: lastErrors.toReversed(),
  })
  process.expose(topic, view)

  return {
    name,
    queue,
    view,
    start: () => {
      running = true
      queue.run(workers, work)
    },
  }
}

function remember(list: Reconcile[], item: Reconcile, length: number): void {
  list.push(item)
  if (list.length > length) list.shift()
}
