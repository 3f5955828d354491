/** JSON as values, and back. Nothing is copied: items and fields become values when they are asked for. */
import { isObject } from '../machinery/json-value.ts'
import type { JsonObject } from '../machinery/json-value.ts'
import { base64Of } from './base64-text.ts'
import { durationText, timestampText } from './functions/time.ts'
import { CelList, CelMap, Duration, EvaluationError, Opaque, Optional, Timestamp, TypeValue, Uint } from './values.ts'
import type { CelValue } from './values.ts'

/** A JSON value without a schema: whole numbers are ints, others doubles. */
export function valueOfJson(json: unknown): CelValue {
  switch (typeof json) {
    case 'string':
    case 'boolean':
      return json
    case 'number':
      return Number.isInteger(json) ? BigInt(json) : json
    default:
      if (Array.isArray(json)) return new JsonList(json)
      return isObject(json) ? new JsonMap(json) : null
  }
}

class JsonList extends CelList {
  readonly #json: readonly unknown[]

  constructor(json: readonly unknown[]) {
    super()
    this.#json = json
  }

  get size(): number {
    return this.#json.length
  }

  at(index: number): CelValue {
    return valueOfJson(this.#json[index])
  }
}

class JsonMap extends CelMap {
  readonly #json: JsonObject

  constructor(json: JsonObject) {
    super()
    this.#json = json
  }

  get size(): number {
    return Object.keys(this.#json).length
  }

  has(key: CelValue): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#json, key) && this.#json[key] !== undefined
  }

  get(key: CelValue): CelValue | undefined {
    return this.has(key) ? valueOfJson(this.#json[key as string]) : undefined
  }

  keys(): Iterable<CelValue> {
    return Object.keys(this.#json)
  }
}

/** A value as JSON (for apply configurations, JSON patches, audit annotations). An error for what JSON has no form of. */
export function jsonOfValue(value: CelValue): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint) return Number(value.value)
  if (value instanceof Uint8Array) return base64Of(value)
  if (value instanceof Duration) return durationText(value)
  if (value instanceof Timestamp) return timestampText(value)
  if (value instanceof CelList) return [...value].map(jsonOfValue)
  if (value instanceof CelMap) {
    const object: JsonObject = {}
    for (const key of value.keys()) {
      if (typeof key !== 'string') throw new Error('a JSON object has keys of type string')
      Object.defineProperty(object, key, { value: jsonOfValue(value.get(key)!), enumerable: true, configurable: true, writable: true })
    }
    return object
  }
  if (value instanceof Optional) return value.value === undefined ? null : jsonOfValue(value.value)
  if (value instanceof TypeValue) return value.type.name
  if (value instanceof EvaluationError) throw new Error(value.message)
  if (value instanceof Opaque) return value.toJson()
  return null
}
