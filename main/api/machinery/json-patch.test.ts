import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyJsonPatch } from './json-patch.ts'
import { deepFreeze } from './json-value.ts'

describe('RFC 6902', () => {
  it.each<[string, unknown, unknown[], unknown]>([
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['adds an element', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    ['adds at the end', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['removes', { a: 1, b: [1, 2] }, [{ op: 'remove', path: '/a' }, { op: 'remove', path: '/b/0' }], { b: [2] }],
    ['replaces', { a: 1 }, [{ op: 'replace', path: '/a', value: { x: null } }], { a: { x: null } }],
    ['moves', { a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
    ['copies', { a: { b: [1] } }, [{ op: 'copy', from: '/a/b', path: '/c' }, { op: 'add', path: '/c/-', value: 2 }], { a: { b: [1] }, c: [1, 2] }],
    ['tests', { 'a/b': 1, 'm~n': 2 }, [{ op: 'test', path: '/a~1b', value: 1 }, { op: 'test', path: '/m~0n', value: 2 }], { 'a/b': 1, 'm~n': 2 }],
    ['replaces all', { a: 1 }, [{ op: 'replace', path: '', value: [] }], []],
    ['counts from the end', [1, 2], [{ op: 'remove', path: '/-1' }], [1]],
    ['adds before the end, counted from it', [1, 2], [{ op: 'add', path: '/-2', value: 9 }], [1, 9, 2]],
    ['replaces what is not there', {}, [{ op: 'replace', path: '/a', value: 1 }], { a: 1 }],
    ['copies what is not there as null', {}, [{ op: 'copy', from: '/a', path: '/b' }], { b: null }],
    ['tests for what is not there', {}, [{ op: 'test', path: '/a', value: null }, { op: 'test', path: '/a' }], {}],
    ['tests the whole', { a: [1] }, [{ op: 'test', path: '', value: { a: [1] } }], { a: [1] }],
    ['ignores what stands before the first slash', { a: 1 }, [{ op: 'replace', path: 'x/a', value: 2 }], { a: 2 }],
    ['takes a missing value for null', { a: 1 }, [{ op: 'add', path: '/a' }], { a: null }],
    ['decodes ~01 as ~1', { '~1': 1 }, [{ op: 'test', path: '/~01', value: 1 }], { '~1': 1 }],
    ['moves within a list', [1, 2, 3], [{ op: 'move', from: '/0', path: '/-' }], [2, 3, 1]],
  ])('%s', (_name, document, patch, expected) => {
    expect(applyJsonPatch(deepFreeze(document), patch)).toEqual(expected)
  })

  it.each<[unknown, unknown, string]>([
    [{}, [{ op: 'remove', path: '/a' }], "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value"],
    [{}, [{ op: 'replace', path: '/a/b', value: 1 }], 'replace operation does not apply: doc is missing path: /a/b: missing value'],
    [{ a: [] }, [{ op: 'replace', path: '/a/0', value: 1 }], 'replace operation does not apply: doc is missing key: /a/0: missing value'],
    [{}, [{ op: 'add', path: '/a/b', value: 1 }], 'add operation does not apply: doc is missing path: "/a/b": missing value'],
    [{}, [{ op: 'add', path: '', value: 1 }], 'add operation does not apply: doc is missing path: "": missing value'],
    [{}, [{ op: 'add', value: 1 }], 'add operation failed to decode path: missing value'],
    [{}, [{ op: 'test', value: 1 }], 'test operation failed to decode path: operation missing path field: missing value'],
    [{}, [{ op: 'move', path: '/a' }], 'move operation failed to decode from: operation, missing from field: missing value'],
    [{}, [{ op: 'move', from: '/b', path: '/a' }], "error in move for path: 'b': Unable to remove nonexistent key: b: missing value"],
    [{ a: 1 }, [{ op: 'test', path: '/a', value: 2 }], 'testing value /a failed: test failed'],
    [{ a: 1 }, [{ op: 'test', path: '/b/c', value: 2 }], 'test operation does not apply: is missing path: /b/c: missing value'],
    [{ a: [] }, [{ op: 'remove', path: '/a/0' }], "error in remove for path: '/a/0': Unable to access invalid index: 0: invalid index referenced"],
    [{ a: [] }, [{ op: 'add', path: '/a/2', value: 1 }], "error in add for path: '/a/2': Unable to access invalid index: 2: invalid index referenced"],
    [{ a: [] }, [{ op: 'add', path: '/a/x', value: 1 }], "error in add for path: '/a/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax"],
    [{}, [{ op: 'jump', path: '/a' }], 'Unexpected kind: jump'],
    [{}, [{ path: '/a' }], 'Unexpected kind: unknown'],
    [{}, {}, 'json: cannot unmarshal object into Go value of type jsonpatch.Patch'],
    [{}, [1], 'json: cannot unmarshal number into Go value of type jsonpatch.Operation'],
  ])('%j with %j fails', (document, patch, message) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(message)
  })

  it('never reaches a prototype', () => {
    const patched = applyJsonPatch<object>({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    expect(Object.keys(patched)).toEqual(['__proto__'])
  })

  it('adding then removing leaves a document as it was', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.jsonValue(), (document, key, value) => {
        if (Object.hasOwn(document, key)) return
        const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
        const once = JSON.parse(JSON.stringify(document)) as object
        expect(applyJsonPatch(once, [{ op: 'add', path, value }, { op: 'test', path, value }, { op: 'remove', path }])).toEqual(once)
      }),
    )
  })
})
