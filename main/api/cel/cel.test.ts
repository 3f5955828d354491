import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { compile } from './compile.ts'
import { authorizerType, authorizerValue } from './functions/authorizer.ts'
import type { AuthorizationCheck } from './functions/authorizer.ts'
import { jsonPatchType } from './functions/json-patches.ts'
import { jsonOfValue, valueOfJson } from './json-values.ts'
import { configurationOf, jsonPatchOf, mutationObjects } from './mutation-objects.ts'
import { boolType, dynType, intType, listType, mapType, objectType, stringType } from './types.ts'
import type { CelValue } from './values.ts'

const variables = { x: intType, s: stringType, list: listType(intType), texts: listType(stringType), map: mapType(stringType, intType), d: dynType }
const values: Record<string, CelValue> = { x: 5n, s: 'hello', list: valueOfJson([3, 1, 2]), texts: valueOfJson(['a', 'b', 'a']), map: valueOfJson({ a: 1, b: 2 }), d: valueOfJson({ a: { b: [1, 'two', 2.5, null] }, 'x-y': true }) }

function run(source: string): unknown {
  const compiled = compile(source, { variables })
  if ('text' in compiled) return compiled.text.split('\n')[0]
  const outcome = compiled.program.evaluate(values)
  return 'error' in outcome ? new Error(outcome.error) : jsonOfValue(outcome.value)
}

function costOf(source: string): number {
  const compiled = compile(source, { variables })
  if ('text' in compiled) throw new Error(compiled.text)
  return compiled.program.evaluate(values).cost
}

describe('expressions', () => {
  it.each<[string, unknown]>([
    ['1 + 2 * 3 - 4 / 2 % 3', 5],
    ['-x', -5], ['!true', false], ['- -1', 1],
    ['1.5 + 2.0', 3.5], ['7 / 2', 3], ['-7 / 2', -3], ['-7 % 2', -1], ['1u + 2u', 3],
    ['0x1F', 31], ['1e3', 1000], ['r"\\d"', '\\d'], ["'\\u00e9\\x41\\101\\n'", 'éAA\n'], ['"""a"b"""', 'a"b'], ["b'\\xff'", '/w=='],
    ['x > 3 ? "big" : "small"', 'big'],
    ['1 < 1.5 && 2u > 1', true], ['1 == 1.0', 'ERROR: <input>:1:3: found no matching overload for \'_==_\' applied to \'(int, double)\''], ['dyn(1) == 1.0', true], ['dyn("1") == 1', false],
    ['[1, 2] + [3]', [1, 2, 3]], ['{"a": 1}["a"]', 1], ['2 in list', true], ['"c" in map', false],
    ['has(d.a.b) && !has(d.c)', true], ['d.a.b[1]', 'two'], ['d.a.b[0] + 1', 2], ['d.`x-y`', true],
    ['size(s) + s.size() + list.size() + size(map)', 15], ['size("héllo😀")', 6],
    ['list.all(i, i > 0)', true], ['list.exists(i, i == 2)', true], ['list.exists_one(i, i > 1)', false], ['list.map(i, i * 10)', [30, 10, 20]], ['list.map(i, i > 1, i * 10)', [30, 20]], ['list.filter(i, i != 1)', [3, 2]], ['map.all(k, map[k] > 0)', true],
    ['list.all(i, v, i < 3 && v > 0)', true], ['map.exists(k, v, k == "a" && v == 1)', true], ['list.existsOne(i, v, v == 3)', true], ['list.transformList(i, v, i + v)', [3, 2, 4]], ['list.transformList(i, v, v > 1, v)', [3, 2]], ['map.transformMap(k, v, v + 1)', { a: 2, b: 3 }], ['map.transformMapEntry(k, v, {k + "x": v})', { ax: 1, bx: 2 }],
    ['map.?a.orValue(9)', 1], ['map.?z.orValue(9)', 9], ['d.?a.?b[?7].hasValue()', false], ['optional.of(1).optMap(v, v + 1).value()', 2], ['optional.none().hasValue()', false], ['[?map.?a, ?map.?z]', [1]], ['{?"k": map.?z, "j": 1}', { j: 1 }], ['optional.of(optional.of(3)).optFlatMap(v, v).value()', 3], ['optional.ofNonZeroValue("").hasValue()', false],
    ['type(1) == int && type("") == string', true], ['string(1) + string(1.5) + string(true) + string(b"a")', '11.5truea'], ['int("42") + int(3.9) + int(2u)', 47], ['double("1.5")', 1.5], ['bool("true")', true], ['string(duration("90m"))', '5400s'],
    ['timestamp("2024-02-29T12:30:45.5Z").getDayOfYear()', 59], ['timestamp("2024-02-29T23:30:00Z").getHours("+02:00")', 1], ['string(timestamp("2024-01-01T00:00:00Z") + duration("1h30m"))', '2024-01-01T01:30:00Z'], ['duration("1h") > duration("59m")', true], ['timestamp("2024-01-01T00:00:00Z").getDayOfWeek()', 1],
    ['s.contains("ell") && s.startsWith("he") && s.endsWith("lo") && s.matches("^h.*o$")', true],
    ['s.charAt(1) + s.substring(1, 3) + s.upperAscii() + "ABC".lowerAscii() + " x ".trim()', 'eelHELLOabcx'], ['s.indexOf("l") + s.lastIndexOf("l")', 5], ['s.replace("l", "L", 1)', 'heLlo'], ['"a,b,c".split(",", 2)', ['a', 'b,c']], ['texts.join("-")', 'a-b-a'], ['"%s has %d (%.2f) %x %e".format([s, 5, 1.0, 255, 1.5])', 'hello has 5 (1.00) ff 1.500000×10⁰⁰'], ['[1, "a"].size()', "ERROR: <input>:1:5: expected type 'int' but found 'string'"], ['texts.sortBy(t, t == "b" ? "0" : t)', ['b', 'a', 'a']], ['"%d%%".format([5])', '5%'], ['strings.quote("a\\"b")', '"a\\"b"'],
    ['"abc123def".find("[0-9]+")', '123'], ['"a1b22".findAll("[0-9]+")', ['1', '22']], ['"a1b22".findAll("[0-9]+", 1)', ['1']],
    ['list.isSorted()', false], ['list.sum() + list.min() + list.max()', 10], ['texts.indexOf("a") + texts.lastIndexOf("a")', 2], ['list.sort()', [1, 2, 3]], ['list.reverse()', [2, 1, 3]], ['texts.distinct()', ['a', 'b']], ['list.slice(1, 3)', [1, 2]], ['lists.range(3)', [0, 1, 2]], ['[[1], [2, 3]].flatten()', [1, 2, 3]],
    ['sets.contains(list, [1, 2]) && sets.intersects(list, [3, 9]) && sets.equivalent([1, 1], [1])', true],
    ['url("https://u@example.com:80/a%20b?x=1&x=2").getHostname()', 'example.com'], ['url("https://example.com:80/p?x=1&x=2").getQuery()["x"]', ['1', '2']], ['url("/a/b").getEscapedPath()', '/a/b'], ['isURL("nope")', false], ['url("https://[::1]:80/").getPort()', '80'],
    ['ip("127.0.0.1").isLoopback() && ip("::1").family() == 6', true], ['ip.isCanonical("2001:db8::0001")', false], ['isIP("1.2.3")', false], ['isIP("::ffff:1.2.3.4")', false], ['cidr("10.0.0.0/8").containsIP("10.1.2.3") && !cidr("10.0.0.0/8").containsIP(ip("11.0.0.1"))', true], ['cidr("10.0.0.0/8").containsCIDR("10.1.0.0/16")', true], ['string(cidr("10.1.2.3/8").masked())', '10.0.0.0/8'], ['cidr("::/0").prefixLength()', 0], ['string(ip("2001:0db8::1"))', '2001:db8::1'],
    ['quantity("1Ki").asInteger() + quantity("500m").sign()', 1025], ['quantity("1.5Gi").compareTo(quantity("1536Mi"))', 0], ['quantity("1").add(quantity("1k")).sub(1).asInteger()', 1000], ['isQuantity("1x")', false], ['quantity("1500m").isInteger()', false], ['quantity("1500m").asApproximateFloat()', 1.5], ['quantity("1") == quantity("1000m")', true],
    ['semver("1.2.3-rc.1").isLessThan(semver("1.2.3")) && semver("v1.2", true).minor() == 2', true], ['isSemver("01.0.0")', false], ['semver("1.0.0").compareTo(semver("1.0.0+build"))', 0],
    ['format.dns1123Label().validate("ok").hasValue()', false], ['format.named("uuid").value().validate("x").value()', ['does not match the UUID format']], ['format.named("nope").hasValue()', false],
    ['jsonpatch.escapeKey("a/b~c")', 'a~1b~0c'],
    ['false && 1 / 0 == 1', false], ['1 / 0 == 1 || true', true], ['[1, 0].exists(i, 1 / i == 1)', true],
  ])('%s', (source, wanted) => expect(run(source)).toEqual(wanted))

  it.each<[string, string]>([
    ['1 / 0', 'division by zero'], ['"%.101f".format([1.0])', 'error during formatting: precision 101 is above 100'], ['1 % 0', 'modulus by zero'], ['9223372036854775807 + 1', 'integer overflow'], ['1u - 2u', 'unsigned integer overflow'], ['list[7]', 'index out of bounds: 7'], ['map["z"]', 'no such key: z'], ['d.nope', 'no such key: nope'], ['d.a + 1', 'no such overload'],
    ['int("x")', 'strconv.ParseInt: parsing "x": invalid syntax'], ['[].sum() + [1][1]', 'index out of bounds: 1'], ['lists.range(0).min() == 1', 'min called on empty list'], ['optional.none().value()', 'optional.none() dereference'], ['s.substring(9)', 'index out of range: 9'], ['"a".find(s + "(")', 'Illegal regex: error parsing regexp: missing closing ): `hello(`'], ['quantity("x")', "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  ])('%s fails: %s', (source, message) => expect(run(source)).toEqual(new Error(message)))

  it.each<[string, string]>([
    ['nope', "<input>:1:1: undeclared reference to 'nope' (in container '')"],
    ['s.nope', "<input>:1:2: type 'string' does not support field selection"],
    ['x + s', "<input>:1:3: found no matching overload for '_+_' applied to '(int, string)'"],
    ['s.startsWith(1)', "<input>:1:13: found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ['nope(1)', "<input>:1:5: undeclared reference to 'nope' (in container '')"],
    ['x.all(i, true)', "<input>:1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"],
    ['list.all(i + 1, true)', '<input>:1:12: argument must be a simple name'],
    ['has(x)', '<input>:1:5: invalid argument to has() macro'],
    ['list.all(i, i)', "<input>:1:9: found no matching overload for '_&&_' applied to '(bool, int)'"],
    ['duration("x")', '<input>:1:10: invalid duration argument'],
    ['s.matches("(")', '<input>:1:11: invalid matches argument'],
    ['1 +', "<input>:1:4: Syntax error: mismatched input '<EOF>' expecting {"],
    ['a b', "<input>:1:3: Syntax error: extraneous input 'b' expecting <EOF>"],
    ['x # y', "<input>:1:3: Syntax error: token recognition error at: '#'"],
    ['for', '<input>:1:1: reserved identifier: for'],
    ['9999999999999999999', '<input>:1:1: invalid int literal'],
  ])('%s does not compile', (source, message) => expect(run(source)).toContain(`ERROR: ${message}`))
})

describe('costs', () => {
  it.each<[string, number]>([
    ['1 == 1', 1], ['x == 1', 2], ['d.a.b', 3], ['has(d.a.b)', 2], ['[1, 2, 3]', 0], ['[x]', 11], ['{"a": x}', 31], ['x in [1, 2, 3]', 1], ['x in list', 5],
    ['s.startsWith("he")', 2], ['s.contains("ell")', 2], ['s.matches("abc")', 2], ['s + "!"', 2], ['s == "hello"', 2],
    ['list.all(i, i > 0)', 2 + 3 * 5], ['list.map(i, i)', 2 + 3 * 13], ['texts.join(",")', 2], ['sets.contains(list, [1])', 5], ['list.sum()', 4],
    ['duration("1h")', 0], ['string(x)', 2], ['quantity("1Gi").isGreaterThan(quantity("1Mi"))', 3], ['cidr("10.0.0.0/8").containsIP("10.0.0.1")', 3], ['x > 1 ? x : 2', 2], ['x > 1 ? d.a : d.b', 3], ['optional.none().orValue(1)', 1], ['optional.of(1).orValue(1 + 1)', 1], ['list.reverse()', 1 + 11 + 3], ['list.sort()', 1 + 11 + 18], ['list.distinct()', 1 + 11 + 18], ['[{"a": 1}]', 0],
  ])('%s costs %d', (source, cost) => expect(costOf(source)).toBe(cost))

  it('end an evaluation at the limit', () => {
    const compiled = compile('lists.range(100000).all(i, lists.range(100000).all(j, i + j >= 0))', { variables: {} })
    if ('text' in compiled) throw new Error(compiled.text)
    expect(compiled.program.evaluate({})).toMatchObject({ error: 'operation cancelled: actual cost limit exceeded', exceeded: true })
    expect(compiled.program.evaluate({}, 100)).toMatchObject({ exceeded: true })
  })

  it('are estimated from the sizes that types allow', () => {
    const self = objectType('object', new Map([['list', listType({ ...stringType, sizeMax: 100 }, 10)], ['name', { ...stringType, sizeMax: 200 }]]))
    const estimate = (source: string): number => {
      const compiled = compile(source, { variables: { self } })
      if ('text' in compiled) throw new Error(compiled.text)
      return compiled.program.estimate().max
    }
    expect(estimate('self.name == "abc"')).toBe(2 + 1)
    expect(estimate('self.name.startsWith("abc")')).toBe(2 + 1)
    expect(estimate('self.name.contains("abcdefghijk")')).toBe(2 + 20 * 2)
    expect(estimate('self.name.matches("abcd")')).toBe(2 + 21 * 1)
    expect(estimate('self.list.all(x, x.contains("a"))')).toBe(2 + 1 + 10 * (2 + 2 + 10))
    expect(estimate('self.list.all(x, self.list.all(y, x != y))')).toBe(2 + 1 + 10 * (2 + 1 + (2 + 1 + 10 * (2 + 1 + 2 + 10))))
  })
})

describe('what others give', () => {
  it('objects are made field by field', () => {
    const spec = objectType('Object.spec', new Map([['replicas', intType], ['labels', mapType(stringType, stringType)]]))
    const objects = { Object: objectType('Object', new Map([['spec', spec]])), 'Object.spec': spec, JSONPatch: jsonPatchType }
    const make = (source: string): unknown => {
      const compiled = compile(source, { variables: { x: intType }, objects })
      if ('text' in compiled) return compiled.text.split('\n')[0]
      const outcome = compiled.program.evaluate({ x: 3n })
      return 'error' in outcome ? outcome.error : jsonOfValue(outcome.value)
    }
    expect(make('Object{spec: Object.spec{replicas: x, labels: {"a": "b"}}}')).toEqual({ spec: { replicas: 3, labels: { a: 'b' } } })
    expect(make('[JSONPatch{op: "add", path: "/spec/" + jsonpatch.escapeKey("a/b"), value: x}]')).toEqual([{ op: 'add', path: '/spec/a~1b', value: 3 }])
    expect(make('Object{spec: Object.spec{nope: 1}}')).toBe("ERROR: <input>:1:30: undefined field 'nope'")
    expect(make('Object{spec: 1}')).toBe("ERROR: <input>:1:12: expected type of field 'spec' is 'Object.spec' but provided type is 'int'")
    expect(make('Nope{}')).toBe("ERROR: <input>:1:5: undeclared reference to 'Nope' (in container '')")
  })

  it('mutations make objects with any fields, each of the type of its path', () => {
    const make = (source: string): CelValue => {
      const compiled = compile(source, { variables: {}, objects: mutationObjects })
      if ('text' in compiled) throw new Error(compiled.text)
      const outcome = compiled.program.evaluate({})
      if ('error' in outcome) throw new Error(outcome.error)
      return outcome.value
    }
    expect(configurationOf(make('Object{spec: Object.spec{template: Object.spec.template{labels: {"a": "b"}, list: [Object.spec.template.list{n: 1}]}}}'))).toEqual({ spec: { template: { labels: { a: 'b' }, list: [{ n: 1 }] } } })
    expect(() => configurationOf(make('Object{spec: Object.status{}}'))).toThrow('unexpected type name "Object.status", expected "Object.spec", which matches field name path from root Object type')
    expect(jsonPatchOf(make('[JSONPatch{op: "test", path: "/a", value: {"x": [1]}}]'))).toEqual([{ op: 'test', path: '/a', value: { x: [1] } }])
    expect(() => make('Other{}')).toThrow("undeclared reference to 'Other'")
  })

  it('an authorizer is asked through its hook', () => {
    const asked: AuthorizationCheck[] = []
    const authorizer = authorizerValue((check) => {
      asked.push(check)
      return { allowed: check.verb === 'get', reason: 'because' }
    })
    const compiled = compile("authorizer.group('apps').resource('deployments').namespace('ns').name('n').check('get').allowed() && !authorizer.path('/healthz').check('post').allowed()", { variables: { authorizer: authorizerType } })
    if ('text' in compiled) throw new Error(compiled.text)
    expect(compiled.program.type).toEqual(boolType)
    expect(compiled.program.evaluate({ authorizer })).toMatchObject({ value: true })
    expect(asked).toMatchObject([{ verb: 'get', group: 'apps', resource: 'deployments', namespace: 'ns', name: 'n' }, { verb: 'post', path: '/healthz' }])
  })

  it('variables are found when they are asked for', () => {
    const compiled = compile('a || b', { variables: { a: boolType, b: boolType } })
    if ('text' in compiled) throw new Error(compiled.text)
    const seen: string[] = []
    compiled.program.evaluate((name) => {
      seen.push(name)
      return true
    })
    expect(seen).toEqual(['a'])
  })
})

describe('any text', () => {
  it('compiles or says why, and never throws', () => {
    const pieces = fc.constantFrom('x', 's', 'list', 'map', 'd', '.', '?', '(', ')', '[', ']', '{', '}', ',', ':', '+', '-', '!', '&&', '||', '==', '<', 'in', '1', '2u', '1.5', '"a"', "b'x'", 'all', 'map', 'has', 'size', 'optional.of', '`a-b`', ' ', 'true', 'null', '\\', '"', "'''", 'i')
    fc.assert(fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
      const compiled = compile(parts.join(''), { variables })
      if ('text' in compiled) expect(compiled.text).toMatch(/^ERROR: <input>:\d+:\d+: /)
      else {
        compiled.program.estimate()
        compiled.program.evaluate(values)
      }
    }), { numRuns: 3_000 })
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => void compile(text, { variables })), { numRuns: 500 })
  })

  it('runs in bounded time whatever the values', () => {
    const run = (source: string, given: Record<string, unknown>): unknown => {
      const compiled = compile(source, { variables: { a: stringType, b: stringType, l: dynType } })
      if ('text' in compiled) throw new Error(compiled.text)
      const outcome = compiled.program.evaluate(Object.fromEntries(Object.entries(given).map(([name, value]) => [name, valueOfJson(value)])))
      return 'error' in outcome ? outcome.error : jsonOfValue(outcome.value)
    }
    const a = 'a'.repeat(200_000)
    expect(run('a.indexOf(b)', { a, b: `b${'a'.repeat(100_000)}` })).toBe(-1)
    expect(run('a.contains(b)', { a, b: `b${'a'.repeat(100_000)}` })).toBe('operation cancelled: actual cost limit exceeded')
    expect(run('a.split(b).size() + a.lastIndexOf(b)', { a, b: 'a'.repeat(100_000) })).toBe(100_003)
    expect(run('size(a.trim())', { a: `x${' '.repeat(200_000)}x` })).toBe(200_002)
    expect(run('a.matches(b)', { a, b: '^(a|aa)+$' })).toBe(true)
    expect(run('l.distinct().size()', { l: Array.from({ length: 100_000 }, (_, index) => index) })).toBe('operation cancelled: actual cost limit exceeded')
    expect(run('sets.equivalent(l, l)', { l: Array.from({ length: 100_000 }, (_, index) => index) })).toBe('operation cancelled: actual cost limit exceeded')
    expect(run('l.transformMap(i, v, v).size()', { l: Array.from({ length: 20_000 }, (_, index) => index) })).toBe(20_000)
    expect(run('l.map(v, v).filter(v, v > 10).size()', { l: Array.from({ length: 20_000 }, (_, index) => index) })).toBe(19_989)
  })

  it('is bounded in depth and length', () => {
    expect(run(`${'('.repeat(2000)}1${')'.repeat(2000)}`)).toContain('expression recursion limit exceeded: 250')
    expect(run('1+'.repeat(60_000))).toContain('expression code point size exceeds limit')
    expect(run(`${'-'.repeat(5000)}x`)).toBe(5)
    expect(run(Array.from({ length: 2000 }, () => 'true').join(' && '))).toBe(true)
    expect(String(run(Array.from({ length: 5000 }, () => '1').join(' + ')))).toMatch(/5000|recursion limit/)
    expect(String(run(`d${'.a'.repeat(5000)}`))).toMatch(/no such key|recursion limit/)
  })
})
