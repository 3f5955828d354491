/** Random objects of a definition, for property tests: every value that a client could send well-formed, zeros and empty things
 *  and texts that formats trip over included. */
import type { JsonObject } from '../../machinery/json-value.ts'
import type { Definition, Field, ScalarName, SchemaType } from '../../machinery/schema.ts'

/** Texts that look like something else in YAML, JSON or a form of their own. (But for `<<`: as a key, go-yaml writes it plain and
 *  then takes it for a merge.) */
const texts = [
  '', 'a', 'web-1', 'Always', 'true', 'no', 'Null', '~', 'null', '0', '-0', '007', '0x1F', '1e3', '1_000', '.5', '.inf', '2026-01-01', '12:30:45', '=', '!!str x', '&a', '*a', '%x', '@x', '`x`', '|', '>', '>-', '- x', '? x',
  'a: b', 'a #b', '#', ' x', 'x ', '\t', 'x\ty', 'two\nlines', 'two\nlines\n', '\n', '\n\nx', ' x\ny', 'x  \ny', '"', "'", "it's", '\\', '\\n', '{}', '[]', '{', ',', ':', '---', '...', 'ß', '☃', '😀', '\u2028', '\u0085', '\u00a0', '\ufeff', '\u007f', '\u0001', '<a>&b',
  'long text with spaces that goes on and on until any folding of lines would have set in, and then somewhat further so that it shows', 'example.com/name', '10.0.0.1', '{"a":1}',
] as const

/** How much of an object is filled in. */
export interface RandomOptions {
  /** The chance of a field that is not required. */
  readonly fill: number
  readonly depthMax: number
}

/** An object of the definition. Fields that are not on the wire (apiVersion and kind) are left out. */
export function randomObject(definition: Definition, random: () => number, options: RandomOptions = { fill: 0.5, depthMax: 6 }, depth = 0): JsonObject {
  const out: JsonObject = {}
  for (const field of definition.fields.values()) {
    if (field.wire.length === 0) continue
    const chance = field.required ? 0.9 : depth >= options.depthMax ? 0 : options.fill / (1 + depth / 3)
    if (random() >= chance) continue
    const value = fieldValue(field, random, options, depth)
    if (value !== undefined) out[field.name] = value
  }
  return out
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T
}

function fieldValue({ type, enum: values, keepsZero }: Field, random: () => number, options: RandomOptions, depth: number): unknown {
  if (values && type.is === 'scalar' && random() < 0.7) return pick(values, random)
  const value = valueOf(type, random, options, depth)
  // Go writes these empty lists and maps as JSON, but its binary form has none.
  const vanishes = keepsZero && (type.is === 'map' || type.is === 'list') && Object.keys(value as object).length === 0
  return vanishes ? undefined : value
}

function valueOf(type: SchemaType, random: () => number, options: RandomOptions, depth: number): unknown {
  const count = depth >= options.depthMax ? 0 : Math.floor(random() * 3)
  switch (type.is) {
    case 'object':
      return randomObject(type.target, random, options, depth + 1)
    case 'list':
      return Array.from({ length: count }, () => valueOf(type.items, random, options, depth + 1))
    case 'map':
      return Object.fromEntries(Array.from({ length: count }, () => [pick(texts, random), valueOf(type.values, random, options, depth + 1)]))
    default:
      return scalarOf(type.scalar, random)
  }
}

const integers = [0, 1, -1, 80, 127, 128, 300, 65_535, 65_536, 1_000_000, 2_147_483_647, -2_147_483_648]
const anything = [{}, { a: { b: [1, 'two', null, true, 1.5, -0.25, 1e21] } }, { '': '', 'x y': [] }]
const of: { readonly [scalar in ScalarName]: readonly unknown[] } = {
  string: texts,
  int32: integers,
  int64: [...integers, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  double: [0, 1, -1.5, 0.1, 1e300, 5e-324, 123456789.123],
  boolean: [true, false],
  bytes: ['', 'aGVsbG8=', 'AAEC/w==', 'YQ==', '+/+/'],
  Time: ['2026-01-01T00:00:00Z', '1969-07-20T20:17:40Z', '2026-03-01T12:00:00+01:30', '9999-12-31T23:59:59Z', '0001-01-02T00:00:00Z', '2026-01-01T00:00:00.75Z'],
  MicroTime: ['2026-01-01T00:00:00.123456Z', '2026-01-01T00:00:00.123457Z', '2026-01-01T00:00:00.999999Z', '1969-07-20T20:17:40.000001Z', '2026-01-01T00:00:00Z', '2026-03-01T12:00:00.5+01:30'],
  Quantity: ['0', '1', '100m', '-1', '0.5', '1.5Gi', '1024Ki', '1e3', '1E6', '12e-3', '3n', '5u', '7k', '2M', '1Ti', '9223372036854775807', '99999999999999999999', '0.0000000001', '+5', '010', 128],
  IntOrString: [0, 80, -1, 2_147_483_647, 'http', '25%', '', '80', 'true'],
  Duration: ['0s', '1m0s', '1h30m0s', '500ms', '1.5h', '-2m', '3us', '1ns', '2562047h47m16.854775807s'],
  RawExtension: anything,
  FieldsV1: [{}, { 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } } }],
  JSON: [...anything, null, 'text', 3, true, [], [1, { a: 'b' }]],
  JSONSchemaPropsOrArray: [{ type: 'string' }, [{ type: 'integer' }], []],
  JSONSchemaPropsOrBool: [true, false, { type: 'string' }, {}],
  JSONSchemaPropsOrStringArray: [{ type: 'string' }, ['a', 'b'], []],
}

function scalarOf(scalar: ScalarName, random: () => number): unknown {
  return pick(of[scalar], random)
}
