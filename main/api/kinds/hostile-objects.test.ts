/** Whatever well-formed object a client sends, a kind's declaration has an answer: errors as values, never an exception. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeTyped } from '../machinery/codec/typed.ts'
import { fieldErrorsText } from '../machinery/field-error.ts'
import type { KubeObject } from '../machinery/object.ts'
import { mustSchemaOf } from '../machinery/schema.ts'
import { randomOf } from '../machinery/testing/sample.ts'
import { apiVersionOf } from './kind.ts'
import type { Kind, Strategy, StrategyContext } from './kind.ts'
import { builtInKinds, kindFor } from './registry.ts'
import { randomObject } from './testing/random-object.ts'

const now = Date.UTC(2026, 0, 1)
const context: StrategyContext = { now, timestamp: '2026-01-01T00:00:00Z', user: 'somebody', dryRun: false, uuid: () => 'u', suffix: () => 's' }
const runs = 40

/** Strategies of created objects get them named, if only with nothing, and with an id. */
function objectOf(kind: Kind, seed: number, fill: number): KubeObject {
  const definition = mustSchemaOf(kind.schema)
  const { object } = decodeTyped<KubeObject>({ apiVersion: apiVersionOf(kind), kind: kind.kind, ...randomObject(definition, randomOf(seed), { fill, depthMax: 5 }) }, definition)
  object.metadata = { ...object.metadata, name: object.metadata.name ?? '', uid: 'u' }
  return object
}

type Hooks = Pick<Strategy<KubeObject>, 'prepareForUpdate' | 'validateUpdate'>

/** The strategies that a kind's updates run under: its own, and those of its endpoints. */
function endpointsOf(kind: Kind, stored: Kind): Hooks[] {
  return [stored.strategy, ...kind.subresources.flatMap((each): Hooks[] => (each.type === 'status' ? [each] : each.type === 'named' && each.strategy ? [each.strategy] : []))]
}

describe('no object breaks its kind', () => {
  it.each(builtInKinds.map((kind) => [`${apiVersionOf(kind)} ${kind.kind}`, kind] as const))('%s', (_, kind) => {
    const { storedAs } = kind
    const stored = storedAs ? kindFor(storedAs.group, storedAs.kind)! : kind
    const { strategy } = stored
    const toStored = (object: KubeObject): KubeObject => {
      const made = structuredClone(storedAs ? storedAs.toStored(object) : object)
      strategy.defaults?.(made)
      return made
    }
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.constantFrom(0.1, 0.4, 0.8), (seed, oldSeed, fill) => {
        const given = objectOf(kind, seed, fill)
        if (storedAs) fieldErrorsText(kind.strategy.validate?.(given) ?? [])
        const object = toStored(given)
        const again = structuredClone(object)
        strategy.defaults?.(again)
        expect(again).toEqual(object)

        const created = structuredClone(object)
        strategy.prepareForCreate?.(created, context)
        const prepared = structuredClone(created)
        fieldErrorsText(strategy.validate?.(created) ?? [])
        strategy.warnings?.(created, undefined)
        strategy.generationOf?.(created)
        expect(created).toEqual(prepared)
        strategy.canonicalize?.(created)

        const old = toStored(objectOf(kind, oldSeed, fill))
        const before = structuredClone(old)
        for (const endpoint of endpointsOf(kind, stored)) {
          const updated = structuredClone(object)
          endpoint.prepareForUpdate?.(updated, old, context)
          fieldErrorsText(endpoint.validateUpdate?.(updated, old) ?? [])
          strategy.warnings?.(updated, old)
          expect(old).toEqual(before)
        }

        const shown = storedAs ? storedAs.fromStored(object) : object
        for (const column of kind.columns) expect(column.cell(shown, now), column.name).toBeDefined()
        expect(typeof kind.health(shown, now).sentence).toBe('string')
        kind.relations(shown)
        kind.rowConditions?.(shown)
        for (const [field, text] of Object.entries(kind.selectableFields)) expect(typeof text(shown), field).toBe('string')
      }),
      { numRuns: runs },
    )
  })
})
