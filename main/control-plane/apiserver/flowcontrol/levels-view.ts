import type { FlowControl } from './flow-control.ts'

/** A priority level as the window shows it: the same numbers as `/metrics`. */
export interface PriorityLevelView {
  readonly name: string
  readonly exempt: boolean
  /** Seats taken now, and how many there are (for an exempt level: its nominal share, which nothing is held to). */
  readonly seats: number
  readonly limit: number
  readonly executing: number
  readonly waiting: number
  readonly dispatched: number
  readonly rejected: number
  /** Flow schemas whose requests came to it, most asked first. */
  readonly schemas: readonly { readonly name: string; readonly dispatched: number }[]
}

/** How each priority level does, by name. */
export function priorityLevelViews(flow: FlowControl): PriorityLevelView[] {
  const counts = flow.metrics.all()
  return [...flow.levels]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, exempt, set, limits }) => ({
      name,
      exempt,
      seats: set.seatsInUse,
      limit: exempt ? limits.nominal : set.limit,
      executing: set.executing,
      waiting: set.waiting,
      dispatched: set.counts.dispatched,
      rejected: set.counts.rejected,
      schemas: counts
        .filter(({ level }) => level === name)
        .map(({ schema, dispatched }) => ({ name: schema, dispatched }))
        .sort((a, b) => b.dispatched - a.dispatched),
    }))
}
