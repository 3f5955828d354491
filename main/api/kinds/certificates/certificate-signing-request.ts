import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../generated/types.ts'
import { humanDuration } from '../../machinery/time.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type { StrategyContext } from '../kind.ts'
import { statusSubresource } from '../spec-and-status.ts'
import { validateSigningRequest, validateSigningRequestUpdate } from './certificate-signing-request-validation.ts'

const spec = 'io.k8s.api.certificates.v1.CertificateSigningRequestSpec'

function hasCondition({ status }: CertificateSigningRequest, type: string): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type)
}

/** `Approved,Issued`. */
function stateText(request: CertificateSigningRequest): string {
  let text = hasCondition(request, 'Denied') ? 'Denied' : hasCondition(request, 'Approved') ? 'Approved' : 'Pending'
  if (hasCondition(request, 'Failed')) text += ',Failed'
  if (request.status?.certificate) text += ',Issued'
  return text
}

/** New conditions get their times: those that are there already keep theirs. Changes `request`, not its
 *  status, which may be what the requester read from a cache. */
function stampConditions(request: CertificateSigningRequest, old: CertificateSigningRequest, { timestamp }: StrategyContext): void {
  const known = (type: string, value: string): CertificateSigningRequestCondition | undefined =>
    old.status?.conditions?.find((condition) => condition.type === type && condition.status === value && condition.lastTransitionTime)
  if (!request.status?.conditions) return
  const conditions = request.status.conditions.map((condition) => ({
    ...condition,
    lastUpdateTime: condition.lastUpdateTime ?? timestamp,
    lastTransitionTime: condition.lastTransitionTime ?? known(condition.type, condition.status)?.lastTransitionTime ?? timestamp,
  }))
  request.status = { ...request.status, conditions }
}

export const certificateSigningRequestKind = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  schema: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
  storagePrefix: 'certificatesigningrequests',
  strategy: {
    validateName: () => [],
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    prepareForCreate(request, { requester, user }) {
      const { username: _username, uid: _uid, groups: _groups, extra: _extra, ...wanted } = request.spec
      const { name, uid, groups = [], extra } = requester ?? { name: user }
      request.spec = {
        ...wanted,
        username: name,
        ...(uid ? { uid } : {}),
        ...(groups.length > 0 ? { groups: [...groups] } : {}),
        ...(extra && Object.keys(extra).length > 0 ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) } : {}),
      }
      request.status = {}
    },
    // Once made, only the endpoints below change it.
    prepareForUpdate(request, old) {
      request.spec = old.spec
      if (old.status) request.status = old.status
    },
    validate: validateSigningRequest,
    validateUpdate: (request, old) => validateSigningRequestUpdate(request, old),
  },
  subresources: [
    statusSubresource((request, old) => validateSigningRequestUpdate(request, old, { certificate: true }), stampConditions),
    {
      type: 'named',
      name: 'approval',
      verbs: ['get', 'patch', 'update'],
      strategy: {
        prepareForUpdate(request, old, context) {
          request.spec = old.spec
          const { certificate: _certificate, ...status } = request.status ?? {}
          request.status = { ...status, ...(old.status?.certificate ? { certificate: old.status.certificate } : {}) }
          stampConditions(request, old, context)
        },
        validateUpdate: (request, old) => validateSigningRequestUpdate(request, old, { approval: true }),
      },
    },
  ],
  selectableFields: { 'spec.signerName': (request) => request.spec?.signerName ?? '' },
  columns: [
    nameColumn(),
    ageColumn(),
    column('SignerName', [spec, 'signerName'], (request) => request.spec?.signerName || '<none>'),
    column('Requestor', [spec, 'request'], (request) => request.spec?.username ?? ''),
    column('RequestedDuration', [spec, 'expirationSeconds'], (request) => (request.spec?.expirationSeconds === undefined ? '<none>' : humanDuration(request.spec.expirationSeconds * 1000))),
    column('Condition', ['io.k8s.api.certificates.v1.CertificateSigningRequestStatus', 'conditions'], stateText),
  ],
  health(request) {
    const state = stateText(request)
    if (state.includes('Failed')) return { mark: 'failed', sentence: 'its signer could not issue it' }
    if (state.startsWith('Denied')) return { mark: 'failed', sentence: 'it was denied' }
    if (state.includes('Issued')) return { mark: 'completed', sentence: 'its certificate is issued' }
    return { mark: 'pending', sentence: state === 'Pending' ? 'it waits to be approved' : 'it waits for its signer' }
  },
})
