import type { KubeObject } from '../../../api/machinery/object.ts'
import type { CommandContext } from '../command.ts'
import { requestJson } from '../resources/requests.ts'
import type { ApiResource } from '../resources/mapper.ts'

/** What a describer may look at besides the object. */
export interface Surroundings {
  readonly context: CommandContext
  readonly resource: ApiResource
  /** --show-events. */
  readonly showEvents: boolean
  readonly chunkSize: number
  /** Ms since the epoch. */
  readonly now: number
}

/** Describes one object that was just read. The text ends with a line end. Throws StatusError when what it must show besides cannot be read. */
export type Describer<T extends KubeObject = KubeObject> = (object: T, around: Surroundings) => Promise<string>

/** A list in chunks, as client-go's pager reads it. Path without query. */
export async function readList<T>({ context, chunkSize }: Surroundings, path: string, selectors: { readonly labelSelector?: string; readonly fieldSelector?: string } = {}): Promise<T[]> {
  const query = new URLSearchParams()
  if (selectors.labelSelector) query.set('labelSelector', selectors.labelSelector)
  if (selectors.fieldSelector) query.set('fieldSelector', selectors.fieldSelector)
  if (chunkSize > 0) query.set('limit', String(chunkSize))
  const items: T[] = []
  for (;;) {
    const list = await requestJson<{ items?: T[]; metadata?: { continue?: string } }>(context, 'GET', query.size > 0 ? `${path}?${query.toString()}` : path)
    items.push(...(list.items ?? []))
    const next = list.metadata?.continue
    if (!next) return items
    query.set('continue', next)
  }
}
