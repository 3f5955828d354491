import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { compareBytes, quote } from '../../machinery/go-text.ts'
import { fieldOf } from '../../machinery/schema.ts'
import { certificateProblem, parseCertificateRequest } from './certificate-request.ts'
import { signerNameErrors } from './signer-name.ts'

const at = fieldPath('spec')
const conditionsAt = fieldPath('status', 'conditions')
const certificateAt = fieldPath('status', 'certificate')
const legacySignerName = 'kubernetes.io/legacy-unknown'
const expirationSecondsMin = 600
/** Conditions that are only ever true, and stay. */
const lasting = ['Approved', 'Denied', 'Failed']
let usages: readonly string[] | undefined

export function validateSigningRequest(request: CertificateSigningRequest): FieldError[] {
  usages ??= [...(fieldOf('io.k8s.api.certificates.v1.CertificateSigningRequestSpec', 'usages')?.enum ?? [])].sort(compareBytes)
  const { spec, status } = request
  const errors = requestErrors(spec?.request ?? '')
  const wanted = spec?.usages ?? []
  if (wanted.length === 0) errors.push(fieldRequired(at.child('usages')))
  for (const [index, usage] of wanted.entries()) if (!usages.includes(usage)) errors.push(fieldNotSupported(at.child('usages').index(index), usage, usages))
  for (const [index, usage] of wanted.entries()) if (wanted.indexOf(usage) < index) errors.push(fieldDuplicate(at.child('usages').index(index), usage))
  const signer = spec?.signerName ?? ''
  if (signer === legacySignerName) errors.push(fieldInvalid(at.child('signerName'), signer, 'the legacy signerName is not allowed via this API version'))
  else errors.push(...signerNameErrors(signer, at.child('signerName')))
  const seconds = spec?.expirationSeconds
  if (seconds !== undefined && seconds < expirationSecondsMin) errors.push(fieldInvalid(at.child('expirationSeconds'), seconds, `may not specify a duration less than ${expirationSecondsMin} seconds (10 minutes)`))
  errors.push(...conditionErrors(status?.conditions ?? []))
  const problem = status?.certificate ? certificateProblem(status.certificate) : undefined
  if (problem) errors.push(fieldInvalid(certificateAt, '<certificate data>', problem))
  return errors
}

function requestErrors(request: string): FieldError[] {
  try {
    parseCertificateRequest(request)
    return []
  } catch (error) {
    return [fieldInvalid(at.child('request'), request, (error as Error).message)]
  }
}

function conditionErrors(conditions: readonly CertificateSigningRequestCondition[]): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { type = '', status = '' }] of conditions.entries()) {
    const here = conditionsAt.index(index)
    if (type === '') errors.push(fieldRequired(here.child('type')))
    const allowed = lasting.includes(type) ? ['True'] : ['False', 'True', 'Unknown']
    if (status === '') errors.push(fieldRequired(here.child('status')))
    else if (!allowed.includes(status)) errors.push(fieldNotSupported(here.child('status'), status, allowed))
    if ((type === 'Approved' && seen.has('Denied')) || (type === 'Denied' && seen.has('Approved'))) errors.push(fieldInvalid(here.child('type'), type, 'Approved and Denied conditions are mutually exclusive'))
    if (seen.has(type)) errors.push(fieldDuplicate(here.child('type'), type))
    seen.add(type)
  }
  return errors
}

/** What an endpoint may do besides what all may: approve and deny, or put in the certificate. */
export interface AllowedChanges {
  readonly approval?: boolean
  readonly certificate?: boolean
}

export function validateSigningRequestUpdate(request: CertificateSigningRequest, old: CertificateSigningRequest, allowed: AllowedChanges = {}): FieldError[] {
  const errors = validateSigningRequest(request)
  for (const type of lasting) {
    const was = (old.status?.conditions ?? []).filter((condition) => condition.type === type)
    const is = (request.status?.conditions ?? []).filter((condition) => condition.type === type)
    if (is.length > was.length) {
      if (!allowed.approval && type !== 'Failed') errors.push(fieldForbidden(conditionsAt, `updates may not add a condition of type ${quote(type)}`))
    } else if (is.length < was.length) errors.push(fieldForbidden(conditionsAt, `updates may not remove a condition of type ${quote(type)}`))
    else if (!semanticEqual(is, was)) errors.push(fieldForbidden(conditionsAt, `updates may not modify a condition of type ${quote(type)}`))
  }
  const had = old.status?.certificate ?? ''
  if ((request.status?.certificate ?? '') !== had) {
    if (!allowed.certificate) errors.push(fieldForbidden(certificateAt, 'updates may not set certificate content'))
    else if (had !== '') errors.push(fieldForbidden(certificateAt, 'updates may not modify existing certificate content'))
  }
  return errors
}
