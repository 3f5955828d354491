import type { Kernel } from '../../kernel/kernel.ts'
import type { Machine, RunningProcess } from '../../kernel/machine.ts'
import type { Network } from '../../kernel/network.ts'
import { BridgeError } from '../../../preload/contract/bridge.ts'
import type { JournalLine, MachineryView, SpanView, TopicSnapshot, TraceSummary } from '../../../preload/contract/observe.ts'
import { Coalescer } from './coalesce.ts'
import { MessageFeed } from './message-feed.ts'
import { TraceFeed } from './trace-feed.ts'
import { WriteLog } from './write-log.ts'

/** Looks at a running cluster for the windows, without touching it: everything here reads, nothing schedules an event.
 *  Views are made only while somebody looks, and at most a few times a second of wall time. */
export class Observer {
  readonly messages: MessageFeed
  readonly traces: TraceFeed
  readonly writes: WriteLog
  readonly #machines: ReadonlyMap<string, Machine>
  readonly #network: Network
  readonly #kernel: Kernel
  readonly #machineryListeners = new Set<() => void>()
  readonly #topicListeners = new Map<string, Set<() => void>>()
  readonly #endListeners = new Map<string, Set<() => void>>()
  readonly #stops: (() => void)[] = []

  constructor(kernel: Kernel, network: Network, machines: ReadonlyMap<string, Machine>) {
    this.#kernel = kernel
    this.#network = network
    this.#machines = machines
    this.messages = new MessageFeed(kernel, network)
    this.traces = new TraceFeed(kernel.trace)
    this.writes = new WriteLog(kernel.trace)
    for (const machine of machines.values()) this.watchMachine(machine)
  }

  watchMachine(machine: Machine): void {
    this.#stops.push(
      machine.onEvent((event) => {
        if (event.type === 'changed') {
          for (const poke of this.#topicListeners.get(`${event.process.id}/${event.topic}`) ?? []) poke()
          return
        }
        if (event.type === 'process-ended') for (const end of [...(this.#endListeners.get(event.process.id) ?? [])]) end()
        this.machineryChanged()
      }),
    )
  }

  /** Power, partitions, processes: tells whoever looks. */
  machineryChanged(): void {
    for (const poke of this.#machineryListeners) poke()
  }

  machinery(): MachineryView {
    return {
      machines: [...this.#machines.values()].map((machine) => ({
        name: machine.name,
        address: machine.stack.address,
        poweredOn: machine.poweredOn,
        processes: machine.processes().map((process) => ({ id: process.id, name: process.name, startedAt: process.startedAt, topics: process.topics() })),
      })),
      partitions: this.#network.partitions(),
    }
  }

  listenMachinery(emit: (view: MachineryView) => void): () => void {
    const coalescer = new Coalescer(200, () => emit(this.machinery()))
    this.#machineryListeners.add(coalescer.poke)
    emit(this.machinery())
    return () => {
      coalescer.stop()
      this.#machineryListeners.delete(coalescer.poke)
    }
  }

  listenTopic(processId: string, topic: string, emit: (snapshot: TopicSnapshot) => void, end: (error?: unknown) => void): () => void {
    const process = this.#process(processId)
    if (!process.topics().includes(topic)) throw new BridgeError({ code: 'not-found', message: `${processId} shows no ${topic}; it shows ${process.topics().join(', ') || 'nothing'}` })
    const send = (): void => emit({ time: this.#kernel.now(), value: process.view(topic) ?? null })
    const coalescer = new Coalescer(250, send)
    const forgetTopic = add(this.#topicListeners, `${processId}/${topic}`, coalescer.poke)
    const forgetEnd = add(this.#endListeners, processId, () => end())
    send()
    return () => {
      coalescer.stop()
      forgetTopic()
      forgetEnd()
    }
  }

  listenJournal(processId: string, tail: number, emit: (lines: readonly JournalLine[]) => void, end: (error?: unknown) => void): () => void {
    const process = this.#process(processId)
    let waiting: JournalLine[] = tail > 0 ? process.journal.lines().slice(-tail) : []
    const flush = (): void => {
      const lines = waiting
      waiting = []
      if (lines.length > 0) emit(lines)
    }
    const coalescer = new Coalescer(100, flush)
    const forgetLine = process.journal.onLine((line) => {
      waiting.push(line)
      if (waiting.length > 2_000) waiting = waiting.slice(-1_000)
      coalescer.poke()
    })
    const forgetEnd = add(this.#endListeners, processId, () => {
      flush()
      end()
    })
    flush()
    return () => {
      coalescer.stop()
      forgetLine()
      forgetEnd()
    }
  }

  listenTraces(limit: number, userOnly: boolean, emit: (traces: readonly TraceSummary[]) => void): () => void {
    return this.traces.listenRoots(limit, userOnly, emit)
  }

  listenTrace(rootId: number, emit: (spans: readonly SpanView[]) => void): () => void {
    return this.traces.listenTree(rootId, emit)
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.messages.close()
    this.traces.close()
    this.writes.close()
  }

  #process(id: string): RunningProcess {
    const at = id.lastIndexOf('@')
    const process = this.#machines.get(id.slice(at + 1))?.process(id.slice(0, at))
    if (!process) throw new BridgeError({ code: 'not-found', message: `no process ${id} is running` })
    return process
  }
}

function add(map: Map<string, Set<() => void>>, key: string, listener: () => void): () => void {
  const set = map.get(key) ?? new Set()
  map.set(key, set.add(listener))
  return () => {
    set.delete(listener)
    if (set.size === 0) map.delete(key)
  }
}
