import { X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CertificateSigningRequest, CertificateSigningRequestSpec, SubjectAccessReview } from '../../../api/generated/types.ts'
import { certificateSigningRequestKind } from '../../../api/kinds/certificates/certificate-signing-request.ts'
import { ecRequest, rsaRequest } from '../../../api/kinds/certificates/testing/requests.ts'
import { createPki, type Pki } from '../../apiserver/pki.node.ts'
import { testEpoch } from '../../../api/client/testing/test-process.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { atEveryWrite, benchFaults, controllerBench, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { certificateAuthority } from './authority.node.ts'
import { certificateApprovingController } from './certificate-approving-controller.ts'
import { certificateCleanerController } from './certificate-cleaner-controller.ts'
import { certificateSigningController } from './certificate-signing-controller.ts'
import { recognized, refusalOf } from './signers.ts'
import type { CertificateRequest } from '../../../api/kinds/certificates/certificate-request.ts'

let pki: Pki
beforeAll(async () => {
  pki = await createPki({ now: testEpoch })
})

const clientUsages = ['digital signature', 'client auth']

function csr(spec: Partial<CertificateSigningRequestSpec> = {}, approved = true): CertificateSigningRequest {
  const condition = { type: 'Approved', status: 'True', reason: 'KubectlApprove', lastUpdateTime: formatTime(testEpoch) }
  return {
    apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'one' },
    spec: { request: btoa(rsaRequest), signerName: 'kubernetes.io/kube-apiserver-client', usages: clientUsages, ...spec },
    ...(approved ? { status: { conditions: [condition] } } : {}),
  }
}

function seed(b: ControllerBench, object: CertificateSigningRequest): void {
  b.api.seed(certificateSigningRequestKind, object)
  b.api.mutate<CertificateSigningRequest>(certificateSigningRequestKind, undefined, 'one', (copy) => {
    if (object.status) copy.status = object.status
    copy.spec = object.spec
  })
}

const stored = (b: ControllerBench): CertificateSigningRequest | undefined => b.api.peek<CertificateSigningRequest>(certificateSigningRequestKind, undefined, 'one')
const certificateOf = (b: ControllerBench): X509Certificate => new X509Certificate(atob(stored(b)!.status!.certificate!))
const signing = (options: BenchOptions = {}): Promise<ControllerBench> => controllerBench([certificateSigningController(certificateAuthority(pki.ca))], options)

describe('signing', () => {
  it('makes a certificate that the authority stands for', async () => {
    const b = await signing()
    seed(b, csr())
    await b.settle()
    const certificate = certificateOf(b)
    const ca = new X509Certificate(pki.ca.certificate)
    expect([certificate.verify(ca.publicKey), certificate.checkIssued(ca), certificate.ca]).toEqual([true, true, false])
    expect(certificate.subject).toBe('O=developers\nCN=a-developer')
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
    expect(testEpoch - Date.parse(certificate.validFrom)).toBe(300_000)
    expect(Date.parse(certificate.validTo) - testEpoch).toBe(365 * 24 * 3_600_000 - 300_000)
  })

  it('takes over alternative names, and holds as long as asked for', async () => {
    const b = await signing()
    seed(b, csr({ request: btoa(ecRequest), signerName: 'kubernetes.io/legacy-unknown', expirationSeconds: 3600, usages: ['server auth', 'key encipherment'] }))
    await b.settle()
    const certificate = certificateOf(b)
    for (const part of ['DNS:worker-1', 'IP Address:192.168.64.11', 'email:a@b.example', 'URI:spiffe://x/y']) expect(certificate.subjectAltName).toContain(part)
    expect(Math.abs(Date.parse(certificate.validTo) - testEpoch - 3_600_000)).toBeLessThan(2_000)
  })

  it.each([
    [{ signerName: 'example.com/other' }],
    [{}],
  ])('leaves alone what is not its business: %j', async (spec) => {
    const b = await signing()
    seed(b, csr(spec, 'signerName' in spec))
    await b.settle()
    expect(stored(b)!.status?.certificate).toBeUndefined()
  })

  it('says why it refuses', async () => {
    const b = await signing()
    seed(b, csr({ usages: ['server auth'] }))
    await b.settle()
    expect(stored(b)!.status!.conditions!.at(-1)).toMatchObject({ type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: 'invalid usage for client certificate: server auth' })
  })

  it('comes to the same whatever fails', async () => {
    await atEveryWrite(benchFaults, async (fault: BenchOptions['fault']) => {
      const b = await signing(fault ? { fault } : {})
      seed(b, csr())
      await b.settle()
      return { writes: b.api.writes.length, check: () => expect(stored(b)!.status!.certificate).toBeDefined() }
    })
  })
})

describe('signers', () => {
  const kubelet: CertificateRequest = { commonName: 'system:node:worker-1', organizations: ['system:nodes'], hasOtherNames: false, dnsNames: [], ipAddresses: [], emailAddresses: [], uris: [], signed: new Uint8Array(), publicKey: new Uint8Array(), signature: new Uint8Array(), algorithm: '' }
  const serving = ['digital signature', 'server auth']
  it.each([
    ['kubelet-serving', { dnsNames: ['worker-1'] }, serving, undefined],
    ['kubelet-serving', {}, serving, 'DNS or IP subjectAltName is required'],
    ['kubelet-serving', { dnsNames: ['a'], uris: ['x:y'] }, serving, 'URI subjectAltNames are not allowed'],
    ['kubelet-serving', { dnsNames: ['a'] }, clientUsages, 'usages did not match [digital signature key encipherment server auth]'],
    ['kube-apiserver-client-kubelet', {}, clientUsages, undefined],
    ['kube-apiserver-client-kubelet', { organizations: ['a'] }, clientUsages, 'subject organization is not system:nodes'],
    ['kube-apiserver-client-kubelet', { dnsNames: ['a'] }, clientUsages, 'DNS subjectAltNames are not allowed'],
    ['kube-apiserver-client-kubelet', { commonName: 'worker-1' }, clientUsages, 'subject common name does not begin with system:node:'],
    ['kube-apiserver-client', {}, ['digital signature'], 'missing required usage for client certificate: client auth'],
    ['legacy-unknown', {}, ['server auth'], undefined],
  ])('%s %j %j', (signer, more, usages, refusal) => {
    expect(refusalOf(`kubernetes.io/${signer}`, { ...kubelet, ...more }, usages)).toBe(refusal)
  })

  it('recognises a kubelet that asks for itself', () => {
    const own = csr({ signerName: 'kubernetes.io/kube-apiserver-client-kubelet', username: 'system:node:worker-1' })
    expect(recognized(own, kubelet).map(({ subresource }) => subresource)).toEqual(['selfnodeclient', 'nodeclient'])
    expect(recognized(csr({ signerName: 'kubernetes.io/kube-apiserver-client-kubelet', username: 'system:bootstrap:abcdef' }), kubelet).map(({ subresource }) => subresource)).toEqual(['nodeclient'])
    expect(recognized(csr(), kubelet)).toEqual([])
  })
})

describe('approving', () => {
  it('does not touch requests of people', async () => {
    const b = await controllerBench([certificateApprovingController])
    const create = b.api.create.bind(b.api)
    b.api.create = async (kind, object, options) => (kind.plural === 'subjectaccessreviews' ? ({ ...object, status: { allowed: true } } as unknown as SubjectAccessReview as never) : create(kind, object, options))
    seed(b, csr({}, false))
    await b.settle()
    expect(stored(b)!.status?.conditions).toBeUndefined()
  })
})

describe('cleaning', () => {
  it.each([
    ['an hour after it was approved', true, 3_590_000, 3_610_000],
    ['a day after it was made', false, 86_390_000, 86_410_000],
  ])('%s', async (_, approved, before, after) => {
    const b = await controllerBench([certificateCleanerController])
    seed(b, csr({}, approved))
    await b.kernel.runFor(before)
    expect(stored(b)).toBeDefined()
    await b.kernel.runFor(after - before)
    expect(stored(b)).toBeUndefined()
  })
})
