/** Random definitions with random schemas and rules, random objects for those that are taken, and random expressions in
 *  policies and match conditions, over the real edge. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FuzzedServer } from './testing/fuzzing.node.ts'
import { hunt, startFuzzed } from './testing/fuzzing.node.ts'

let server: FuzzedServer
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
let made = 0

beforeAll(async () => {
  server = await startFuzzed()
})
afterAll(() => server.close())

/** CEL: soup, what is well formed, and what is expensive. */
const token = fc.constantFrom('self', 'oldSelf', 'object', 'oldObject', 'request', 'params', 'variables', 'authorizer', 'true', 'null', '1', '-1', '0u', '1.5', '9223372036854775807', '1e400', '0x', "'a'", '"\\u0000"', "b'\\xff'", "r'\\'", '[', ']', '{', '}', '(', ')', '.', ',', ':', '?', '?.', '[?', '+', '-', '*', '/', '%', '!', '&&', '||', '==', '!=', '<', '>=', 'in', 'has', 'all', 'exists_one', 'map', 'filter', 'cel.bind', 'dyn', 'type', 'size', 'matches', 'x', '__proto__', 'a.b', '//', '\n', '`', '`a-b`', '\\', '$', 'ip', 'cidr', 'quantity', 'url', 'format.named', 'optional.of', 'duration', 'timestamp', 'metadata', 'name', '.all(x,', '.map(y,', 'true)')
const soup = fc.array(token, { maxLength: 14 }).chain((tokens) => fc.constantFrom('', ' ').map((by) => tokens.join(by)))
const whole: fc.Arbitrary<string> = fc.letrec<{ e: string }>((tie) => {
  const e = tie('e')
  const two = (make: (a: string, b: string) => string): fc.Arbitrary<string> => fc.tuple(e, e).map(([a, b]) => make(a, b))
  return {
    e: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.constantFrom('self', 'self.a', 'self.b', 'self.c', 'self.d', 'oldSelf', 'object', 'object.metadata.name', 'oldObject', 'request.operation', 'x', '1', '0', '-9223372036854775808', '2u', '0.0', '1.0e308', "'a'", "'%s %d'", 'true', 'null', '[]', '{}', '[1, 2]', "{'a': 1}", "timestamp('9999-12-31T23:59:59Z')", "duration('290000h')", "b'ab'", 'int', "quantity('1Gi')", "ip('::1')", "cidr('10.0.0.0/8')", "semver('1.2.3')"),
      fc.tuple(fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', '&&', '||', 'in'), e, e).map(([by, a, b]) => `(${a} ${by} ${b})`),
      fc.tuple(fc.constantFrom('all', 'exists', 'exists_one', 'map', 'filter'), e, e).map(([how, a, b]) => `${a}.${how}(x, ${b})`),
      fc.tuple(fc.constantFrom('transformList', 'transformMap', 'all', 'exists', 'existsOne', 'transformMapEntry'), e, e).map(([how, a, b]) => `${a}.${how}(i, x, ${b})`),
      fc.tuple(fc.constantFrom('size', 'string', 'int', 'uint', 'double', 'bytes', 'type', 'dyn', 'duration', 'timestamp', 'quantity', 'ip', 'cidr', 'url', 'isIP', 'isQuantity', 'semver', 'base64.decode', 'base64.encode', 'optional.of', 'optional.ofNonZeroValue', 'sets.contains', 'math.greatest', 'regex.extract'), e).map(([call, a]) => `${call}(${a})`),
      fc.tuple(fc.constantFrom('size', 'lowerAscii', 'trim', 'sum', 'min', 'max', 'isSorted', 'reverse', 'flatten', 'distinct', 'sort', 'getSeconds', 'getFullYear', 'value', 'hasValue', 'charAt', 'upperAscii', 'asInteger'), e).map(([call, a]) => `${a}.${call}()`),
      fc.tuple(fc.constantFrom('contains', 'startsWith', 'matches', 'split', 'join', 'indexOf', 'find', 'findAll', 'format', 'substring', 'charAt', 'lastIndexOf', 'orValue', 'getHours', 'containsCIDR', 'add', 'compareTo', 'isGreaterThan', 'slice'), e, e).map(([call, a, b]) => `${a}.${call}(${b})`),
      fc.tuple(e, e, e).map(([a, b, c]) => `${a}.replace(${b}, ${c})`),
      fc.tuple(e, e, e).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      two((a, b) => `[${a}, ${b}]`),
      two((a, b) => `{${a}: ${b}}`),
      two((a, b) => `${a}[${b}]`),
      two((a, b) => `${a}[?${b}]`),
      two((a, b) => `cel.bind(x, ${a}, ${b})`),
      e.map((a) => `has(${a}.a)`),
      e.map((a) => `${a}.?b`),
      e.map((a) => `!${a}`),
      e.map((a) => `-${a}`),
    ),
  }
}).e
const many = (text: string, times: number): string => text.repeat(times)
const costly = fc.constantFrom(
  'self.b.all(x, self.b.all(y, self.b.all(z, x + y != z)))',
  "self.c.matches('^(a+)+$')",
  'self.c.matches(self.c)',
  `self.c.replace('a', '${many('b', 500)}').replace('b', '${many('c', 500)}').replace('c', '${many('d', 500)}').size() > 0`,
  `self.c.replace('', self.c).replace('', self.c).replace('', self.c).size() > 0`,
  `[${many('1,', 5000)}1].all(x, [${many('1,', 2000)}1].all(y, x == y))`,
  "cel.bind(a, 'xxxxxxxxxx', cel.bind(b, a+a+a+a+a+a+a+a+a+a, cel.bind(c, b+b+b+b+b+b+b+b+b+b, cel.bind(d, c+c+c+c+c+c+c+c+c+c, cel.bind(e, d+d+d+d+d+d+d+d+d+d, cel.bind(f, e+e+e+e+e+e+e+e+e+e, cel.bind(g, f+f+f+f+f+f+f+f+f+f, (g+g+g+g+g+g+g+g+g+g).size() > 0)))))))",
  'cel.bind(a, [1,1,1,1,1,1,1,1,1,1], a.all(p, a.all(q, a.all(r, a.all(s, a.all(t, a.all(u, a.all(v, a.all(w, p+q+r+s+t+u+v+w > 0)))))))))',
  'cel.bind(a, [1,1,1,1,1,1,1,1,1,1], a.map(p, a.map(q, a.map(r, a.map(s, a.map(t, a.map(u, a.map(v, a)))))))) != []',
  "'%s%s%s%s'.format([self.c, self.c, self.c, self.c]).size() > 0",
  "'%1000000000d'.format([1]) != ''",
  "'%.1000000000f'.format([1.0]) != ''",
  "'x'.matches('((((((a{30}){30}){30}){30}){30}){30})')",
  "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a|a|aa|a*)*(a|b)*$')",
  "self.c.findAll('(a*)*').size() >= 0",
  "self.c.split('').map(x, self.c.split('')).size() >= 0",
  `${many('(', 200)}true${many(')', 200)}`,
  `${many('!', 500)}true`,
  `${many('-', 500)}1 == 1`,
  many('true && ', 3000) + 'true',
  many('1 + ', 2000) + '1 == 0',
  `self${many('.a', 2000)} == 1`,
  `${many('[', 300)}${many(']', 300)} == []`,
  `${many('{1:', 200)}1${many('}', 200)} == {}`,
  `${many('true ? ', 300)}true${many(' : true', 300)}`,
  `'${many('\\u00e9', 20_000)}' == self.c`,
  'self.d.all(k, self.d.all(l, self.d[k] == self.d[l]))',
  'self == self && [self, self, self] == [self, self, self]',
  'duration(string(9223372036854775807) + "s") > duration("1s")',
  "timestamp('0001-01-01T00:00:00Z') - duration('9223372036s') < timestamp('9999-12-31T23:59:59Z')",
  'self.b.sort().reverse().distinct() == self.b',
  'self.b.flatten().flatten() == self.b',
  'lists.range(1000000000).size() > 0',
)
const expression = fc.oneof({ weight: 3, arbitrary: soup }, { weight: 5, arbitrary: whole }, { weight: 2, arbitrary: costly }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) })

/** Schemas. */
const odd = fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, '', 'x', 'a', 'a-b', '__proto__', [], {}, [[]], { a: 1 }, { a: { b: null } }, ['a', 'b'], ['a', 'a'], '2026-01-01', '10.0.0.1')
const pattern = fc.constantFrom('^a+$', '(', '^(a+)+$', '(a|a)*b', '(?=a)', '(?<!a)b', '\\1(a)', 'a{1001}', 'a{1000}{1000}', '[', '\\p{Greek}', '\\C', '(?i)x', '[[:alpha:]]+', '(?P<n>a)', '^(([a-z])+.)+[A-Z]([a-z])+$', '(x+x+)+y', '.*'.repeat(40), `(${'a?'.repeat(30)})${'a'.repeat(30)}`, '\u0000', `${'('.repeat(1200)}a${')'.repeat(1200)}`)
const fieldName = fc.constantFrom('a', 'b', 'c', 'd', 'metadata', 'kind', 'apiVersion', 'spec', '__proto__', 'constructor', 'a-b', 'a.b', 'a/b', '', 'namespace', 'toString', '$ref')
const rule = fc.record<Record<string, unknown>>({ rule: expression as fc.Arbitrary<unknown>, message: fc.constantFrom<unknown>('no', '', '\n', 'x'.repeat(3000)), messageExpression: expression, reason: fc.constantFrom<unknown>('FieldValueInvalid', 'FieldValueForbidden', 'x', ''), fieldPath: fc.constantFrom<unknown>('.a', '.spec.a', "['a.b']", '.a[0]', '..', '', '.', '[', "['"), optionalOldSelf: fc.boolean() as fc.Arbitrary<unknown> }, { requiredKeys: ['rule'] })
type Schema = Record<string, unknown>
/** How likely a schema is to be none: 0 for those that are structural but for their rules and defaults. */
const schema = (noise: number): fc.Arbitrary<Schema> =>
  fc.letrec<{ schema: Schema }>((tie) => {
    const inner = tie('schema')
    const common = fc.record<Schema>({ nullable: fc.boolean(), default: odd, description: fc.constant('d'), enum: fc.oneof(fc.array(odd, { maxLength: 3 }), fc.constant(Array.from({ length: 3000 }, (_, index) => `value-${index}`))), 'x-kubernetes-validations': fc.array(rule, { maxLength: 2 }) }, { requiredKeys: [] })
    const sometimes = (rest: fc.Arbitrary<Schema>): fc.Arbitrary<Schema> => fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: rest })
    const checks = sometimes(fc.record<Schema>({ anyOf: fc.array(fc.record<Schema>({ pattern, required: fc.constant(['a']), minimum: fc.integer(), not: fc.constant({ enum: [1] }), properties: fc.constant({ a: { minLength: 1 } }) }, { requiredKeys: [] }), { maxLength: 3 }), allOf: fc.constant([{ anyOf: [{ type: 'integer' }, { type: 'string' }] }]), not: fc.constant({ required: ['b'] }), oneOf: fc.constant([{}, { maximum: 3 }]) }, { requiredKeys: [] }))
    const scalar = fc.oneof(
      fc.record<Schema>({ type: fc.constant('string'), pattern, format: fc.constantFrom('date', 'date-time', 'ipv4', 'cidr', 'byte', 'uuid', 'email', 'nosuch', 'duration', 'mac', 'bsonobjectid', 'uri', 'hostname', 'creditcard', 'isbn', 'rgbcolor', 'k8s-short-name'), maxLength: fc.constantFrom(0, 5, 100_000, -1, 2 ** 53), minLength: fc.integer() }, { requiredKeys: ['type'] }),
      fc.record<Schema>({ type: fc.constantFrom('integer', 'number'), minimum: fc.oneof(fc.integer(), fc.double()), maximum: fc.double({ noNaN: true }), exclusiveMaximum: fc.boolean(), multipleOf: fc.constantFrom(0, 0.1, 3, -2, 1e-300), format: fc.constantFrom('int32', 'int64', 'float', 'double') }, { requiredKeys: ['type'] }),
      fc.constant<Schema>({ type: 'boolean' }),
      fc.constant<Schema>({ 'x-kubernetes-int-or-string': true }),
      fc.constant<Schema>({ 'x-kubernetes-preserve-unknown-fields': true }),
    )
    const list = fc.record<Schema>({ type: fc.constant('array'), items: inner, maxItems: fc.constantFrom(3, 0, 1000, -1), 'x-kubernetes-list-type': fc.constantFrom('atomic', 'set', 'map', 'x'), 'x-kubernetes-list-map-keys': fc.array(fieldName, { maxLength: 2 }) }, { requiredKeys: ['type', 'items'] })
    const object = fc.record<Schema>({ type: fc.constant('object'), properties: fc.dictionary(fieldName, inner, { maxKeys: 4 }), required: fc.array(fieldName, { maxLength: 2 }), 'x-kubernetes-map-type': fc.constantFrom('atomic', 'granular', 'x'), 'x-kubernetes-preserve-unknown-fields': fc.boolean(), 'x-kubernetes-embedded-resource': fc.boolean(), minProperties: fc.nat(3) }, { requiredKeys: ['type', 'properties'] })
    const map = fc.record<Schema>({ type: fc.constant('object'), additionalProperties: fc.oneof(inner as fc.Arbitrary<unknown>, fc.boolean()), maxProperties: fc.constantFrom(3, 1000) }, { requiredKeys: ['type', 'additionalProperties'] })
    const broken = fc.record<Schema>({ type: odd, $ref: fc.constantFrom('#', '#/properties/a', ''), properties: fc.oneof(odd, fc.constant({ a: null })), items: fc.oneof(odd, fc.array(inner)), additionalItems: odd, additionalProperties: odd, required: odd, pattern: odd, patternProperties: odd, dependencies: odd, definitions: odd, uniqueItems: fc.boolean(), 'x-kubernetes-validations': odd, default: odd, enum: odd }, { requiredKeys: [] })
    return { schema: fc.oneof({ maxDepth: 4 }, scalar, ...(noise > 0 ? [{ weight: noise, arbitrary: broken }] : []), list, { weight: 2, arbitrary: object }, map).chain((made) => fc.tuple(sometimes(common), checks).map(([more, junctors]) => ({ ...made, ...more, ...junctors }))) }
  }).schema
const tame = fc.tuple(
  fc.dictionary(fieldName.filter((name) => !['metadata', 'kind', 'apiVersion'].includes(name)), schema(0), { minKeys: 1, maxKeys: 3 }),
  fc.array(fc.record({ rule: expression }), { maxLength: 1 }),
).map(([properties, rules]): Schema => ({ type: 'object', properties, ...(rules.length > 0 ? { 'x-kubernetes-validations': rules } : {}) }))

/** The group of a definition with the schema, if it is taken. */
async function define(openAPIV3Schema: unknown, more: Schema = {}): Promise<string | undefined> {
  const group = `fuzz${made++}.example.com`
  const body = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `things.${group}` }, spec: { group, scope: 'Cluster', names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema }, ...more }] } }
  return (await server.ask('POST', definitions, body)).status === 201 ? group : undefined
}

/** A value for the schema, more or less. */
function valueFor(schema: Schema | undefined, given: readonly unknown[], at: { next: number }, depth = 0): unknown {
  const pick = given[at.next++ % given.length]
  if (at.next % 7 === 0 || depth > 8 || schema === undefined) return pick
  if (Array.isArray(schema['enum']) && schema['enum'].length > 0) return schema['enum'][0]
  switch (schema['type']) {
    case 'string':
      return typeof pick === 'number' ? 'a'.repeat(Math.min(Math.abs(Math.trunc(pick)), 5000)) : String(pick)
    case 'integer':
    case 'number':
      return typeof pick === 'number' ? pick : 1
    case 'boolean':
      return true
    case 'array':
      return Array.from({ length: at.next % 5 === 0 ? 50 : 2 }, () => valueFor(schema['items'] as Schema, given, at, depth + 3))
    case 'object': {
      const properties = (schema['properties'] ?? {}) as Record<string, Schema>
      if (typeof schema['additionalProperties'] === 'object') return Object.fromEntries(['k', 'l', 'a.b'].map((key) => [key, valueFor(schema['additionalProperties'] as Schema, given, at, depth + 1)]))
      return Object.fromEntries(Object.keys(properties).map((key) => [key, valueFor(properties[key], given, at, depth + 1)]))
    }
    default:
      return pick
  }
}

async function tryObjects(group: string, openAPIV3Schema: Schema, values: readonly unknown[]): Promise<void> {
  const path = `/apis/${group}/v1/things`
  for (let tries = 0; tries < 100 && (await server.ask('GET', path)).status !== 200; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
  for (let round = 0; round < 3; round++) {
    const body = { ...(valueFor(openAPIV3Schema, values, { next: round }) as object), apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: `x${round}` } }
    const answer = await server.ask('POST', path, body)
    if (answer.status !== 201) continue
    await server.stillValid(`${path}/x${round}`)
    await server.ask('PUT', `${path}/x${round}`, { ...(valueFor(openAPIV3Schema, values, { next: round + 1 }) as object), apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: `x${round}`, resourceVersion: answer.json.metadata.resourceVersion } })
    await server.ask('PATCH', `${path}/x${round}?fieldManager=f&force=true`, body, { 'content-type': 'application/apply-patch+yaml' })
    await server.ask('PATCH', `${path}/x${round}`, { spec: values[0], a: values[1], b: null }, { 'content-type': 'application/merge-patch+json' })
    await server.stillValid(`${path}/x${round}`)
    await server.ask('GET', path, undefined, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' })
  }
}
const values = fc.array(fc.oneof(odd, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ maxLength: 8 }), fc.constant('a'.repeat(3000))), { minLength: 3, maxLength: 12 })
const gone = (group: string): Promise<unknown> => server.ask('DELETE', `${definitions}/things.${group}`)

describe('random definitions', { timeout: 3_600_000 }, () => {
  it('with schemas that are seldom structural', () =>
    hunt('schemas', fc.oneof(schema(3), fc.tuple(schema(3), odd).map(([inner, other]) => ({ type: 'object', properties: { spec: inner, a: other } }))), async (made) => {
      const group = await define(made)
      if (group === undefined) return
      await server.stillValid(`${definitions}/things.${group}`)
      await gone(group)
    }))

  it('with columns, selectable fields and scale anywhere', () => {
    const path = fc.oneof(fc.constantFrom<unknown>('.spec.a', '.metadata.name', '.', '', '.a[', '.a[0]', ".a['b']", '.a[*]', '..a', '.a[?(@.b=="c")]', '$.a', '{.a}', '.a[0:2]', '.a[-1]', '.a[99999999999999999999]', '.status.x', '.a.b.c', ".a['", '.a[?(@.b', '.__proto__.x'), odd, fc.string({ maxLength: 10 }))
    const more = fc.record<Schema>({ additionalPrinterColumns: fc.array(fc.record<Schema>({ name: fc.oneof(odd, fc.constantFrom('A', 'B')), type: fc.constantFrom('string', 'integer', 'date', 'boolean', 'number', 'x'), jsonPath: path, priority: odd, format: odd }, { requiredKeys: ['name', 'type', 'jsonPath'] }), { maxLength: 3 }), selectableFields: fc.array(fc.record<Schema>({ jsonPath: path }), { maxLength: 2 }), subresources: fc.record<Schema>({ status: fc.constantFrom({}, null), scale: fc.record<Schema>({ specReplicasPath: path, statusReplicasPath: path, labelSelectorPath: path }) }, { requiredKeys: [] }), deprecated: odd, deprecationWarning: odd }, { requiredKeys: [] })
    const openAPIV3Schema = { type: 'object', properties: { a: { type: 'string' }, spec: { type: 'object', properties: { a: { type: 'string' }, replicas: { type: 'integer' } } }, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }
    return hunt('columns', fc.tuple(more, values), async ([given, some]) => {
      const group = await define(openAPIV3Schema, given)
      if (group === undefined) return
      await server.stillValid(`${definitions}/things.${group}`)
      await tryObjects(group, openAPIV3Schema, some)
      await server.ask('GET', `/apis/${group}/v1/things/x0/scale`)
      await gone(group)
    })
  })

  let taken = 0
  it('and random objects for them', async () => {
    await hunt('objects', fc.tuple(tame, values), async ([made, some]) => {
      const group = (await define(made)) ?? (await define(tamed(made)))
      if (group === undefined) return
      taken++
      await server.stillValid(`${definitions}/things.${group}`)
      await tryObjects(group, made, some)
      await gone(group)
    })
    expect(taken).toBeGreaterThan(10)
  })

  it('with rules over large objects', () => {
    const large = [{ a: 'a'.repeat(200_000) }, { b: Array.from({ length: 20_000 }, (_, index) => `${index}`) }, { c: `${'a'.repeat(100_000)}!` }, { d: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, `${index}`])) }]
    return hunt('rules', fc.tuple(expression, expression, fc.constantFrom(...large)), async ([first, message, given]) => {
      const bounded = { type: 'object', 'x-kubernetes-validations': [{ rule: first, messageExpression: message }], properties: { a: { type: 'string' }, b: { type: 'array', maxItems: 30_000, items: { type: 'string', maxLength: 10 } }, c: { type: 'string', maxLength: 200_000 }, d: { type: 'object', maxProperties: 6000, additionalProperties: { type: 'string', maxLength: 10 } } } }
      const group = (await define(bounded)) ?? (await define({ ...bounded, 'x-kubernetes-validations': [{ rule: first }] }))
      if (group === undefined) return
      const path = `/apis/${group}/v1/things`
      for (let tries = 0; tries < 100 && (await server.ask('GET', path)).status !== 200; tries++) await new Promise((resolve) => setTimeout(resolve, 5))
      for (const part of [{ a: 'x', b: ['y', 'z'], c: 'aaaa', d: { k: 'v' } }, given]) if ((await server.ask('POST', path, { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { generateName: 'x' }, ...part })).status === 201) break
      await gone(group)
    })
  })
})

/** The schema without rules, defaults, enums and patterns, which are what is refused most. */
function tamed(schema: unknown): Schema {
  if (Array.isArray(schema)) return schema.map(tamed) as unknown as Schema
  if (typeof schema !== 'object' || schema === null) return schema as Schema
  const refused = ['x-kubernetes-validations', 'default', 'enum', 'pattern', 'not', 'anyOf', 'allOf', 'oneOf', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type', 'x-kubernetes-embedded-resource', 'minLength', 'multipleOf']
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !refused.includes(key)).map(([key, inner]) => [key, tamed(inner)]))
}

describe('random expressions', { timeout: 3_600_000 }, () => {
  const configMaps = '/api/v1/namespaces/default/configmaps'
  const admissions = '/apis/admissionregistration.k8s.io/v1'
  const constraints = { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] }] }
  const conditions = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'x.y/z', ''), expression }), { maxLength: 2 })
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'seen', labels: { a: 'b' } }, data: { a: 'a'.repeat(50_000), b: '2' } }

  it('in policies', () => {
    const spec = fc.record({ failurePolicy: fc.constantFrom('Fail', 'Ignore'), matchConstraints: fc.constant(constraints), matchConditions: conditions, validations: fc.array(fc.record({ expression, messageExpression: expression, message: fc.constantFrom('m', ''), reason: fc.constantFrom('Invalid', 'Forbidden', 'x') }, { requiredKeys: ['expression'] }), { minLength: 1, maxLength: 2 }), variables: fc.array(fc.record({ name: fc.constantFrom('v', 'w', '1', ''), expression }), { maxLength: 2 }), auditAnnotations: fc.array(fc.record({ key: fc.constantFrom('k', 'K', ''), valueExpression: expression }), { maxLength: 1 }) }, { requiredKeys: ['matchConstraints', 'validations'] })
    return hunt('policies', spec, async (given) => {
      const name = `p${made++}`
      if ((await server.ask('POST', `${admissions}/validatingadmissionpolicies`, { metadata: { name }, spec: given })).status !== 201) return
      await server.stillValid(`${admissions}/validatingadmissionpolicies/${name}`)
      await server.ask('POST', `${admissions}/validatingadmissionpolicybindings`, { metadata: { name }, spec: { policyName: name, validationActions: ['Deny', 'Audit'] } })
      await new Promise((resolve) => setTimeout(resolve, 10))
      try {
        await server.ask('POST', `${configMaps}?dryRun=All`, object)
      } finally {
        await server.ask('DELETE', `${admissions}/validatingadmissionpolicybindings/${name}`)
        await server.ask('DELETE', `${admissions}/validatingadmissionpolicies/${name}`)
      }
    })
  })

  it('in mutating policies', () => {
    const applied = fc.oneof(expression, expression.map((text) => `Object{metadata: Object.metadata{labels: {"x": string(${text})}}}`), expression.map((text) => `Object{data: ${text}}`))
    const patched = fc.oneof(expression, expression.map((text) => `[JSONPatch{op: "add", path: "/data/x", value: ${text}}]`), fc.tuple(fc.constantFrom('test', 'remove', 'move', 'x', 'replace'), fc.constantFrom('/data', '/data/-', '/metadata/name', '', 'x', '/metadata/labels/a~1b', '/kind')).map(([op, path]) => `[JSONPatch{op: "${op}", path: "${path}", value: object.data, from: "/data/a"}]`))
    const mutation = fc.oneof(applied.map((text) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression: text } })), patched.map((text) => ({ patchType: 'JSONPatch', jsonPatch: { expression: text } })))
    return hunt('mutations', fc.tuple(mutation, conditions), async ([given, matchConditions]) => {
      const name = `m${made++}`
      if ((await server.ask('POST', `${admissions}/mutatingadmissionpolicies`, { metadata: { name }, spec: { reinvocationPolicy: 'IfNeeded', matchConstraints: constraints, matchConditions, mutations: [given] } })).status !== 201) return
      await server.stillValid(`${admissions}/mutatingadmissionpolicies/${name}`)
      await server.ask('POST', `${admissions}/mutatingadmissionpolicybindings`, { metadata: { name }, spec: { policyName: name } })
      await new Promise((resolve) => setTimeout(resolve, 10))
      try {
        await server.ask('POST', `${configMaps}?dryRun=All`, object)
      } finally {
        await server.ask('DELETE', `${admissions}/mutatingadmissionpolicybindings/${name}`)
        await server.ask('DELETE', `${admissions}/mutatingadmissionpolicies/${name}`)
      }
    })
  })

  it('in match conditions of webhooks', () =>
    hunt('match conditions', conditions, async (matchConditions) => {
      const name = `w${made++}`
      const webhook = { name: 'a.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Ignore', timeoutSeconds: 1, clientConfig: { url: 'https://127.0.0.1:1/x' }, rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] }], matchConditions }
      if ((await server.ask('POST', `${admissions}/validatingwebhookconfigurations`, { metadata: { name }, webhooks: [webhook] })).status !== 201) return
      await server.stillValid(`${admissions}/validatingwebhookconfigurations/${name}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
      await server.ask('POST', `${configMaps}?dryRun=All`, object)
      await server.ask('DELETE', `${admissions}/validatingwebhookconfigurations/${name}`)
    }))
})
