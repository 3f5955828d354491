import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { semanticEqual } from './equality.ts'
import { deepFreeze, isObject } from './json-value.ts'
import type { JsonObject } from './json-value.ts'
import { mustSchemaOf } from './schema.ts'
import type { Definition } from './schema.ts'
import { createThreeWayStrategicMergePatch, createTwoWayStrategicMergePatch } from './strategic-merge-diff.ts'
import { applyStrategicMergePatch, patchRuleOf } from './strategic-merge-patch.ts'
import { randomOf, sampleOf } from './testing/sample.ts'

const podSpec = mustSchemaOf('io.k8s.api.core.v1.PodSpec')
const deployment = mustSchemaOf('io.k8s.api.apps.v1.Deployment')
const meta = mustSchemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')

function patch(original: JsonObject, change: JsonObject, definition: Definition = podSpec): JsonObject {
  return applyStrategicMergePatch(deepFreeze(original), deepFreeze(change), definition)
}

describe('lists with a merge key', () => {
  const original = { containers: [{ name: 'a', image: '1', env: [{ name: 'X', value: '1' }] }, { name: 'b', image: '1' }] }

  it('merges items and adds new ones', () => {
    expect(patch(original, { containers: [{ name: 'b', image: '2' }, { name: 'c', image: '3' }] })).toEqual({
      containers: [{ name: 'a', image: '1', env: [{ name: 'X', value: '1' }] }, { name: 'b', image: '2' }, { name: 'c', image: '3' }],
    })
  })

  it('merges inside items; what is new goes first, as upstream has it', () => {
    expect(patch(original, { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] })).toMatchObject({ containers: [{ env: [{ name: 'Y' }, { name: 'X' }] }, { name: 'b' }] })
  })

  it('deletes items by directive', () => {
    expect(patch(original, { containers: [{ name: 'a', $patch: 'delete' }] })).toEqual({ containers: [{ name: 'b', image: '1' }] })
  })

  it('replaces the list by directive', () => {
    expect(patch(original, { containers: [{ $patch: 'replace' }, { name: 'z' }] })).toEqual({ containers: [{ name: 'z' }] })
  })

  it('obeys the order directive', () => {
    const result = patch(original, { '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }], containers: [{ name: 'c' }] })
    expect((result.containers as { name: string }[]).map((c) => c.name)).toEqual(['c', 'b', 'a'])
  })

  it('refuses items without the key, and unknown directives', () => {
    expect(() => patch(original, { containers: [{ image: 'x' }] })).toThrow('map: map[image:x] does not contain declared merge key: name')
    expect(() => patch(original, { containers: [{ name: 'a', $patch: 'explode' }] })).toThrow('unknown patch type: explode in map: map[$patch:explode name:a]')
  })
})

describe('patches that cannot be', () => {
  const original = { containers: [{ name: 'a', env: [{ name: 'X' }] }], volumes: [{ name: 'v' }] }
  it.each<[string, JsonObject, Definition, 400 | 422 | 500]>([
    ['map: map[$patch:delete] does not contain declared merge key: name', { containers: [{ $patch: 'delete' }] }, podSpec, 500],
    ['merging lists cannot yet be specified in the patch', { containers: [{ $patch: 'merge', name: 'a' }] }, podSpec, 500],
    ['unknown patch type: explode in map: map[$patch:explode]', { $patch: 'explode' }, podSpec, 500],
    ['list element types are not identical: [[map[env:[map[name:X]] name:a]] [a]]', { containers: ['a'] }, podSpec, 500],
    ['invalid patch format of retainKeys', { $retainKeys: 'x' }, podSpec, 400],
    ['invalid patch format of retainKeys', { $retainKeys: ['nodeName'], hostname: 'x' }, podSpec, 400],
    ['invalid patch format of setElementOrder list', { $setElementOrder: [] }, podSpec, 400],
    ['expected a []interface {}, but received a string', { '$setElementOrder/containers': 'a' }, podSpec, 500],
    ['expected a []interface {}, but received a map[string]interface {}', { '$setElementOrder/containers': [{ name: 'a' }], containers: {} }, podSpec, 500],
    ["The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n", { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'b' }] }, podSpec, 500],
    ['unable to find api field in struct PodSpec for the json field "boxes"', { '$setElementOrder/boxes': [{ name: 'a' }] }, podSpec, 500],
    ['invalid patch format of primitive list', { $deleteFromPrimitiveList: ['a'] }, podSpec, 400],
  ])('%s', (message, change, definition, code) => {
    let error: unknown
    try {
      patch(original, change, definition)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ name: 'StrategicMergeError', message, code })
  })
})

describe('other directives', () => {
  it('replaces and deletes maps', () => {
    expect(patch({ securityContext: { runAsUser: 1, fsGroup: 2 } }, { securityContext: { $patch: 'replace', runAsUser: 3 } })).toEqual({ securityContext: { runAsUser: 3 } })
    expect(patch({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: 'delete' } })).toEqual({ securityContext: {} })
  })

  it('retains only the named keys', () => {
    const volumes = [{ name: 'v', emptyDir: {} }]
    expect(patch({ volumes }, { volumes: [{ name: 'v', configMap: { name: 'c' }, $retainKeys: ['name', 'configMap'] }] })).toEqual({ volumes: [{ name: 'v', configMap: { name: 'c' } }] })
    expect(() => patch({ volumes }, { volumes: [{ name: 'v', configMap: {}, $retainKeys: ['name'] }] })).toThrow('invalid patch format of retainKeys')
  })

  it('merges lists of texts and deletes from them', () => {
    expect(patch({ finalizers: ['a', 'b'] }, { finalizers: ['c'] }, meta)).toEqual({ finalizers: ['c', 'a', 'b'] })
    expect(patch({ finalizers: ['a', 'b', 'c'] }, { '$deleteFromPrimitiveList/finalizers': ['b'] }, meta)).toEqual({ finalizers: ['a', 'c'] })
  })

  it('null deletes, and leaves no trace in what is new', () => {
    expect(patch({ nodeName: 'a', hostname: 'b' }, { nodeName: null, affinity: { nodeAffinity: null } })).toEqual({ hostname: 'b', affinity: {} })
  })

  it('replaces lists without a merge strategy, and selectors of pod disruption budgets', () => {
    expect(patch({ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] })).toEqual({ tolerations: [{ key: 'b' }] })
    const budget = mustSchemaOf('io.k8s.api.policy.v1.PodDisruptionBudgetSpec')
    expect(patch({ selector: { matchLabels: { a: '1' } } }, { selector: { matchLabels: { b: '1' } } }, budget)).toEqual({ selector: { matchLabels: { b: '1' } } })
  })
})

describe('kubectl apply', () => {
  const object = (containers: unknown[], replicas?: number): JsonObject => ({ spec: { ...(replicas === undefined ? {} : { replicas }), template: { spec: { containers } } } })

  it('says what changed, with order, and deletes what was applied and is gone', () => {
    const original = object([{ name: 'a', image: '1' }, { name: 'b', image: '1' }], 3)
    const modified = object([{ name: 'a', image: '2' }])
    const current = object([{ name: 'a', image: '1', imagePullPolicy: 'Always' }, { name: 'b', image: '1' }, { name: 'injected', image: '1' }], 3)
    const change = createThreeWayStrategicMergePatch(original, modified, current, deployment)
    expect(change).toEqual({ spec: { replicas: null, template: { spec: { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'a', image: '2' }, { $patch: 'delete', name: 'b' }] } } } })
    expect(patch(current, change, deployment)).toEqual(object([{ name: 'a', image: '2', imagePullPolicy: 'Always' }, { name: 'injected', image: '1' }]))
  })

  it('clears the old shape of a strategy through retainKeys', () => {
    const current = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }
    const modified = { spec: { strategy: { type: 'Recreate' } } }
    const change = createThreeWayStrategicMergePatch({}, modified, current, deployment)
    expect(change).toEqual({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } })
    expect(patch(current, change, deployment)).toEqual(modified)
  })

  it('says nothing when nothing changed', () => {
    const same = object([{ name: 'a', image: '1' }], 1)
    expect(createThreeWayStrategicMergePatch(same, same, same, deployment)).toEqual({})
  })
})

/** Lists with a merge key may not hold two items of one key, nor one without. */
function normal(value: JsonObject, definition: Definition | undefined): JsonObject {
  const out: JsonObject = {}
  for (const [name, item] of Object.entries(value)) {
    const { rule, inner } = patchRuleOf(definition, name)
    if (isObject(item)) out[name] = normal(item, inner)
    else if (Array.isArray(item) && rule?.merge) {
      const seen = new Map<unknown, unknown>()
      for (const each of item as unknown[]) {
        const key = rule.key && isObject(each) ? each[rule.key] : each
        if (key !== undefined) seen.set(key, isObject(each) ? normal(each, inner) : each)
      }
      if (seen.size > 0) out[name] = [...seen.values()]
    } else if (Array.isArray(item)) out[name] = item.map((each) => (isObject(each) ? normal(each, inner) : each))
    else out[name] = item
  }
  return out
}

describe('properties', () => {
  it('the created patch makes one object into the other', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (a, b) => {
        const from = normal(sampleOf(deployment, randomOf(a)), deployment)
        const to = normal(sampleOf(deployment, randomOf(b)), deployment)
        const change = createTwoWayStrategicMergePatch(deepFreeze(from), deepFreeze(to), deployment)
        const made = patch(from, change, deployment)
        expect(semanticEqual(made, to), JSON.stringify({ change, made, to }, null, 1)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('three ways with an unchanged live object is two ways', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (a, b) => {
        const from = normal(sampleOf(deployment, randomOf(a)), deployment)
        const to = normal(sampleOf(deployment, randomOf(b)), deployment)
        const made = patch(from, createThreeWayStrategicMergePatch(from, to, from, deployment), deployment)
        expect(semanticEqual(made, to)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
