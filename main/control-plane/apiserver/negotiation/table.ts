/** Objects and lists as tables, the way the server prints them for kubectl. */
import type { Column, Kind } from '../../../api/kinds/kind.ts'
import { isList } from '../../../api/machinery/list.ts'
import type { KubeList, KubeObject } from '../../../api/machinery/object.ts'
import { rowObject, tableOf } from '../../../api/machinery/table.ts'
import type { IncludeObject, Table, TableColumnDefinition, TableRow } from '../../../api/machinery/table.ts'

const definitions = new WeakMap<Kind, readonly TableColumnDefinition[]>()

/** Kinds without columns of their own show name and creation time, as upstream's default convertor does. */
const defaultColumns: readonly Column<KubeObject>[] = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names', priority: 0, cell: (object) => object.metadata.name },
  { name: 'Created At', type: 'date', description: 'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata', priority: 0, cell: (object) => object.metadata.creationTimestamp ?? '<unknown>' },
]

function columnsOf(kind: Kind): readonly Column<KubeObject>[] {
  return kind.columns.length > 0 ? kind.columns : defaultColumns
}

/** What the columns are. */
export function columnDefinitionsOf(kind: Kind): readonly TableColumnDefinition[] {
  let known = definitions.get(kind)
  if (!known) {
    known = columnsOf(kind).map((column) => ({ name: column.name, type: column.type, format: column.format ?? '', description: column.description, priority: column.priority }))
    definitions.set(kind, known)
  }
  return known
}

/** A table of one object or a list. `headers` false leaves the column definitions out, as in all but the first event of a watch. */
export function tableFor(kind: Kind, object: KubeObject | KubeList, include: IncludeObject, now: number, headers = true): Table {
  const rows = itemsOf(kind, object).map((item) => rowFor(kind, item, include, now))
  const { resourceVersion, continue: next, remainingItemCount } = object.metadata as KubeList['metadata']
  const metadata: KubeList['metadata'] = {}
  if (resourceVersion) metadata.resourceVersion = resourceVersion
  if (next) metadata.continue = next
  if (remainingItemCount !== undefined) metadata.remainingItemCount = remainingItemCount
  return tableOf(metadata, headers ? columnDefinitionsOf(kind) : null, rows)
}

function itemsOf(kind: Kind, object: KubeObject | KubeList): readonly KubeObject[] {
  if (!isList(object)) return [object as KubeObject]
  return kind.rowOrder ? [...object.items].sort((a, b) => kind.rowOrder!(a, b)) : object.items
}

function rowFor(kind: Kind, object: KubeObject, include: IncludeObject, now: number): TableRow {
  const cells = columnsOf(kind).map((column) => column.cell(object, now))
  const conditions = kind.rowConditions?.(object)
  const row: TableRow = conditions && conditions.length > 0 ? { cells, conditions } : { cells }
  const shown = rowObject(object, include)
  return shown === undefined ? row : { ...row, object: shown }
}
