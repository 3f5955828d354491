import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { definitionNames, mustSchemaOf, schemaOf } from '../schema.ts'
import { definitionNameOf } from '../openapi/kind.ts'
import { protobufBodies } from '../testing/recorded.ts'
import { randomOf, sampleOf } from '../testing/sample.ts'
import { decodeBase64 } from './base64.ts'
import { DecodeError } from './json.ts'
import { decodeEnvelope, decodeMessage, decodeProtobuf, decodeWatchFrame, encodeMessage, encodeProtobuf, encodeWatchFrame, isProtobuf } from './protobuf.ts'
import { canonicalObject, decodeTyped } from './typed.ts'

const namespace = mustSchemaOf('io.k8s.api.core.v1.Namespace')
const find = (): typeof namespace => namespace

describe('known bytes', () => {
  // What Go writes for Namespace{metadata: {name: a}}, with its always present empty fields.
  const fromGo = Uint8Array.from([
    0x6b, 0x38, 0x73, 0x00, 0x0a, 0x0f, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x09, 0x4e, 0x61, 0x6d, 0x65, 0x73, 0x70, 0x61, 0x63, 0x65, 0x12, 0x1b, 0x0a, 0x13, 0x0a, 0x01, 0x61, 0x12, 0x00, 0x1a, 0x00,
    0x22, 0x00, 0x2a, 0x00, 0x32, 0x00, 0x38, 0x00, 0x42, 0x00, 0x5a, 0x00, 0x12, 0x00, 0x1a, 0x02, 0x0a, 0x00, 0x1a, 0x00, 0x22, 0x00,
  ])

  it('reads what Go writes', () => {
    const bytes = fromGo.slice()
    // An empty label entry: key and value are both absent.
    expect(decodeProtobuf(bytes, find)).toEqual({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', labels: { '': '' } }, spec: {}, status: {} })
    expect(decodeEnvelope(bytes)).toMatchObject({ apiVersion: 'v1', kind: 'Namespace', contentType: '' })
  })

  it('writes the envelope', () => {
    const bytes = encodeProtobuf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } } as never, namespace)
    expect(isProtobuf(bytes)).toBe(true)
    expect([...bytes]).toEqual([0x6b, 0x38, 0x73, 0x00, 0x0a, 0x0f, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x09, ...new TextEncoder().encode('Namespace'), 0x12, 0x05, 0x0a, 0x03, 0x0a, 0x01, 0x61, 0x1a, 0x00, 0x22, 0x00])
  })

  it('writes inlined messages, maps, quantities and int-or-strings as Go does', () => {
    const volume = mustSchemaOf('io.k8s.api.core.v1.Volume')
    expect([...encodeMessage({ name: 'v', emptyDir: { medium: 'Memory' } }, volume)]).toEqual([0x0a, 1, 0x76, 0x12, 10, 0x12, 8, 0x0a, 6, ...new TextEncoder().encode('Memory')])
    const port = mustSchemaOf('io.k8s.api.core.v1.ServicePort')
    expect([...encodeMessage({ port: 80, targetPort: 'web' }, port)]).toEqual([0x18, 80, 0x22, 9, 0x08, 1, 0x10, 0, 0x1a, 3, 0x77, 0x65, 0x62])
    const requirements = mustSchemaOf('io.k8s.api.core.v1.ResourceRequirements')
    expect([...encodeMessage({ limits: { cpu: '1' } }, requirements)]).toEqual([0x0a, 10, 0x0a, 3, 0x63, 0x70, 0x75, 0x12, 3, 0x0a, 1, 0x31])
    const meta = mustSchemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')
    expect([...encodeMessage({ generation: -1 }, meta)]).toEqual([0x38, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])
    expect(decodeMessage(Uint8Array.from([0x38, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]), meta)).toEqual({ generation: -1 })
  })

  it('keeps zeros of pointers and drops those of plain fields', () => {
    const spec = mustSchemaOf('io.k8s.api.apps.v1.DeploymentSpec')
    expect(decodeMessage(Uint8Array.from([0x08, 0, 0x28, 0]), spec)).toEqual({ replicas: 0 })
  })

  it('skips unknown fields and refuses malformed bytes', () => {
    const spec = mustSchemaOf('io.k8s.api.apps.v1.DeploymentSpec')
    expect(decodeMessage(Uint8Array.from([0x08, 3, 0xfa, 0x3f, 1, 65, 0xf8, 0x3f, 5]), spec)).toEqual({ replicas: 3 })
    expect(() => decodeMessage(Uint8Array.from([0x12, 200, 1]), spec)).toThrow(new DecodeError('unexpected EOF'))
    expect(() => decodeMessage(Uint8Array.from([0x0f]), spec)).toThrow(DecodeError)
    expect(() => decodeProtobuf(Uint8Array.from([1, 2, 3]), find)).toThrow(DecodeError)
  })

  it('wraps watch events in frames', () => {
    const body = encodeProtobuf({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } } as never, namespace)
    const frame = encodeWatchFrame('ADDED', body)
    const length = new DataView(frame.buffer).getUint32(0)
    expect(frame.length).toBe(length + 4)
    expect(decodeWatchFrame(frame.subarray(4))).toEqual({ type: 'ADDED', objectBody: body })
  })
})

describe('what kubectl sends', () => {
  const definitionOf = (apiVersion: string, kind: string): typeof namespace => mustSchemaOf(definitionNameOf(apiVersion, kind) as string)

  it.each(protobufBodies.map((each) => [each.command, each] as const))('%s', (_command, { body, object }) => {
    const decoded = decodeProtobuf(decodeBase64(body), definitionOf)
    const definition = definitionOf(decoded.apiVersion as string, decoded.kind as string)
    expect(canonicalObject(decoded, definition)).toEqual(canonicalObject(object, definition))
    expect(decodeProtobuf(encodeProtobuf(decoded, definition), definitionOf)).toEqual(decoded)
  })
})

const names = definitionNames().filter((name) => schemaOf(name)?.fields.get('metadata') !== undefined && [...(schemaOf(name)?.fields.values() ?? [])].every((field) => field.wire.length > 0 || field.name === 'kind' || field.name === 'apiVersion'))

describe('properties', () => {
  it('covers the API', () => {
    expect(names.length).toBeGreaterThan(150)
  })

  it('every kind survives the round trip, and typed decoding leaves it as it is', () => {
    let seed = 1
    for (const name of names) {
      const definition = mustSchemaOf(name)
      const sample = sampleOf(definition, randomOf(seed++))
      const decoded = decodeMessage(encodeMessage(sample, definition), definition)
      expect(canonicalObject(decoded, definition), name).toEqual(canonicalObject(sample, definition))
      expect(decodeTyped(sample, definition).unknownFields, name).toEqual([])
    }
  })

  it('any bytes decode to something or fail cleanly', () => {
    const pod = mustSchemaOf('io.k8s.api.core.v1.Pod')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeMessage(bytes, pod)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('damaged bodies decode to something or fail cleanly', () => {
    const pod = mustSchemaOf('io.k8s.api.core.v1.Pod')
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(255), (seed, at, byte) => {
        const bytes = encodeMessage(sampleOf(pod, randomOf(seed)), pod)
        if (bytes.length === 0) return
        bytes[at % bytes.length] = byte
        try {
          decodeMessage(bytes, pod)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
    )
  })
})
