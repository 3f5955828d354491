/** How deep schemas may be nested. Upstream is bounded by the size of a request only; its stacks grow, ours do not. */
import type { Schema } from './structural.ts'

export const schemaDepthMax = 500

/** The levels of objects within the schema, counted without recursion: it has not been checked yet. */
export function depthOf(schema: Schema): number {
  let level: object[] = [schema]
  let depth = 0
  while (level.length > 0 && depth <= schemaDepthMax * 4) {
    depth++
    const next: object[] = []
    for (const each of level) for (const value of Object.values(each)) if (typeof value === 'object' && value !== null) next.push(value as object)
    level = next
  }
  // A level of schema is two of objects: `properties` and the schema within.
  return Math.ceil(depth / 2)
}
