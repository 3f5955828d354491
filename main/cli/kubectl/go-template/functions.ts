import { sprintf } from './sprintf.ts'
import { absent, isMap, isTrue, typeText, valueText } from './values.ts'

export interface TemplateFunction {
  /** Fewest and most arguments. */
  readonly least: number
  readonly most: number
  /** Arguments, by place, that Go declares as string. */
  readonly texts?: readonly number[]
  /** Of functions whose parameters are reflect.Value a nil is fine; others see `<nil>`. Throws an Error with Go's words. */
  readonly call: (...values: readonly unknown[]) => unknown
}

const any = Infinity

/** text/template's own functions. `and` and `or` stop early: the evaluator knows them. */
export const builtInFunctions: Readonly<Record<string, TemplateFunction>> = {
  and: { least: 1, most: any, call: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1) },
  or: { least: 1, most: any, call: (...values) => values.find(isTrue) ?? values.at(-1) },
  not: { least: 1, most: 1, call: (value) => !isTrue(value) },
  len: { least: 1, most: 1, call: lengthOf },
  index: { least: 1, most: any, call: (item, ...keys) => keys.reduce((value, key) => indexed(value, key), item) },
  slice: { least: 1, most: any, call: sliceOf },
  print: { least: 0, most: any, call: (...values) => printed(values) },
  printf: { least: 1, most: any, texts: [0], call: (format, ...values) => sprintf(format as string, values) },
  println: { least: 0, most: any, call: (...values) => `${values.map(shown).join(' ')}\n` },
  html: { least: 0, most: any, call: (...values) => joined(values).replace(/[&<>"'\0]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' })[character] ?? '\uFFFD') },
  js: { least: 0, most: any, call: (...values) => joined(values).replace(/[\\'"<>&=\n\r\t]/g, (character) => ({ '\\': '\\\\', "'": "\\'", '"': '\\"' })[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`) },
  urlquery: { least: 0, most: any, call: (...values) => encodeURIComponent(joined(values)).replaceAll('%20', '+').replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`) },
  eq: { least: 1, most: any, call: (first, ...others) => {
    if (others.length === 0) throw new Error('missing argument for comparison')
    return others.some((other) => equal(first, other))
  } },
  ne: { least: 2, most: 2, call: (a, b) => !equal(a, b) },
  lt: { least: 2, most: 2, call: (a, b) => less(a, b) },
  le: { least: 2, most: 2, call: (a, b) => less(a, b) || equal(a, b) },
  gt: { least: 2, most: 2, call: (a, b) => !less(a, b) && !equal(a, b) },
  ge: { least: 2, most: 2, call: (a, b) => !less(a, b) },
  call: { least: 1, most: any, call: (value) => {
    throw new Error(value === absent || value === null ? 'call of nil' : `non-function of type ${typeText(value)}`)
  } },
}

function shown(value: unknown): string {
  return value === absent ? '<nil>' : valueText(value)
}

/** fmt.Sprint: a blank between two values that are both no strings. */
function printed(values: readonly unknown[]): string {
  return values.map((value, index) => (index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string' ? ` ${shown(value)}` : shown(value))).join('')
}

function joined(values: readonly unknown[]): string {
  return values.length === 1 && typeof values[0] === 'string' ? values[0] : printed(values)
}

function lengthOf(value: unknown): bigint {
  if (value === absent || value === null || value === undefined) throw new Error('len of nil pointer')
  if (typeof value === 'string') return BigInt(new TextEncoder().encode(value).length)
  if (Array.isArray(value)) return BigInt(value.length)
  if (isMap(value)) return BigInt(Object.keys(value).length)
  throw new Error(`len of type ${typeText(value)}`)
}

function indexed(item: unknown, key: unknown): unknown {
  if (item === absent) throw new Error('index of untyped nil')
  if (item === null || item === undefined) throw new Error('index of nil pointer')
  if (Array.isArray(item) || typeof item === 'string') {
    const items: readonly unknown[] = Array.isArray(item) ? item : Array.from(new TextEncoder().encode(item), BigInt)
    const at = position(key, items.length)
    if (at >= items.length) throw new Error(`index out of range: ${at}`)
    return items[at]
  }
  if (!isMap(item)) throw new Error(`can't index item of type ${typeText(item)}`)
  if (key === absent || key === null) throw new Error('value is nil; should be of type string')
  if (typeof key !== 'string') throw new Error(`value has type ${typeText(key)}; should be string`)
  return Object.hasOwn(item, key) ? item[key] : null
}

function position(key: unknown, length: number): number {
  if (key === absent || key === null) throw new Error('cannot index slice/array with nil')
  if (typeof key !== 'bigint') throw new Error(`cannot index slice/array with type ${typeText(key)}`)
  if (key < 0n || key > BigInt(length)) throw new Error(`index out of range: ${key}`)
  return Number(key)
}

function sliceOf(item: unknown, ...keys: readonly unknown[]): unknown {
  if (item === absent || item === null) throw new Error('slice of untyped nil')
  if (keys.length > 3) throw new Error(`too many slice indexes: ${keys.length}`)
  if (typeof item !== 'string' && !Array.isArray(item)) throw new Error(`can't slice item of type ${typeText(item)}`)
  if (typeof item === 'string' && keys.length === 3) throw new Error('cannot 3-index slice a string')
  const length = item.length
  const [from = 0, to = length] = keys.map((key) => position(key, length))
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`)
  return item.slice(from, to)
}

type Basic = 'bool' | 'string' | 'int' | 'float'

function basicKind(value: unknown): Basic | undefined {
  return ({ boolean: 'bool', string: 'string', bigint: 'int', number: 'float' } as const)[typeof value as 'boolean' | 'string' | 'bigint' | 'number']
}

function equal(a: unknown, b: unknown): boolean {
  const [x, y] = [a === absent ? null : a, b === absent ? null : b]
  const kind = basicKind(x)
  if (kind !== undefined && basicKind(y) !== undefined) {
    if (kind !== basicKind(y)) throw new Error(`incompatible types for comparison: ${typeText(x)} and ${typeText(y)}`)
    return x === y
  }
  for (const value of [x, y]) if (typeof value === 'object' && value !== null) throw new Error(`non-comparable type ${valueText(value)}: ${typeText(value)}`)
  return x === y
}

function less(a: unknown, b: unknown): boolean {
  const [left, right] = [basicKind(a), basicKind(b)]
  if (left === undefined || right === undefined) throw new Error('invalid type for comparison')
  if (left !== right) throw new Error('incompatible types for comparison')
  if (left === 'bool') throw new Error('invalid type for comparison')
  return (a as number) < (b as number)
}
