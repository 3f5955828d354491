/** Every kind through JSON, YAML and protobuf and back, in any order, without loss. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../machinery/codec/json.ts'
import { decodeProtobuf, encodeProtobuf } from '../machinery/codec/protobuf.ts'
import { decodeTyped } from '../machinery/codec/typed.ts'
import { formatYaml } from '../machinery/codec/yaml-format.ts'
import { parseYaml } from '../machinery/codec/yaml.ts'
import type { JsonObject } from '../machinery/json-value.ts'
import { mustSchemaOf } from '../machinery/schema.ts'
import type { Definition } from '../machinery/schema.ts'
import { randomOf } from '../machinery/testing/sample.ts'
import { apiVersionOf } from './kind.ts'
import type { Kind } from './kind.ts'
import { builtInKinds } from './registry.ts'
import { randomObject } from './testing/random-object.ts'

/** The bodies that have a form of their own: those of subresources too. */
const forms: readonly (readonly [name: string, apiVersion: string, kind: string, schema: string])[] = [
  ...builtInKinds.map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, apiVersionOf(kind), kind.kind, kind.schema] as const),
  ...bodiesOf(builtInKinds),
  ['autoscaling/v1 Scale', 'autoscaling/v1', 'Scale', 'io.k8s.api.autoscaling.v1.Scale'],
  ['v1 Status', 'v1', 'Status', 'io.k8s.apimachinery.pkg.apis.meta.v1.Status'],
]

function bodiesOf(kinds: readonly Kind[]): (readonly [string, string, string, string])[] {
  const bodies = kinds.flatMap((kind) => kind.subresources.flatMap((each) => (each.type === 'named' && each.body ? [each.body] : [])))
  const unknown = bodies.filter((body) => !kinds.some((kind) => kind.schema === body.schema))
  return [...new Map(unknown.map((body) => [body.schema, [`${apiVersionOf(body)} ${body.kind}`, apiVersionOf(body), body.kind, body.schema] as const])).values()]
}

type Codec = (object: JsonObject, definition: Definition) => unknown

const codecs: readonly (readonly [string, Codec])[] = [
  ['JSON', (object) => parseJson(JSON.stringify(object))],
  ['YAML', (object) => parseYaml(formatYaml(object))],
  ['protobuf', (object, definition) => decodeProtobuf(encodeProtobuf(object, definition), () => definition)],
]

const runs = 12

describe('a round trip loses nothing', () => {
  it.each(forms)('%s', (_, apiVersion, kind, schema) => {
    const definition = mustSchemaOf(schema)
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0.1, max: 0.9, noNaN: true }), (seed, fill) => {
        const given = { apiVersion, kind, ...randomObject(definition, randomOf(seed), { fill, depthMax: 5 }) }
        const { object: held, unknownFields } = decodeTyped(given, definition)
        expect(unknownFields).toEqual([])
        // What the server holds is what it would make of it again.
        expect(decodeTyped(held, definition).object).toEqual(held)
        for (const [name, through] of codecs) expect(decodeTyped(through(held, definition), definition), name).toEqual({ object: held, unknownFields: [] })
        const chained = codecs.reduceRight<JsonObject>((object, [, through]) => through(object, definition) as JsonObject, held)
        expect(decodeTyped(chained, definition).object).toEqual(held)
      }),
      { numRuns: runs },
    )
  })
})
