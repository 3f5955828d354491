import { describe, expect, it } from 'vitest'
import { deepFreeze } from '../json-value.ts'
import { definitionNames, mustSchemaOf } from '../schema.ts'
import type { StatusError } from '../status-error.ts'
import { randomOf, sampleOf } from '../testing/sample.ts'
import { depthMax, parseJson, strictProblems } from './json.ts'
import { decodeBody } from './strict.ts'
import type { FieldValidation } from './strict.ts'
import { canonicalObject, decodeTyped } from './typed.ts'

const definition = mustSchemaOf('io.k8s.api.apps.v1.Deployment')
const kind = { group: 'apps', version: 'v1', kind: 'Deployment' }

function messageOf(body: unknown, fieldValidation: FieldValidation = 'Strict'): string {
  try {
    decodeBody(typeof body === 'string' ? body : JSON.stringify(body), { definition, fieldValidation, kind })
  } catch (error) {
    expect((error as StatusError).code).toBe(400)
    return (error as StatusError).message
  }
  return 'decoded'
}

const base = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } }
const prefix = 'Deployment in version "v1" cannot be handled as a Deployment: '

describe('errors', () => {
  it.each<[object, string]>([
    [{ spec: { replicas: 'x' } }, 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [{ spec: { replicas: 1.5 } }, 'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [{ spec: { replicas: 3000000000 } }, 'json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32'],
    [{ spec: [] }, 'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec'],
    [{ spec: { paused: 'yes' } }, 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.paused of type bool'],
    [{ metadata: { labels: { a: 1 } } }, 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
    [{ metadata: { labels: [] } }, 'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string'],
    [{ spec: { template: { spec: { containers: {} } } } }, 'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container'],
    [{ spec: { template: { spec: { containers: [{ image: 1 }] } } } }, 'json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.image of type string'],
    [{ spec: { template: { spec: { containers: [{ imagePullPolicy: 1 }] } } } }, 'json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.imagePullPolicy of type v1.PullPolicy'],
    [{ spec: { template: { spec: { containers: [{ args: 'x' }] } } } }, 'json: cannot unmarshal string into Go struct field Container.spec.template.spec.containers.args of type []string'],
    [{ spec: { template: { spec: { containers: [{ resources: { limits: { cpu: '1kk' } } }] } } } }, "unable to parse quantity's suffix"],
    [{ metadata: { creationTimestamp: 'soon' } }, 'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"'],
    [{ spec: { strategy: { rollingUpdate: { maxSurge: true } } } }, 'json: cannot unmarshal bool into Go value of type int32'],
    [{ spec: { foo: 1, template: { spec: { containers: [{}, { imagee: 'x' }] } } } }, 'strict decoding error: unknown field "spec.foo", unknown field "spec.template.spec.containers[1].imagee"'],
    [{ metadata: { name: 'a', Name: 'b' } }, 'strict decoding error: unknown field "metadata.Name"'],
  ])('%j', (part, message) => {
    expect(messageOf({ ...base, ...part })).toBe(prefix + message)
  })

  it('names duplicate fields', () => {
    expect(messageOf('{"kind":"Deployment","apiVersion":"apps/v1","spec":{"replicas":1, "replicas" : 2,"template":{"spec":{"containers":[{"name":"a","name":"b:\\"{"}]}}}}')).toBe(
      `${prefix}strict decoding error: duplicate field "spec.replicas", duplicate field "spec.template.spec.containers[0].name"`,
    )
  })

  it('says what is no JSON, and of which kind the body should be', () => {
    const start = "the object provided is unrecognized (must be of type Deployment): couldn't get version/kind; json parse error: "
    expect(messageOf('')).toBe(`${start}unexpected end of JSON input (<empty>)`)
    expect(messageOf('{"kind":"Deployment","apiVersion":"apps/v1",}')).toBe(`${start}invalid character '}' looking for beginning of object key string ({"kind":"Deployment","apiVersi ...)`)
    expect(messageOf('nope')).toBe(`${start}invalid character 'o' in literal null (expecting 'u') (6e6f7065)`)
    expect(messageOf({ spec: { replicas: 'x' } })).toContain('the object provided is unrecognized (must be of type Deployment): json: cannot unmarshal string')
  })

  it('warns or ignores where it is told to', () => {
    const body = JSON.stringify({ ...base, spec: { foo: 1 } })
    const warned = decodeBody(body, { definition, fieldValidation: 'Warn', kind })
    expect(warned.warnings).toEqual(['unknown field "spec.foo"'])
    expect(warned.object).toEqual({ ...base, spec: { strategy: {}, template: { metadata: {}, spec: {} } }, status: {} })
    expect(decodeBody(body, { definition, fieldValidation: 'Ignore', kind }).warnings).toEqual([])
  })

  it('bounds the depth of bodies', () => {
    expect(() => parseJson('['.repeat(depthMax + 1))).toThrow('exceeded max depth')
    expect(parseJson(`${'['.repeat(depthMax)}${']'.repeat(depthMax)}`)).toBeDefined()
    expect(() => parseJson('[1,]')).toThrow("invalid character ']' looking for beginning of value")
  })

  it('finds duplicates only where there are some', () => {
    const text = '{"a":{"b":":","c":[{"d":1},{"d":1}]},"e":"{\\"a\\":1,\\"a\\":2}"}'
    expect(strictProblems(text, JSON.parse(text), [])).toEqual([])
  })
})

describe('canonical form', () => {
  it('drops nulls and empty optional values, keeps zeros of pointers, fills objects that are never absent', () => {
    const decoded = canonicalObject(
      {
        ...base,
        metadata: { name: 'a', creationTimestamp: null, labels: {}, annotations: null },
        spec: { replicas: 0, paused: false, minReadySeconds: 0, selector: { matchLabels: {} }, template: { spec: { hostNetwork: false, automountServiceAccountToken: false, containers: [{ name: 'x', args: [], env: [{ name: 'a', value: '' }] }] } } },
      },
      definition,
    )
    expect(decoded).toEqual({
      ...base,
      spec: { replicas: 0, selector: {}, strategy: {}, template: { metadata: {}, spec: { automountServiceAccountToken: false, containers: [{ name: 'x', env: [{ name: 'a' }], resources: {} }] } } },
      status: {},
    })
  })

  it('writes quantities and times as Go does', () => {
    const pod = mustSchemaOf('io.k8s.api.core.v1.PodSpec')
    expect(canonicalObject({ overhead: { cpu: 1, memory: '1024Mi', x: '0.5', y: '1000m' } }, pod)).toEqual({ overhead: { cpu: '1', memory: '1Gi', x: '500m', y: '1' } })
    const meta = mustSchemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
    expect(canonicalObject({ creationTimestamp: '2026-01-01T02:00:00.5+02:00' }, meta)).toEqual({ creationTimestamp: '2026-01-01T00:00:00Z' })
    const lease = mustSchemaOf('io.k8s.api.coordination.v1.LeaseSpec')
    expect(canonicalObject({ renewTime: '2026-01-01T00:00:00Z' }, lease)).toEqual({ renewTime: '2026-01-01T00:00:00.000000Z' })
  })

  it('never changes its input, shares what is canonical, and is stable', () => {
    let seed = 0
    for (const name of definitionNames()) {
      const one = mustSchemaOf(name)
      const sample = deepFreeze(sampleOf(one, randomOf(seed++)))
      const once = decodeTyped(sample, one)
      expect(once.unknownFields).toEqual([])
      expect(canonicalObject(deepFreeze(once.object), one), name).toBe(once.object)
    }
  })
})
