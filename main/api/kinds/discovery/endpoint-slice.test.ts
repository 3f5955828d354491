import { describe, expect, it } from 'vitest'
import type { EndpointHints, EndpointSlice } from '../../generated/types.ts'
import { errorsOf } from '../testing/life-of.ts'
import { endpointSliceKind } from './endpoint-slice.ts'

const slice = (hints: EndpointHints): EndpointSlice => ({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: 'x' }, addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], hints }] })
const at = 'endpoints[0].hints'

describe('hints of endpoints', () => {
  it.each<[string, EndpointHints, string[]]>([
    ['good ones', { forZones: [{ name: 'a' }, { name: 'b' }], forNodes: [{ name: 'worker-1' }] }, []],
    ['a zone twice', { forZones: [{ name: 'a' }, { name: 'a' }] }, [`${at}.forZones[1].name: Duplicate value: "a"`]],
    ['too many nodes', { forNodes: Array.from({ length: 9 }, (_, index) => ({ name: `n${index}` })) }, [`${at}.forNodes: Too many: 9: must have at most 8 items`]],
  ])('%s', (_, hints, expected) => expect(errorsOf(endpointSliceKind, slice(hints))).toEqual(expected))

  it('name zones and nodes as they may be named', () => {
    expect(errorsOf(endpointSliceKind, slice({ forZones: [{ name: 'a b' }], forNodes: [{ name: 'A' }] })).map((text) => text.split(': ').slice(0, 3).join(': '))).toEqual([`${at}.forZones[0].name: Invalid value: "a b"`, `${at}.forNodes[0].name: Invalid value: "A"`])
  })
})
