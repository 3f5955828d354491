import type { KubeObject } from '../../machinery/object.ts'
import type { Cell, Kind } from '../kind.ts'

/** An object's table row by column name, at a given time (ms). */
export function rowOf<T extends KubeObject>(kind: Kind<T>, object: T, now = Date.parse('2026-01-01T01:00:00Z')): Record<string, Cell> {
  return Object.fromEntries(kind.columns.map((column) => [column.name, column.cell(object, now)]))
}
