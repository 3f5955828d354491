import { computed, shallowRef, type ComputedRef } from 'vue'
import type { WatchEvent } from '../../preload/contract/watch-event.ts'
import type { CollectionState } from './collection.ts'
import { tableType } from './client.ts'
import type { ApiObject } from './object.ts'
import { reflect } from './reflector.ts'
import { coalesce, SharedLive, type Live } from './shared.ts'

export interface TableColumn {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly description?: string
  readonly priority: number
}

export interface TableRow {
  readonly cells: readonly unknown[]
  readonly object: ApiObject
}

interface Table {
  readonly metadata?: { readonly resourceVersion?: string }
  readonly columnDefinitions?: readonly TableColumn[]
  readonly rows?: readonly TableRow[]
}

const notifyMs = 80

/** A resource's rows as the server prints them, kept live by a Table watch. Rows keep their place when they change. */
export class LiveTable implements Live {
  readonly columns = shallowRef<readonly TableColumn[]>([])
  readonly rows = shallowRef<readonly TableRow[]>([])
  readonly state = shallowRef<CollectionState>('loading')
  readonly error = shallowRef<Error>()
  readonly #rows = new Map<string, TableRow>()
  readonly #tell = coalesce(notifyMs, () => (this.rows.value = [...this.#rows.values()]))
  readonly #stop: () => void

  constructor(path: string) {
    const [bare = '', query = ''] = path.split('?')
    this.#stop = reflect<Table>(bare, query ? `${query}&includeObject=Object` : 'includeObject=Object', tableType, {
      replace: (table) => {
        this.columns.value = table.columnDefinitions ?? []
        this.#rows.clear()
        for (const row of table.rows ?? []) this.#rows.set(rowIdentity(row), row)
        this.rows.value = [...this.#rows.values()]
      },
      apply: (events) => this.#apply(events),
      state: (state, error) => {
        this.state.value = state
        this.error.value = error
      },
    })
  }

  stop(): void {
    this.#tell.cancel()
    this.#stop()
  }

  #apply(events: readonly WatchEvent[]): void {
    for (const event of events) {
      const table = event.object as unknown as Table
      if (table.columnDefinitions?.length) this.columns.value = table.columnDefinitions
      for (const row of table.rows ?? []) {
        if (event.type === 'DELETED') this.#rows.delete(rowIdentity(row))
        else this.#rows.set(rowIdentity(row), row)
      }
    }
    this.#tell.ask()
  }
}

export function rowIdentity(row: TableRow): string {
  return row.object.metadata.uid ?? `${row.object.metadata.namespace ?? ''}/${row.object.metadata.name}`
}

const tables = new SharedLive((path) => new LiveTable(path))

/** The server's Table under an API path, live; `undefined` pauses. */
export function useTable(path: () => string | undefined): {
  readonly columns: ComputedRef<readonly TableColumn[]>
  readonly rows: ComputedRef<readonly TableRow[]>
  readonly state: ComputedRef<CollectionState>
  readonly error: ComputedRef<Error | undefined>
} {
  const table = tables.use(path)
  return {
    columns: computed(() => table.value?.columns.value ?? []),
    rows: computed(() => table.value?.rows.value ?? []),
    state: computed(() => table.value?.state.value ?? 'loading'),
    error: computed(() => table.value?.error.value),
  }
}
