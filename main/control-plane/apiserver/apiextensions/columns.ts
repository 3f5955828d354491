/** Printer columns of custom resources, as upstream's table convertor makes them. */
import type { CustomResourceColumnDefinition } from '../../../api/generated/types.ts'
import { nameColumn } from '../../../api/kinds/columns.ts'
import type { Cell, Column } from '../../../api/kinds/kind.ts'
import { goText } from '../../../api/machinery/codec/unstructured.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { humanDuration, parseTime } from '../../../api/machinery/time.ts'
import { findJsonPath, parseJsonPath } from './json-path.ts'

const age: CustomResourceColumnDefinition = {
  name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp',
  description: 'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
}

/** The name, and the columns that the definition gives (the age when it gives none). */
export function customColumns(definitions: readonly CustomResourceColumnDefinition[] | undefined): readonly Column<KubeObject>[] {
  return [nameColumn(), ...(definitions && definitions.length > 0 ? definitions : [age]).map(columnOf)]
}

function columnOf({ name, type, format, description, priority, jsonPath }: CustomResourceColumnDefinition): Column<KubeObject> {
  const path = parseJsonPath(jsonPath)
  return {
    name,
    type: type as Column<KubeObject>['type'],
    format: format ?? '',
    description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority: priority ?? 0,
    cell: (object, now) => (path ? cellOf(type, findJsonPath(path, object)[0], now) : null),
  }
}

function cellOf(type: string, value: unknown, now: number): Cell {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : goText(value)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date': {
      if (typeof value !== 'string') return null
      const time = parseTime(value)
      return time === undefined ? '<invalid>' : humanDuration(now - time)
    }
    default:
      return null
  }
}
