/** Who may approve and sign certificate requests, and what nobody may ask for. */
import type { CertificateSigningRequest } from '../../../api/generated/types.ts'
import { parseCertificateRequest } from '../../../api/kinds/certificates/certificate-request.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { mastersGroup } from '../authn/user.ts'
import type { User } from '../authn/user.ts'
import type { Authorizer } from '../authz/attributes.ts'
import { isAbout, refused } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'

const group = 'certificates.k8s.io'
const requests = 'certificatesigningrequests'

/** Whether the user may do something with a signer, or with all of its domain. Follows upstream's IsAuthorizedForSignerName. */
function maySign(authorizer: Authorizer, user: User, verb: string, signer: string): boolean {
  const ask = (name: string): boolean => authorizer.authorize({ user, verb, isResource: true, group, version: '*', resource: 'signers', subresource: '', namespace: '', name, path: '' }).decision === 'allow'
  const slash = signer.indexOf('/')
  return ask(signer) || (slash >= 0 && ask(`${signer.slice(0, slash)}/*`))
}

export function certificateApproval(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    handles: (attributes) => isAbout(attributes, group, requests, 'approval') && attributes.operation === 'UPDATE',
    validate(attributes) {
      const { signerName = '' } = (attributes.object as CertificateSigningRequest).spec ?? {}
      if (!maySign(authorizer, attributes.context.user, 'approve', signerName)) throw refused(attributes, `user not permitted to approve requests with signerName ${quote(signerName)}`)
    },
  }
}

export function certificateSigning(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    handles: (attributes) => isAbout(attributes, group, requests, 'status') && attributes.operation === 'UPDATE',
    validate(attributes) {
      const [now, before] = [attributes.object as CertificateSigningRequest, attributes.oldObject as CertificateSigningRequest]
      // Only a certificate or a failure is the signer's to write.
      const failed = ({ status }: CertificateSigningRequest): unknown => (status?.conditions ?? []).filter(({ type }) => type === 'Failed')
      if (now.status?.certificate === before.status?.certificate && jsonEqual(failed(now), failed(before))) return
      const signerName = before.spec?.signerName ?? ''
      if (!maySign(authorizer, attributes.context.user, 'sign', signerName)) throw refused(attributes, `user not permitted to sign requests with signerName ${quote(signerName)}`)
    },
  }
}

export function clusterTrustBundleAttest(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'ClusterTrustBundleAttest',
    handles: (attributes) => isAbout(attributes, group, 'clustertrustbundles') && (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE'),
    validate(attributes) {
      const { signerName = '' } = (attributes.object as ClusterTrustBundleObject).spec ?? {}
      if (signerName === '' || (attributes.operation === 'UPDATE' && jsonEqual((attributes.oldObject as ClusterTrustBundleObject).spec, (attributes.object as ClusterTrustBundleObject).spec))) return
      if (!maySign(authorizer, attributes.context.user, 'attest', signerName)) throw refused(attributes, `user not permitted to attest for signerName ${quote(signerName)}`)
    },
  }
}

type ClusterTrustBundleObject = KubeObject & { spec?: { signerName?: string } }

/** Nobody gets a certificate of system:masters from the API. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  handles: (attributes) => isAbout(attributes, group, requests) && attributes.operation === 'CREATE',
  validate(attributes) {
    const { signerName, request = '' } = (attributes.object as CertificateSigningRequest).spec ?? {}
    if (signerName !== 'kubernetes.io/kube-apiserver-client') return
    let organizations: readonly string[]
    try {
      organizations = parseCertificateRequest(request).organizations
    } catch (error) {
      throw refused(attributes, `failed to parse CSR: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (organizations.includes(mastersGroup)) throw refused(attributes, 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed')
  },
}
