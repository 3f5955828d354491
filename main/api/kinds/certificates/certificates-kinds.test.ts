import { describe, expect, it } from 'vitest'
import type { CertificateSigningRequest, CertificateSigningRequestCondition, CertificateSigningRequestSpec } from '../../generated/types.ts'
import { fieldErrorText } from '../../machinery/field-error.ts'
import { errorsOf, made, strategyContext, updateErrorsOf } from '../testing/life-of.ts'
import { rowOf } from '../testing/row-of.ts'
import { certificateProblem, parseCertificateRequest } from './certificate-request.ts'
import { certificateSigningRequestKind } from './certificate-signing-request.ts'
import { certificate, ecRequest, ed25519Request, rsaRequest } from './testing/requests.ts'

const request = (spec: Partial<CertificateSigningRequestSpec> = {}): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'x' },
  spec: { request: btoa(ecRequest), signerName: 'example.com/any', usages: ['client auth'], ...spec },
})
const condition = (type: string, status = 'True'): CertificateSigningRequestCondition => ({ type, status })

describe('certificate requests', () => {
  it('are read whole', () => {
    expect(parseCertificateRequest(btoa(ecRequest))).toMatchObject({
      commonName: 'system:node:worker-1', organizations: ['system:nodes', 'more'], hasOtherNames: false,
      dnsNames: ['worker-1'], ipAddresses: ['192.168.64.11', '2001:db8:0:0:0:0:0:1'], emailAddresses: ['a@b.example'], uris: ['spiffe://x/y'], algorithm: '1.2.840.10045.4.3.2',
    })
    expect(parseCertificateRequest(btoa(rsaRequest))).toMatchObject({ commonName: 'a-developer', organizations: ['developers'], dnsNames: [], algorithm: '1.2.840.113549.1.1.11' })
    expect(parseCertificateRequest(btoa(ed25519Request))).toMatchObject({ commonName: 'ed25519', hasOtherNames: true, algorithm: '1.3.101.112' })
  })

  it('survive no cut and no garbage', () => {
    const body = ecRequest.split('\n').slice(1, -2).join('')
    const bytes = atob(body)
    for (let length = 0; length < bytes.length; length += 7) {
      const cut = btoa(`-----BEGIN CERTIFICATE REQUEST-----\n${btoa(bytes.slice(0, length))}\n-----END CERTIFICATE REQUEST-----\n`)
      expect(() => parseCertificateRequest(cut), String(length)).toThrow()
    }
    expect(() => parseCertificateRequest('%%%')).toThrow('PEM block type must be CERTIFICATE REQUEST')
    expect(() => parseCertificateRequest(btoa(certificate))).toThrow('PEM block type must be CERTIFICATE REQUEST')
  })

  it('become certificates', () => {
    expect(certificateProblem(btoa(certificate))).toBeUndefined()
    expect(certificateProblem(btoa(certificate + certificate))).toBeUndefined()
    expect(certificateProblem(btoa(ecRequest))).toBe('only CERTIFICATE PEM blocks are allowed, found "CERTIFICATE REQUEST"')
    expect(certificateProblem(btoa('hello'))).toBe('must contain one or more CERTIFICATE PEM blocks')
    expect(certificateProblem(btoa('-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n'))).toBe('x509: malformed certificate')
  })
})

describe('signing requests', () => {
  it('are filled in from whoever asks', () => {
    const object = structuredClone(request({ username: 'forged', groups: ['system:masters'] }))
    object.status = { conditions: [condition('Approved')] }
    certificateSigningRequestKind.strategy.prepareForCreate?.(object, { ...strategyContext, requester: { name: 'system:node:worker-1', uid: 'u', groups: ['system:nodes'], extra: { k: ['v'] } } })
    expect(object.spec).toMatchObject({ username: 'system:node:worker-1', uid: 'u', groups: ['system:nodes'], extra: { k: ['v'] } })
    expect(object.status).toEqual({})
  })

  it.each<[string, Partial<CertificateSigningRequestSpec>, string[]]>([
    ['a good one', {}, []],
    ['no request', { request: 'YWJj' }, ['spec.request: Invalid value: "YWJj": PEM block type must be CERTIFICATE REQUEST']],
    ['no usages', { usages: [] }, ['spec.usages: Required value']],
    ['a usage twice', { usages: ['any', 'any'] }, ['spec.usages[1]: Duplicate value: "any"']],
    ['a short life', { expirationSeconds: 599 }, ['spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)']],
    ['the old signer', { signerName: 'kubernetes.io/legacy-unknown' }, ['spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version']],
    ['no path', { signerName: 'example.com' }, ["spec.signerName: Invalid value: \"example.com\": must be a fully qualified domain and path of the form 'example.com/signer-name'"]],
    ['a short domain', { signerName: 'example/a' }, ['spec.signerName: Invalid value: "example": should be a domain with at least two segments separated by dots']],
  ])('%s', (_, spec, expected) => expect(errorsOf(certificateSigningRequestKind, request(spec))).toEqual(expected))

  it('know their usages', () => {
    expect(errorsOf(certificateSigningRequestKind, request({ usages: ['fun'] }))[0]).toMatch(/^spec\.usages\[0\]: Unsupported value: "fun": supported values: "any", "cert sign", "client auth", .*"signing", "timestamping"$/)
  })

  it('change through their endpoints only', () => {
    const approval = certificateSigningRequestKind.subresources.find((each) => each.type === 'named')
    const old = made(certificateSigningRequestKind, request())
    const approved = { ...structuredClone(old), status: { conditions: [condition('Approved')] } }
    approval?.strategy?.prepareForUpdate?.(approved, old, strategyContext)
    expect(approved.status.conditions).toEqual([{ type: 'Approved', status: 'True', lastUpdateTime: '1970-01-01T00:00:00Z', lastTransitionTime: '1970-01-01T00:00:00Z' }])
    expect(approval?.strategy?.validateUpdate?.(approved, old)).toEqual([])
    const [status] = certificateSigningRequestKind.subresources
    if (status?.type !== 'status') throw new Error('no status endpoint')
    expect(status.validateUpdate?.(approved, old).map(fieldErrorText)).toEqual(['status.conditions: Forbidden: updates may not add a condition of type "Approved"'])
    expect(approval?.strategy?.validateUpdate?.(old, approved).map(fieldErrorText)).toEqual(['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'])
    const both = { ...approved, status: { conditions: [...approved.status.conditions, condition('Denied')] } }
    expect(approval?.strategy?.validateUpdate?.(both, approved).map(fieldErrorText)).toEqual(['status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive'])
    const issued = { ...approved, status: { ...approved.status, certificate: btoa(certificate) } }
    expect(status.validateUpdate?.(issued, approved)).toEqual([])
    expect(status.validateUpdate?.(approved, issued).map(fieldErrorText)).toEqual(['status.certificate: Forbidden: updates may not modify existing certificate content'])
    expect(updateErrorsOf(certificateSigningRequestKind, request({ usages: ['any'] }), request())).toEqual([])
  })

  it.each([
    [undefined, 'Pending'], [{ conditions: [condition('Approved')] }, 'Approved'], [{ conditions: [condition('Approved')], certificate: 'x' }, 'Approved,Issued'],
    [{ conditions: [condition('Denied')] }, 'Denied'], [{ conditions: [condition('Approved'), condition('Failed')] }, 'Approved,Failed'],
  ])('with %j are %s', (status, expected) => {
    expect(rowOf(certificateSigningRequestKind, { ...request({ username: 'u', expirationSeconds: 86400 }), ...(status ? { status } : {}) })).toMatchObject({ SignerName: 'example.com/any', Requestor: 'u', RequestedDuration: '24h', Condition: expected })
  })
})
