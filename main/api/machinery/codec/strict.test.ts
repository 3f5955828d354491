import { describe, expect, it } from 'vitest'
import { mustSchemaOf } from '../schema.ts'
import type { StatusError } from '../status-error.ts'
import { decodeBody } from './strict.ts'

const kind = { group: 'apps', version: 'v1', kind: 'Deployment' }
const definition = mustSchemaOf('io.k8s.api.apps.v1.Deployment')

const json = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a","name":"b"},"spec":{
  "unknown1":"x","twice":"x","twice":{"a":1,"a":2},"paused":false,"paused":true,
  "template":{"spec":{"containers":[{"name":"c","nested":1,"image":"i","image":"j"}]}}}}`

const yaml = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
  name: b
spec:
  zeta: 1
  paused: false
  paused: true
  alpha: 1
`

function decode(text: string, fieldValidation: 'Ignore' | 'Warn' | 'Strict', isYaml = false): ReturnType<typeof decodeBody> {
  return decodeBody(text, { definition, kind, fieldValidation, yaml: isYaml })
}

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as StatusError).message
  }
  throw new Error('nothing was thrown')
}

describe('field validation', () => {
  const problems = [
    'duplicate field "metadata.name"', 'unknown field "spec.unknown1"', 'unknown field "spec.twice"', 'duplicate field "spec.paused"',
    'unknown field "spec.template.spec.containers[0].nested"', 'duplicate field "spec.template.spec.containers[0].image"',
  ]

  it('tells of JSON in the order of the document, of each field once, and nothing from within unknown ones', () => {
    expect(decode(json, 'Warn').warnings).toEqual(problems)
    expect(messageOf(() => decode(json, 'Strict'))).toBe(`Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: ${problems.join(', ')}`)
  })

  it('tells of repeated keys of YAML first, with their lines, then of unknown fields by name', () => {
    expect(decode(yaml, 'Warn', true).warnings).toEqual(['line 5: key "name" already set in map', 'line 9: key "paused" already set in map', 'unknown field "spec.alpha"', 'unknown field "spec.zeta"'])
    expect(messageOf(() => decode(yaml, 'Strict', true))).toBe('Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: yaml: unmarshal errors:\n  line 5: key "name" already set in map\n  line 9: key "paused" already set in map, unknown field "spec.alpha", unknown field "spec.zeta"')
  })

  it.each([['JSON', json, false], ['YAML', yaml, true]])('takes the last value where %s is not looked at closely', (_form, text, isYaml) => {
    expect(decode(text, 'Ignore', isYaml)).toMatchObject({ warnings: [], object: { metadata: { name: 'b' }, spec: { paused: true } } })
  })
})
