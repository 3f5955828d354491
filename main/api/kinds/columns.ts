/** The columns that most tables share, and how to declare one. */
import { columnText } from '../generated/column-text.ts'
import type { KubeObject } from '../machinery/object.ts'
import { ageOf } from '../machinery/time.ts'
import type { Cell, Column } from './kind.ts'

type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>
let descriptions: Descriptions | undefined

/** Upstream's description of a field; '' when there is none. */
function fieldDescription(definition: string, field: string): string {
  descriptions ??= JSON.parse(columnText) as Descriptions
  return descriptions[definition]?.[field] ?? ''
}

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** Where a description comes from: words of the printer's own, or a field's documentation, read when asked for. */
export type Described = string | readonly [definition: string, field: string]

/** A column; `wide` ones are shown with `-o wide` only. */
export function column<T extends KubeObject>(name: string, description: Described, cell: (object: T, now: number) => Cell, more: { readonly type?: Column<T>['type']; readonly format?: string; readonly wide?: boolean } = {}): Column<T> {
  return {
    name,
    type: more.type ?? 'string',
    format: more.format ?? '',
    get description() {
      return typeof description === 'string' ? description : fieldDescription(description[0], description[1])
    },
    priority: more.wide ? 1 : 0,
    cell,
  }
}

const wide = { wide: true }
const integer = { type: 'integer' } as const

/** A string column for `-o wide`. */
export function wideColumn<T extends KubeObject>(name: string, description: Described, cell: (object: T, now: number) => Cell): Column<T> {
  return column(name, description, cell, wide)
}

export function integerColumn<T extends KubeObject>(name: string, description: Described, cell: (object: T, now: number) => number): Column<T> {
  return column(name, description, cell, integer)
}

export function nameColumn<T extends KubeObject>(more: { readonly wide?: boolean } = {}): Column<T> {
  return column('Name', [objectMeta, 'name'], (object) => object.metadata.name, { format: 'name', ...more })
}

/** The same column for another form of the objects. (A spread would read the description, and for that parse all there are.) */
export function columnOf<T extends KubeObject, O extends KubeObject>(column: Column<O>, convert: (object: T) => O): Column<T> {
  return {
    name: column.name,
    type: column.type,
    format: column.format,
    get description() {
      return column.description
    },
    priority: column.priority,
    cell: (object, now) => column.cell(convert(object), now),
  }
}

export function ageColumn<T extends KubeObject>(): Column<T> {
  return column('Age', [objectMeta, 'creationTimestamp'], (object, now) => ageOf(object.metadata.creationTimestamp, now))
}

/** A map as labels.FormatLabels writes it: `a=b,c=d`, or `<none>`. */
export function labelsText(labels: { readonly [key: string]: string } | null | undefined): string {
  const keys = labels ? Object.keys(labels).sort() : []
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels?.[key] ?? ''}`).join(',')
}
