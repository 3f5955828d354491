import { describe, expect, it } from 'vitest'
import { parseCertificateRequest } from '../../api/kinds/certificates/certificate-request.ts'
import { ecRequest, ed25519Request, rsaRequest } from '../../api/kinds/certificates/testing/requests.ts'
import { requestSignatureProblem } from './request-signature.node.ts'
import { startServer } from './testing/start-server.ts'

const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const body = (request: string, name = 'x') => ({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec: { request, signerName: 'example.com/any', usages: ['client auth'] } })

/** The request with one bit of its last byte (the signature's) turned. */
function forged(pem: string): string {
  const bytes = atob(pem.split('\n').slice(1, -2).join(''))
  return btoa(`-----BEGIN CERTIFICATE REQUEST-----\n${btoa(bytes.slice(0, -1) + String.fromCharCode(bytes.charCodeAt(bytes.length - 1) ^ 1))}\n-----END CERTIFICATE REQUEST-----\n`)
}

describe('signatures of certificate requests', () => {
  it.each([
    ['ECDSA', ecRequest, 'x509: ECDSA verification failure'],
    ['RSA', rsaRequest, 'crypto/rsa: verification error'],
    ['Ed25519', ed25519Request, 'x509: Ed25519 verification failure'],
  ])('%s', (_, pem, problem) => {
    expect(requestSignatureProblem(parseCertificateRequest(btoa(pem)))).toBeUndefined()
    expect(requestSignatureProblem(parseCertificateRequest(forged(pem)))).toBe(problem)
  })

  it('are checked when a request is made', async () => {
    const { call } = await startServer({ verifyRequest: requestSignatureProblem })
    const made = await call('POST', path, body(btoa(ecRequest)))
    expect(made.status).toBe(201)
    expect(made.json.spec).toMatchObject({ username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] })
    const refused = await call('POST', path, body(forged(ecRequest), 'y'))
    expect(refused.json).toMatchObject({ code: 422, details: { causes: [{ field: 'spec.request', reason: 'FieldValueInvalid' }] } })
    expect(refused.json.message).toContain('x509: ECDSA verification failure')
    const approved = await call('PUT', `${path}/x/approval`, { ...made.json, status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test' }] } })
    expect(approved.status).toBe(200)
    expect(approved.json.status.conditions[0]).toMatchObject({ type: 'Approved', lastUpdateTime: '2026-01-01T00:00:00Z' })
    expect((await call('PUT', `${path}/x`, { ...approved.json, spec: { ...made.json.spec, usages: ['any'] } })).json.spec.usages).toEqual(['client auth'])
  })
})
