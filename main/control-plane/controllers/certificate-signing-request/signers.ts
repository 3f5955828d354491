import type { CertificateSigningRequest } from '../../../api/generated/types.ts'
import type { CertificateRequest } from '../../../api/kinds/certificates/certificate-request.ts'

const kubeletServing = 'kubernetes.io/kubelet-serving'
const kubeletClient = 'kubernetes.io/kube-apiserver-client-kubelet'
const apiServerClient = 'kubernetes.io/kube-apiserver-client'
const legacyUnknown = 'kubernetes.io/legacy-unknown'

/** The signers that the controller manager is. */
export const signerNames: ReadonlySet<string> = new Set([kubeletServing, kubeletClient, apiServerClient, legacyUnknown])

const servingUsages = ['digital signature', 'key encipherment', 'server auth']
const clientUsages = ['client auth', 'digital signature', 'key encipherment']

/** Why a signer does not sign the request, in upstream's words; undefined: it does. */
export function refusalOf(signerName: string, request: CertificateRequest, usages: readonly string[]): string | undefined {
  switch (signerName) {
    case kubeletServing:
      return kubeletServingProblem(request, usages)
    case kubeletClient:
      return kubeletClientProblem(request, usages)
    case apiServerClient: {
      const wrong = usages.find((usage) => !clientUsages.includes(usage))
      if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`
      return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth'
    }
    default:
      return undefined
  }
}

function nodeProblem({ organizations }: CertificateRequest): string | undefined {
  return organizations.length === 1 && organizations[0] === 'system:nodes' ? undefined : 'subject organization is not system:nodes'
}

function kubeletServingProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  const node = nodeProblem(request)
  if (node) return node
  if (request.dnsNames.length + request.ipAddresses.length < 1) return 'DNS or IP subjectAltName is required'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  if (!sameUsages(usages, servingUsages)) return `usages did not match [${servingUsages.join(' ')}]`
  return namedAfterNode(request)
}

/** Whether a request is one for a kubelet's client certificate, and what is wrong with it if not. */
export function kubeletClientProblem(request: CertificateRequest, usages: readonly string[]): string | undefined {
  const node = nodeProblem(request)
  if (node) return node
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed'
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed'
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed'
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed'
  if (!sameUsages(usages, clientUsages)) return `usages did not match [${clientUsages.join(' ')}]`
  return namedAfterNode(request)
}

function namedAfterNode({ commonName }: CertificateRequest): string | undefined {
  return commonName.startsWith('system:node:') ? undefined : 'subject common name does not begin with system:node:'
}

/** All of them; key encipherment is for RSA keys alone and may be left out. */
function sameUsages(usages: readonly string[], required: readonly string[]): boolean {
  const given = new Set(usages)
  const needed = required.filter((usage) => usage !== 'key encipherment')
  return needed.every((usage) => given.has(usage)) && [...given].every((usage) => required.includes(usage))
}

/** What the approver recognises: for each the permission that is asked for, and what it then says. */
export function recognized(csr: CertificateSigningRequest, request: CertificateRequest): readonly { readonly subresource: string; readonly message: string }[] {
  if (csr.spec.signerName !== kubeletClient || kubeletClientProblem(request, csr.spec.usages ?? []) !== undefined) return []
  const any = { subresource: 'nodeclient', message: 'Auto approving kubelet client certificate after SubjectAccessReview.' }
  const own = { subresource: 'selfnodeclient', message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' }
  return csr.spec.username === request.commonName ? [own, any] : [any]
}

const yearMs = 365 * 24 * 3_600_000
const shortestMs = 600_000

/** How long a certificate holds: as long as is asked for, between 10 minutes and --cluster-signing-duration (a year). */
export function durationMs(expirationSeconds: number | undefined): number {
  return expirationSeconds === undefined ? yearMs : Math.min(yearMs, Math.max(shortestMs, expirationSeconds * 1000))
}

const hourMs = 3_600_000
const pendingMs = 24 * hourMs

/** When a request is cleaned away, virtual ms; undefined: not as it is. */
export function cleanedAt({ metadata, status }: CertificateSigningRequest, timeOf: (text: string | undefined) => number, certificateEnd: number | undefined): number | undefined {
  const conditions = status?.conditions ?? []
  const times = conditions.filter(({ type, status: is }) => is !== 'False' && (type === 'Approved' || type === 'Denied' || type === 'Failed')).map(({ lastUpdateTime }) => timeOf(lastUpdateTime) + hourMs)
  if (conditions.length === 0) times.push(timeOf(metadata.creationTimestamp) + pendingMs)
  if (certificateEnd !== undefined && conditions.some(({ type }) => type === 'Approved')) times.push(certificateEnd)
  return times.length > 0 ? Math.min(...times) : undefined
}
