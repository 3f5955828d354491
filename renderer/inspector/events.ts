import type { ApiObject } from '../api/object.ts'

/** A core/v1 Event as far as the window shows it. */
export interface ClusterEvent extends ApiObject {
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly count?: number
  readonly firstTimestamp?: string | null
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
  readonly reportingComponent?: string
  readonly source?: { readonly component?: string }
  readonly series?: { readonly lastObservedTime?: string }
  readonly involvedObject?: { readonly kind?: string; readonly name?: string; readonly namespace?: string }
}

export function lastSeen(event: ClusterEvent): string | undefined {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp
}

/** Newest first; those of one moment in the reverse of their coming. */
export function sortEvents(events: readonly ApiObject[]): readonly ClusterEvent[] {
  return (events as readonly ClusterEvent[])
    .map((event, index) => ({ event, index, at: Date.parse(lastSeen(event) ?? '') || 0 }))
    .sort((a, b) => b.at - a.at || b.index - a.index)
    .map((entry) => entry.event)
}
