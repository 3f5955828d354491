import type { CertificateSigningRequest } from '../../../api/generated/types.ts'
import { parseCertificateRequest } from '../../../api/kinds/certificates/certificate-request.ts'
import type { CertificateRequest } from '../../../api/kinds/certificates/certificate-request.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import { invalid } from '../../../api/machinery/status-error.ts'
import type { StoreHooks } from './store-hooks.ts'

/** Answers what is wrong with a request's signature, or undefined. */
export type RequestVerifier = (request: CertificateRequest) => string | undefined

/** Refuses certificate requests that were not signed with their own key. The declaration checks the rest: it stands where there is no
 *  cryptography. */
export function signingRequestHooks(verify: RequestVerifier): StoreHooks {
  return {
    beginCreate(object) {
      const { metadata, spec } = object as CertificateSigningRequest
      const parsed = readable(spec?.request ?? '')
      const problem = parsed && verify(parsed)
      if (problem) throw invalid({ group: 'certificates.k8s.io', kind: 'CertificateSigningRequest' }, metadata.name ?? '', [fieldInvalid('spec.request', spec.request, problem)])
      return () => {}
    },
  }
}

/** What cannot be read is refused with everything else that is wrong. */
function readable(request: string): CertificateRequest | undefined {
  try {
    return parseCertificateRequest(request)
  } catch {
    return undefined
  }
}
