/** Random but well-formed values of any definition, for property tests. */
import type { JsonObject } from '../json-value.ts'
import type { Definition, SchemaType } from '../schema.ts'

/** A small random generator (mulberry32): the same numbers for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** An object of the definition with some of its fields set. No empty lists, maps or strings: what every codec can carry. */
export function sampleOf(definition: Definition, random: () => number, depth = 0): JsonObject {
  const out: JsonObject = {}
  for (const field of definition.fields.values()) {
    // Type fields of embedded kinds are not on the wire.
    if (field.wire.length === 0) continue
    if (random() > (field.required ? 0.9 : depth > 3 ? 0.1 : 0.4)) continue
    const value = valueOf(field.type, random, depth)
    if (value !== undefined) out[field.name] = value
  }
  return out
}

const words = ['a', 'web', 'x-1', 'ß', 'Always', 'long text with spaces, "quotes" and a snowman ☃', '10.0.0.1']

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T
}

function valueOf(type: SchemaType, random: () => number, depth: number): unknown {
  switch (type.is) {
    case 'object':
      return depth > 6 ? undefined : sampleOf(type.target, random, depth + 1)
    case 'list': {
      const items = Array.from({ length: 1 + Math.floor(random() * 2) }, () => valueOf(type.items, random, depth + 1))
      return items.some((item) => item === undefined) ? undefined : items
    }
    case 'map': {
      const entries = Array.from({ length: 1 + Math.floor(random() * 2) }, () => [pick(words, random), valueOf(type.values, random, depth + 1)] as const)
      return entries.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(entries)
    }
    default:
      return scalarOf(type.scalar, random)
  }
}

function scalarOf(scalar: string, random: () => number): unknown {
  const number = Math.floor(random() * 1000) + 1
  switch (scalar) {
    case 'string':
      return pick(words, random)
    case 'int32':
      return random() < 0.2 ? -number : number
    case 'int64':
      return pick([number, -number, 2 ** 40 + number, Number.MAX_SAFE_INTEGER], random)
    case 'double':
      return number / 8
    case 'boolean':
      return true
    case 'bytes':
      return pick(['aGVsbG8=', 'AAEC/w==', 'YQ=='], random)
    case 'Time':
      return pick(['2026-01-01T00:00:00Z', '1969-07-20T20:17:40Z'], random)
    case 'MicroTime':
      return '2026-01-01T00:00:00.123456Z'
    case 'Quantity':
      return pick(['100m', '1', '128Mi', '1500m', '2Gi'], random)
    case 'IntOrString':
      return pick<unknown>([80, 'http', '25%', -1], random)
    case 'Duration':
      return pick(['1m0s', '1h30m0s', '500ms'], random)
    case 'JSONSchemaPropsOrBool':
      return pick<unknown>([true, false, { type: 'string' }], random)
    case 'JSONSchemaPropsOrArray':
      return pick<unknown>([{ type: 'string' }, [{ type: 'integer' }]], random)
    case 'JSONSchemaPropsOrStringArray':
      return pick<unknown>([{ type: 'string' }, ['a', 'b']], random)
    default:
      return { any: { thing: [1, 'two', null] } }
  }
}
