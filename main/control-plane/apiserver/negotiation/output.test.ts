import { describe, expect, it } from 'vitest'
import { Query } from '../request-info/query.ts'
import { negotiateOutput } from './output.ts'

const negotiate = (accept: string, query = '', headers: Record<string, string> = {}) => negotiateOutput({ accept, ...headers }, new Query(query), { byReference: false, transforms: ['Table', 'PartialObjectMetadata'] })

describe('negotiateOutput', () => {
  it.each([
    ['', { encoding: 'json' }],
    ['*/*', { encoding: 'json' }],
    ['application/yaml', { encoding: 'yaml' }],
    ['application/vnd.kubernetes.protobuf, application/json', { encoding: 'protobuf' }],
    ['application/json;q=0.5, application/yaml', { encoding: 'yaml' }],
    ['application/*', { encoding: 'json' }],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', { encoding: 'json', transform: { as: 'Table', version: 'v1' } }],
    ['application/json;as=Table;v=v2;g=meta.k8s.io, application/json', { encoding: 'json' }],
    ['text/html, */*;q=0.1', { encoding: 'json' }],
  ])('%s', (accept, expected) => {
    expect(negotiate(accept)).toMatchObject(expected)
  })

  it('refuses what it does not write', () => {
    for (const accept of ['text/html', 'application/cbor', 'application/json;as=Nonsense;v=v1;g=meta.k8s.io']) expect(() => negotiate(accept)).toThrow('only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf')
  })

  it('indents when asked, and for people\'s tools', () => {
    expect(negotiate('', 'pretty=true').pretty).toBe(true)
    expect(negotiate('', '', { 'user-agent': 'curl/8.0' }).pretty).toBe(true)
    expect(negotiate('', 'pretty=false', { 'user-agent': 'curl/8.0' }).pretty).toBe(false)
    expect(negotiate('', '', { 'user-agent': 'kubectl/v1.36.3' }).pretty).toBe(false)
  })
})
