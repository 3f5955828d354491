/** CEL's standard functions and operators, but for the logical ones, which the interpreter knows. */
import { quote } from '../../machinery/go-text.ts'
import { compilePattern, PatternError } from '../regex.ts'
import { boolType, bytesType, doubleType, durationType, dynType, intType, listType, mapType, nullType, stringType, timestampType, typeType, uintType } from '../types.ts'
import type { Type } from '../types.ts'
import { ArrayList, CelList, compareValues, Duration, equalValues, EvaluationError, noOverload, runes, typeNameOfValue, typeOf, TypeValue, Uint, ValueSet } from '../values.ts'
import type { CelMap, CelValue, EntryMap, Timestamp } from '../values.ts'
import { doubleText } from './double-text.ts'
import { global, member, paramA, paramB } from './overload.ts'
import { placeOf } from './substrings.ts'
import type { Library, Overload } from './overload.ts'
import { durationOf, durationText, parseDurationNanos, parseTimestampNanos, timestampOf, timestampPart, timestampText, zoneMinutesOf } from './time.ts'

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
const uint64Max = 2n ** 64n - 1n
const overflow = new EvaluationError('integer overflow')
const uintOverflow = new EvaluationError('unsigned integer overflow')
const byZero = new EvaluationError('division by zero')
const moduloZero = new EvaluationError('modulus by zero')

function int(value: bigint): CelValue {
  return value < int64Min || value > int64Max ? overflow : value
}

function uint(value: bigint): CelValue {
  return value < 0n || value > uint64Max ? uintOverflow : new Uint(value)
}

const listA = listType(paramA)
const mapAB = mapType(paramA, paramB)

function arithmetic(): Overload[] {
  const operators: Overload[] = []
  const both = (operator: string, word: string, onInt: (a: bigint, b: bigint) => CelValue, onUint: (a: bigint, b: bigint) => CelValue, onDouble?: (a: number, b: number) => CelValue): void => {
    operators.push(global(operator, `${word}_int64`, [intType, intType], intType, onInt))
    operators.push(global(operator, `${word}_uint64`, [uintType, uintType], uintType, (a: Uint, b: Uint) => onUint(a.value, b.value)))
    if (onDouble) operators.push(global(operator, `${word}_double`, [doubleType, doubleType], doubleType, onDouble))
  }
  both('_+_', 'add', (a, b) => int(a + b), (a, b) => uint(a + b), (a, b) => a + b)
  both('_-_', 'subtract', (a, b) => int(a - b), (a, b) => uint(a - b), (a, b) => a - b)
  both('_*_', 'multiply', (a, b) => int(a * b), (a, b) => uint(a * b), (a, b) => a * b)
  both('_/_', 'divide', (a, b) => (b === 0n ? byZero : int(a / b)), (a, b) => (b === 0n ? byZero : uint(a / b)), (a, b) => a / b)
  both('_%_', 'modulo', (a, b) => (b === 0n ? moduloZero : a === int64Min && b === -1n ? overflow : a % b), (a, b) => (b === 0n ? moduloZero : uint(a % b)))
  return [
    ...operators,
    global('-_', 'negate_int64', [intType], intType, (a: bigint) => int(-a)),
    global('-_', 'negate_double', [doubleType], doubleType, (a: number) => -a),
    global('_+_', 'add_string', [stringType, stringType], stringType, (a: string, b: string) => a + b),
    global('_+_', 'add_bytes', [bytesType, bytesType], bytesType, (a: Uint8Array, b: Uint8Array) => new Uint8Array([...a, ...b])),
    global('_+_', 'add_list', [listA, listA], listA, addLists),
    global('_+_', 'add_duration_duration', [durationType, durationType], durationType, (a: Duration, b: Duration) => durationOf(a.nanos + b.nanos)),
    global('_+_', 'add_duration_timestamp', [durationType, timestampType], timestampType, (a: Duration, b: Timestamp) => timestampOf(a.nanos + b.nanos, b.zoneMinutes)),
    global('_+_', 'add_timestamp_duration', [timestampType, durationType], timestampType, (a: Timestamp, b: Duration) => timestampOf(a.nanos + b.nanos, a.zoneMinutes)),
    global('_-_', 'subtract_duration_duration', [durationType, durationType], durationType, (a: Duration, b: Duration) => durationOf(a.nanos - b.nanos)),
    global('_-_', 'subtract_timestamp_timestamp', [timestampType, timestampType], durationType, (a: Timestamp, b: Timestamp) => durationOf(a.nanos - b.nanos)),
    global('_-_', 'subtract_timestamp_duration', [timestampType, durationType], timestampType, (a: Timestamp, b: Duration) => timestampOf(a.nanos - b.nanos, a.zoneMinutes)),
  ]
}

/** Lists that Kubernetes knows to be sets or maps are joined as such: what is there already is kept in its place. */
function addLists(a: CelList, b: CelList): CelValue {
  const { order } = a
  if (!order) return new Joined(a, b)
  const joined = [...a]
  if (order.by === 'value') {
    const known = new ValueSet(joined)
    for (const item of b) {
      if (known.has(item)) continue
      known.add(item)
      joined.push(item)
    }
    return new ArrayList(joined)
  }
  const places = new Map(joined.map((item, index) => [order.keyOf(item), index]))
  for (const item of b) {
    const place = places.get(order.keyOf(item))
    if (place === undefined) joined.push(item)
    else joined[place] = item
  }
  return new ArrayList(joined)
}

/** Two lists one after the other; loops build theirs item by item, which must not copy each time. */
class Joined extends CelList {
  readonly size: number
  readonly #items: CelValue[]

  constructor(a: CelList, b: CelList) {
    super()
    // The first to go on from a list may write behind its end; whoever comes second copies.
    const own = a instanceof Joined && a.#items.length === a.size ? a.#items : [...a]
    for (const item of b) own.push(item)
    this.#items = own
    this.size = own.length
  }

  at(index: number): CelValue {
    return this.#items[index]!
  }
}

const ordered: readonly (readonly [Type, string])[] = [[boolType, 'bool'], [intType, 'int64'], [uintType, 'uint64'], [doubleType, 'double'], [stringType, 'string'], [bytesType, 'bytes'], [timestampType, 'timestamp'], [durationType, 'duration']]
const numbers: readonly (readonly [Type, string])[] = [[intType, 'int64'], [uintType, 'uint64'], [doubleType, 'double']]

function comparisons(): Overload[] {
  const made: Overload[] = []
  for (const [operator, word, test] of [['_<_', 'less', (order: number) => order < 0], ['_<=_', 'less_equals', (order: number) => order <= 0], ['_>_', 'greater', (order: number) => order > 0], ['_>=_', 'greater_equals', (order: number) => order >= 0]] as const) {
    const run = (a: CelValue, b: CelValue): CelValue => {
      const order = compareValues(a, b)
      return order === undefined ? (typeof a === 'number' || typeof b === 'number' ? false : noOverload) : test(order)
    }
    for (const [type, name] of ordered) made.push(global(operator, `${word}_${name}`, [type, type], boolType, run))
    for (const [left, leftName] of numbers) for (const [right, rightName] of numbers) if (left !== right) made.push(global(operator, `${word}_${leftName}_${rightName}`, [left, right], boolType, run))
  }
  return [
    ...made,
    global('_==_', 'equals', [paramA, paramA], boolType, (a: CelValue, b: CelValue) => equalValues(a, b)),
    global('_!=_', 'not_equals', [paramA, paramA], boolType, (a: CelValue, b: CelValue) => !equalValues(a, b)),
    global('@in', 'in_list', [paramA, listA], boolType, (item: CelValue, list: CelList) => {
      for (const each of list) if (equalValues(item, each)) return true
      return false
    }),
    global('@in', 'in_map', [paramA, mapAB], boolType, (key: CelValue, map: CelMap) => map.has(key)),
    global('_[_]', 'index_list', [listA, intType], paramA, indexList),
    global('_[_]', 'index_map', [mapAB, paramA], paramB, indexMap),
    global('!_', 'logical_not', [boolType], boolType, (value: boolean) => !value),
    global('@not_strictly_false', 'not_strictly_false', [boolType], boolType, (value: boolean) => value),
    global('cel.@mapInsert', 'cel_@mapInsert_map_key_value', [mapAB, paramA, paramB], mapAB, (map: EntryMap, key: CelValue, value: CelValue) => (map.has(key) ? new EvaluationError(`insert failed: key ${keyShown(key)} already exists`) : map.with([[key, value]]))),
    global('cel.@mapInsert', 'cel_@mapInsert_map_map', [mapAB, mapAB], mapAB, (map: EntryMap, more: CelMap) => {
      const entries: [CelValue, CelValue][] = []
      for (const key of more.keys()) {
        if (map.has(key)) return new EvaluationError(`insert failed: key ${keyShown(key)} already exists`)
        entries.push([key, more.get(key)!])
      }
      return map.with(entries)
    }),
  ]
}

function keyShown(key: CelValue): string {
  return String(key instanceof Uint ? key.value : (key as string))
}

export function indexList(list: CelList, index: CelValue): CelValue {
  const at = typeof index === 'bigint' ? index : index instanceof Uint ? index.value : typeof index === 'number' && Number.isInteger(index) ? BigInt(index) : undefined
  if (at === undefined) return new EvaluationError(`unsupported index type '${typeNameOfValue(index)}' in list`)
  if (at < 0n || at >= BigInt(list.size)) return new EvaluationError(`index out of bounds: ${at}`)
  return list.at(Number(at))
}

export function indexMap(map: CelMap, key: CelValue): CelValue {
  return map.get(key) ?? new EvaluationError(`no such key: ${keyShown(key)}`)
}

const encoder = new TextEncoder()

function sizes(): Overload[] {
  const kinds: readonly (readonly [Type, string, (value: never) => bigint])[] = [
    [stringType, 'string', (text: string) => BigInt(runes(text))],
    [bytesType, 'bytes', (bytes: Uint8Array) => BigInt(bytes.length)],
    [listA, 'list', (list: CelList) => BigInt(list.size)],
    [mapAB, 'map', (map: CelMap) => BigInt(map.size)],
  ]
  return kinds.flatMap(([type, name, run]) => [global('size', `size_${name}`, [type], intType, run), member('size', `${name}_size`, [type], intType, run)])
}

function texts(): Overload[] {
  const matches = (text: string, pattern: string): CelValue => {
    try {
      return compilePattern(pattern).test(text)
    } catch (error) {
      if (error instanceof PatternError) return new EvaluationError(error.message)
      throw error
    }
  }
  return [
    member('contains', 'contains_string', [stringType, stringType], boolType, (text: string, part: string) => placeOf(text, part) >= 0),
    member('startsWith', 'starts_with_string', [stringType, stringType], boolType, (text: string, part: string) => text.startsWith(part)),
    member('endsWith', 'ends_with_string', [stringType, stringType], boolType, (text: string, part: string) => text.endsWith(part)),
    member('matches', 'matches_string', [stringType, stringType], boolType, matches),
    global('matches', 'matches', [stringType, stringType], boolType, matches),
  ]
}

function parsedInt(text: string): CelValue {
  if (!/^[-+]?\d+$/.test(text)) return new EvaluationError(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`)
  const value = BigInt(text.replace(/^\+/, ''))
  return value < int64Min || value > int64Max ? new EvaluationError(`strconv.ParseInt: parsing ${quote(text)}: value out of range`) : value
}

function parsedDouble(text: string): CelValue {
  if (/^[-+]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return NaN
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : new EvaluationError(`strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`)
}

function conversions(): Overload[] {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const same = (value: CelValue): CelValue => value
  const doubleToInt = (value: number): CelValue => (Number.isFinite(value) && value > -9_223_372_036_854_775_808 && value < 9_223_372_036_854_775_808 ? BigInt(Math.trunc(value)) : overflow)
  return [
    global('int', 'int64_to_int64', [intType], intType, same),
    global('int', 'uint64_to_int64', [uintType], intType, (value: Uint) => int(value.value)),
    global('int', 'double_to_int64', [doubleType], intType, doubleToInt),
    global('int', 'string_to_int64', [stringType], intType, parsedInt),
    global('int', 'timestamp_to_int64', [timestampType], intType, ({ nanos }: Timestamp) => (nanos - (((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)) / 1_000_000_000n),
    global('int', 'duration_to_int64', [durationType], intType, ({ nanos }: Duration) => nanos),
    global('uint', 'uint64_to_uint64', [uintType], uintType, same),
    global('uint', 'int64_to_uint64', [intType], uintType, (value: bigint) => uint(value)),
    global('uint', 'double_to_uint64', [doubleType], uintType, (value: number) => (Number.isFinite(value) && value >= 0 && value < 18_446_744_073_709_551_616 ? new Uint(BigInt(Math.trunc(value))) : uintOverflow)),
    global('uint', 'string_to_uint64', [stringType], uintType, (text: string) => (/^\+?\d+$/.test(text) ? uint(BigInt(text.replace('+', ''))) : new EvaluationError(`strconv.ParseUint: parsing ${quote(text)}: invalid syntax`))),
    global('double', 'double_to_double', [doubleType], doubleType, same),
    global('double', 'int64_to_double', [intType], doubleType, (value: bigint) => Number(value)),
    global('double', 'uint64_to_double', [uintType], doubleType, (value: Uint) => Number(value.value)),
    global('double', 'string_to_double', [stringType], doubleType, parsedDouble),
    global('string', 'string_to_string', [stringType], stringType, same),
    global('string', 'bool_to_string', [boolType], stringType, (value: boolean) => String(value)),
    global('string', 'int64_to_string', [intType], stringType, (value: bigint) => String(value)),
    global('string', 'uint64_to_string', [uintType], stringType, (value: Uint) => String(value.value)),
    global('string', 'double_to_string', [doubleType], stringType, (value: number) => doubleText(value)),
    global('string', 'bytes_to_string', [bytesType], stringType, (bytes: Uint8Array) => {
      try {
        return decoder.decode(bytes)
      } catch {
        return new EvaluationError('invalid UTF-8 in bytes, cannot convert to string')
      }
    }),
    global('string', 'timestamp_to_string', [timestampType], stringType, timestampText),
    global('string', 'duration_to_string', [durationType], stringType, durationText),
    global('bytes', 'bytes_to_bytes', [bytesType], bytesType, same),
    global('bytes', 'string_to_bytes', [stringType], bytesType, (text: string) => encoder.encode(text)),
    global('bool', 'bool_to_bool', [boolType], boolType, same),
    global('bool', 'string_to_bool', [stringType], boolType, (text: string) => (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text) ? true : ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : new EvaluationError("type conversion error from 'string' to 'bool'"))),
    global('duration', 'duration_to_duration', [durationType], durationType, same),
    global('duration', 'string_to_duration', [stringType], durationType, (text: string) => {
      const nanos = parseDurationNanos(text)
      return nanos === undefined ? new EvaluationError(`time: invalid duration ${quote(text)}`) : new Duration(nanos)
    }),
    global('duration', 'int64_to_duration', [intType], durationType, (value: bigint) => durationOf(value)),
    global('timestamp', 'timestamp_to_timestamp', [timestampType], timestampType, same),
    global('timestamp', 'string_to_timestamp', [stringType], timestampType, (text: string) => {
      const nanos = parseTimestampNanos(text)
      return nanos === undefined ? new EvaluationError(`parsing time ${quote(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${quote(text)} as "2006"`) : timestampOf(nanos, zoneMinutesOf(text))
    }),
    global('timestamp', 'int64_to_timestamp', [intType], timestampType, (value: bigint) => timestampOf(value * 1_000_000_000n)),
    global('dyn', 'to_dyn', [paramA], dynType, same),
    global('type', 'type', [paramA], typeType(paramA), (value: CelValue) => new TypeValue(typeOf(value))),
  ]
}

function dates(): Overload[] {
  const parts = ['getFullYear', 'getMonth', 'getDayOfYear', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds']
  const made: Overload[] = []
  for (const part of parts) {
    made.push(member(part, `timestamp_${part}`, [timestampType], intType, (time: Timestamp) => timestampPart(time, part)))
    made.push(member(part, `timestamp_${part}_tz`, [timestampType, stringType], intType, (time: Timestamp, zone: string) => timestampPart(time, part, zone)))
  }
  const durations: readonly (readonly [string, (nanos: bigint) => bigint])[] = [['getHours', (nanos) => nanos / 3_600_000_000_000n], ['getMinutes', (nanos) => nanos / 60_000_000_000n], ['getSeconds', (nanos) => nanos / 1_000_000_000n], ['getMilliseconds', (nanos) => nanos / 1_000_000n]]
  for (const [part, run] of durations) made.push(member(part, `duration_${part}`, [durationType], intType, ({ nanos }: Duration) => run(nanos)))
  return made
}

export function standardLibrary(): Library {
  return {
    overloads: [...arithmetic(), ...comparisons(), ...sizes(), ...texts(), ...conversions(), ...dates()],
    types: [boolType, intType, uintType, doubleType, stringType, bytesType, listType(dynType), mapType(dynType, dynType), { ...nullType, name: 'null_type' }, typeType(dynType), durationType, timestampType],
  }
}

