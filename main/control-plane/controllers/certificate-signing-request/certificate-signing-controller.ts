import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import type { CertificateSigningRequest } from '../../../api/generated/types.ts'
import { certificateSigningRequestKind } from '../../../api/kinds/certificates/certificate-signing-request.ts'
import { parseCertificateRequest } from '../../../api/kinds/certificates/certificate-request.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { textOf } from '../framework/pod-control.ts'
import { issue, type CertificateAuthority } from './certificate.ts'
import { durationMs, refusalOf, signerNames } from './signers.ts'

/** Signs approved certificate requests for Kubernetes' own signers with the cluster's authority. Follows pkg/controller/certificates/signer. */
export function certificateSigningController(authority: CertificateAuthority): ControllerDefinition {
  return defineController({
    name: 'certificatesigningrequest-signing-controller',
    noun: 'certificatesigningrequest',
    workers: 5,
    queue: { baseDelayMs: 200, maxDelayMs: 1_000_000 },
    setUp({ client, informers, process }, queue) {
      const requests = informers.of(certificateSigningRequestKind)
      const add = (csr: CertificateSigningRequest): void => {
        if (isDue(csr)) queue.add(csr.metadata.name)
      }
      requests.onChange({ added: add, updated: add })
      return async (name) => {
        const csr = requests.get(undefined, name)
        if (!csr || !isDue(csr)) return undefined
        const { request, signerName, usages = [], expirationSeconds } = csr.spec
        let parsed
        try {
          parsed = parseCertificateRequest(request)
        } catch (error) {
          throw new Error(`unable to parse csr ${quote(name)}: ${textOf(error)}`)
        }
        const now = process.clock.now()
        const refusal = refusalOf(signerName, parsed, usages)
        if (refusal !== undefined) {
          const time = formatTime(now)
          const failed = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: refusal, lastUpdateTime: time }
          await client.update(certificateSigningRequestKind, { ...csr, status: { ...csr.status, conditions: [...(csr.status?.conditions ?? []), failed] } }, { subresource: 'status' })
          return undefined
        }
        const serial = Uint8Array.from({ length: 16 }, () => process.random.below(256))
        const certificate = issue(authority, { request, usages, ttlMs: durationMs(expirationSeconds), now, serial })
        await client.update(certificateSigningRequestKind, { ...csr, status: { ...csr.status, certificate: btoa(certificate) } }, { subresource: 'status' })
        return undefined
      }
    },
  })
}

/** Approved, not failed, not signed yet, and for one of our signers. */
function isDue({ spec, status }: CertificateSigningRequest): boolean {
  const has = (type: string): boolean => status?.conditions?.some((condition) => condition.type === type && condition.status !== 'False') ?? false
  return signerNames.has(spec.signerName) && !status?.certificate && has('Approved') && !has('Denied') && !has('Failed')
}
