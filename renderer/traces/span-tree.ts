import type { SpanView } from '../../preload/contract/observe.ts'

/** A span where it stands in the tree of what caused what. */
export interface SpanRow {
  readonly span: SpanView
  readonly depth: number
  readonly children: number
  readonly folded: boolean
}

/** Rows of the tree in order: each span before what it set off, siblings by start. Spans whose parent is unknown stand at the top. */
export function spanRows(spans: readonly SpanView[], folded: ReadonlySet<number>): SpanRow[] {
  const known = new Set(spans.map((span) => span.id))
  const childrenOf = new Map<number, SpanView[]>()
  const roots: SpanView[] = []
  for (const span of spans) {
    if (span.parent !== 0 && known.has(span.parent) && span.parent !== span.id) {
      const siblings = childrenOf.get(span.parent)
      if (siblings) siblings.push(span)
      else childrenOf.set(span.parent, [span])
    } else roots.push(span)
  }
  const rows: SpanRow[] = []
  const stack = roots.sort(byStart).reverse().map((span) => ({ span, depth: 0 }))
  while (stack.length > 0) {
    const { span, depth } = stack.pop()!
    const children = childrenOf.get(span.id) ?? []
    rows.push({ span, depth, children: children.length, folded: folded.has(span.id) })
    if (!folded.has(span.id)) for (const child of children.sort(byStart).reverse()) stack.push({ span: child, depth: depth + 1 })
  }
  return rows
}

function byStart(a: SpanView, b: SpanView): number {
  return a.start - b.start || a.id - b.id
}

export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** From the first start to the last end (or start, of what still runs). */
export function rangeOf(spans: readonly SpanView[]): TimeRange {
  let from = Infinity
  let to = -Infinity
  for (const span of spans) {
    if (span.start < from) from = span.start
    if ((span.end ?? span.start) > to) to = span.end ?? span.start
  }
  return from === Infinity ? { from: 0, to: 1 } : { from, to: Math.max(to, from + 0.1) }
}

/** Round moments for the scale above the bars, relative to the start: at most `most` of them. */
export function ticks(range: TimeRange, most: number): number[] {
  const length = range.to - range.from
  const rough = length / most
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough
  const result: number[] = []
  for (let at = 0; at <= length; at += step) result.push(at)
  return result
}

/** The process's part of `process@machine`. */
export function processOf(where: string): string {
  return where.slice(0, where.indexOf('@') < 0 ? where.length : where.indexOf('@'))
}
