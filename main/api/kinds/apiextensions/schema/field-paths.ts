/** The simple JSON paths of rules and selectable fields: `.spec.names['a.b']`, resolved in a schema. */
import { fieldSchemaOf } from './structural.ts'
import type { Schema } from './structural.ts'

export interface ResolvedPath {
  readonly steps: readonly string[]
  /** Whether each step is a map's key (written in brackets) rather than a property. */
  readonly keys: readonly boolean[]
  readonly schema: Schema | undefined
}

/** Where a path leads, or what is wrong with it in upstream's words. */
export function resolveFieldPath(path: string, root: Schema, brackets = true): ResolvedPath | { readonly problem: string } {
  const steps: string[] = []
  const keys: boolean[] = []
  let schema: Schema | undefined = root
  const tokens = tokensOf(path)
  let at = 0
  const enter = (name: string): string | undefined => {
    if (!schema?.properties && typeof schema?.additionalProperties !== 'object') return 'does not refer to a valid field'
    const isKey: boolean = schema.properties === undefined
    const next: Schema | undefined = fieldSchemaOf(schema, name)
    if (!next) return 'does not refer to a valid field'
    steps.push(name)
    keys.push(isKey)
    schema = next
    return undefined
  }
  while (at < tokens.length) {
    const token = tokens[at++]!
    if (token === '[') {
      if (!brackets) return { problem: 'array notation is not allowed' }
      const quoted = tokens[at++]
      if (quoted === undefined) return { problem: 'unexpected end of JSON path' }
      if (quoted.length < 2 || !quoted.startsWith("'") || !quoted.endsWith("'")) return { problem: `expected single quoted string but got ${quoted}` }
      const problem = enter(quoted.slice(1, -1).replace(/\\(.)/g, '$1'))
      if (problem !== undefined) return { problem }
      const close = tokens[at++]
      if (close === undefined) return { problem: 'unexpected end of JSON path' }
      if (close !== ']') return { problem: `expected ] but got ${close}` }
    } else if (token === '.') {
      const name = tokens[at++]
      if (name === undefined) return { problem: 'unexpected end of JSON path' }
      const problem = enter(name)
      if (problem !== undefined) return { problem }
    } else return { problem: `expected [ or . but got: ${token}` }
  }
  return { steps, keys, schema }
}

/** The delimiters `.`, `[`, `]`, quoted strings, and what stands between. */
function tokensOf(path: string): string[] {
  return path.match(/[.[\]]|'(?:\\.|[^'\\])*'|[^.[\]']+'?[^.[\]]*|'[^]*$/g) ?? []
}
