import { defineController } from '../../../api/client/controller.ts'
import type { CertificateSigningRequest, SubjectAccessReview } from '../../../api/generated/types.ts'
import { subjectAccessReviewKind } from '../../../api/kinds/authorization/reviews.ts'
import { certificateSigningRequestKind } from '../../../api/kinds/certificates/certificate-signing-request.ts'
import { parseCertificateRequest } from '../../../api/kinds/certificates/certificate-request.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { textOf } from '../framework/pod-control.ts'
import { recognized } from './signers.ts'

/** Approves kubelets' requests for client certificates when who asks may have them approved. Follows pkg/controller/certificates/approver. */
export const certificateApprovingController = defineController({
  name: 'certificatesigningrequest-approving-controller',
  noun: 'certificatesigningrequest',
  workers: 5,
  queue: { baseDelayMs: 200, maxDelayMs: 1_000_000 },
  setUp({ client, informers, process }, queue) {
    const requests = informers.of(certificateSigningRequestKind)
    const add = (csr: CertificateSigningRequest): void => {
      if (isUndecided(csr)) queue.add(csr.metadata.name)
    }
    requests.onChange({ added: add, updated: add })
    const mayHave = async ({ spec }: CertificateSigningRequest, subresource: string): Promise<boolean> => {
      const { username: user, uid, groups, extra } = spec
      const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec: { ...(user ? { user } : {}), ...(uid ? { uid } : {}), ...(groups ? { groups } : {}), ...(extra ? { extra } : {}), resourceAttributes: { group: 'certificates.k8s.io', version: '*', resource: 'certificatesigningrequests', verb: 'create', subresource } } }
      const answered = (await client.create(subjectAccessReviewKind, review as never)) as unknown as SubjectAccessReview
      return answered.status?.allowed ?? false
    }
    return async (name) => {
      const csr = requests.get(undefined, name)
      if (!csr || !isUndecided(csr)) return undefined
      let parsed
      try {
        parsed = parseCertificateRequest(csr.spec.request)
      } catch (error) {
        throw new Error(`unable to parse csr ${quote(name)}: ${textOf(error)}`)
      }
      const kinds = recognized(csr, parsed)
      for (const { subresource, message } of kinds) {
        if (!(await mayHave(csr, subresource))) continue
        const approved = { type: 'Approved', status: 'True', reason: 'AutoApproved', message, lastUpdateTime: formatTime(process.clock.now()) }
        await client.update(certificateSigningRequestKind, { ...csr, status: { ...csr.status, conditions: [...(csr.status?.conditions ?? []), approved] } }, { subresource: 'approval' })
        return undefined
      }
      if (kinds.length > 0) throw new Error(`recognized csr ${quote(name)} as [${kinds.map(({ subresource }) => subresource).join(' ')}] but subject access review was not approved`)
      return undefined
    }
  },
})

function isUndecided({ status }: CertificateSigningRequest): boolean {
  return !status?.certificate && !status?.conditions?.some(({ type }) => type === 'Approved' || type === 'Denied')
}
