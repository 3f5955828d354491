import { describe, expect, it } from 'vitest'
import type { APIService, APIServiceSpec } from '../../generated/types.ts'
import { errorsOf, made } from '../testing/life-of.ts'
import { rowOf } from '../testing/row-of.ts'
import { apiServiceKind } from './api-service.ts'

const service = (spec: Partial<APIServiceSpec> = {}, name = 'v1.example.com'): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name }, spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10, ...spec },
})

describe('API services', () => {
  it.each<[string, APIService, string[]]>([
    ['a good one', service({ service: { namespace: 'n', name: 's' }, insecureSkipTLSVerify: true }), []],
    ['the core group', service({ group: '' }, 'v1.'), []],
    ['another name', service({}, 'v2.example.com'), ['metadata.name: Invalid value: "v2.example.com": must be `spec.version+"."+spec.group`: "v1.example.com"']],
    ['no group', service({ group: '', version: 'v2' }, 'v2.'), ['spec.group: Required value: only v1 may have an empty group and it better be legacy kube']],
    ['no priority', service({ groupPriorityMinimum: 20_001, versionPriority: 0 }), ['spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000', 'spec.versionPriority: Invalid value: 0: must be positive and less than 1000']],
    ['local with a bundle', service({ caBundle: 'YWJj', insecureSkipTLSVerify: true }), ['spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle', 'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify']],
    ['both careful and not', service({ caBundle: 'YWJj', insecureSkipTLSVerify: true, service: { name: 's' } }), ['spec.service.namespace: Required value', 'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present']],
  ])('%s', (_, object, expected) => expect(errorsOf(apiServiceKind, object)).toEqual(expected))

  it('are available at once when they are local', () => {
    expect(rowOf(apiServiceKind, made(apiServiceKind, service()))).toMatchObject({ Service: 'Local', Available: 'True' })
    const remote = made(apiServiceKind, service({ service: { namespace: 'n', name: 's' } }))
    expect(remote.spec?.service?.port).toBe(443)
    expect(rowOf(apiServiceKind, remote)).toMatchObject({ Service: 'n/s', Available: 'Unknown' })
    expect(rowOf(apiServiceKind, { ...remote, status: { conditions: [{ type: 'Available', status: 'False', reason: 'MissingEndpoints' }] } })).toMatchObject({ Available: 'False (MissingEndpoints)' })
  })
})
