import type { Span, Trace } from '../../kernel/trace.ts'
import { BridgeError } from '../../../preload/contract/bridge.ts'
import type { SpanView, TraceSummary } from '../../../preload/contract/observe.ts'
import { Coalescer } from './coalesce.ts'

const treesMax = 400
const spansPerTreeMax = 2_000

interface Tree {
  readonly root: Span
  readonly spans: Span[]
  lastAt: number
  count: number
}

/** Groups spans by what set them off, as they happen: adding a span costs a look-up, not a walk. */
export class TraceFeed {
  readonly #trees = new Map<number, Tree>()
  /** Those that nobody asked for, oldest first. */
  readonly #unasked = new Set<Tree>()
  readonly #treeOf = new Map<number, Tree>()
  readonly #pokes = new Set<(tree: Tree) => void>()
  readonly #stop: () => void

  constructor(trace: Trace) {
    this.#stop = trace.onSpan((span) => this.#note(span))
  }

  rootOf(spanId: number): number {
    const tree = this.#treeOf.get(spanId)
    if (!tree) throw new BridgeError({ code: 'not-found', message: `span ${spanId} was forgotten` })
    return tree.root.id
  }

  listenRoots(limit: number, userOnly: boolean, emit: (traces: readonly TraceSummary[]) => void): () => void {
    const collect = (): TraceSummary[] => {
      const summaries: TraceSummary[] = []
      for (const tree of [...this.#trees.values()].reverse()) {
        if (summaries.length >= limit) break
        const user = tree.root.attributes.user === true
        if ((userOnly && !user) || tree.root.attributes.heartbeat === true) continue
        summaries.push({ root: viewOf(tree.root), spanCount: tree.count, lastAt: tree.lastAt, user })
      }
      return summaries
    }
    const coalescer = new Coalescer(500, () => emit(collect()))
    const poke = (tree: Tree): void => {
      if (!userOnly || tree.root.attributes.user === true) coalescer.poke()
    }
    this.#pokes.add(poke)
    emit(collect())
    return () => {
      coalescer.stop()
      this.#pokes.delete(poke)
    }
  }

  listenTree(rootId: number, emit: (spans: readonly SpanView[]) => void): () => void {
    const tree = this.#trees.get(rootId)
    if (!tree) throw new BridgeError({ code: 'not-found', message: `trace ${rootId} was forgotten` })
    const send = (): void => emit([...tree.spans].sort((a, b) => a.start - b.start || a.id - b.id).map(viewOf))
    const coalescer = new Coalescer(250, send)
    const poke = (changed: Tree): void => {
      if (changed === tree) coalescer.poke()
    }
    this.#pokes.add(poke)
    send()
    return () => {
      coalescer.stop()
      this.#pokes.delete(poke)
    }
  }

  close(): void {
    this.#stop()
  }

  #note(span: Span): void {
    let tree = this.#treeOf.get(span.id)
    if (!tree) {
      tree = this.#treeOf.get(span.parent) ?? this.#plant(span)
      tree.count++
      if (tree.spans.length < spansPerTreeMax) {
        tree.spans.push(span)
        this.#treeOf.set(span.id, tree)
      }
    }
    tree.lastAt = span.end ?? span.start
    for (const poke of this.#pokes) poke(tree)
  }

  #plant(root: Span): Tree {
    const tree: Tree = { root, spans: [], lastAt: root.start, count: 0 }
    this.#trees.set(root.id, tree)
    if (root.attributes.user !== true) this.#unasked.add(tree)
    if (this.#trees.size > treesMax) this.#fell()
    return tree
  }

  /** Forgets the oldest tree, sparing what a person set off while anything else is left. */
  #fell(): void {
    const [oldest] = this.#unasked.size > 0 ? this.#unasked : this.#trees.values()
    if (!oldest) return
    this.#unasked.delete(oldest)
    this.#trees.delete(oldest.root.id)
    for (const span of oldest.spans) this.#treeOf.delete(span.id)
  }
}

function viewOf(span: Span): SpanView {
  const { id, parent, name, where, start, end, attributes } = span
  return end === undefined ? { id, parent, name, where, start, attributes } : { id, parent, name, where, start, end, attributes }
}
