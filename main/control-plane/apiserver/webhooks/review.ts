/** AdmissionReviews: what webhooks are asked, and what of their answers is believed. Follows upstream's webhook request package. */
import type { Status } from '../../../api/generated/types.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import { failure, StatusError } from '../../../api/machinery/status-error.ts'
import { requestFields } from '../policies/activation.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import { formOf } from './versioned-objects.ts'
import type { Versioned } from './versioned-objects.ts'
import type { Subject } from './matching.ts'

const group = 'admission.k8s.io'
const versions = ['v1', 'v1beta1']

/** The first version of AdmissionReview that a webhook reads and this server writes. Throws an Error when there is none. */
export function reviewVersionOf(accepted: readonly string[]): string {
  const version = accepted.find((each) => versions.includes(each))
  if (!version) throw new Error('webhook does not accept known AdmissionReview versions (v1, v1beta1)')
  return version
}

export function reviewOf(version: string, uid: string, attributes: AdmissionAttributes, subject: Subject, versioned: Versioned): object {
  const fields = requestFields(attributes, subject, versioned, formOf(subject.kind, subject.subresource, attributes.object))
  const { userInfo, operation, dryRun, options, ...about } = fields
  return {
    kind: 'AdmissionReview',
    apiVersion: `${group}/${version}`,
    request: { uid, ...about, operation, userInfo, object: versioned.object ?? null, oldObject: versioned.oldObject ?? null, dryRun, options },
  }
}

/** What a webhook said, checked. */
export interface Verdict {
  readonly allowed: boolean
  readonly status: Status | undefined
  /** The bytes of a patch as text; '' for none. */
  readonly patch: string
  readonly patchType: string
  readonly auditAnnotations: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

/** Reads a webhook's answer. Throws Errors with upstream's texts. */
export function verdictOf(answer: JsonObject, version: string, uid: string, mutating: boolean): Verdict {
  const { response } = answer as { response?: JsonObject | null }
  if (!isObject(response)) throw new Error('webhook response was absent')
  const patch = typeof response['patch'] === 'string' ? response['patch'] : ''
  let patchType = typeof response['patchType'] === 'string' ? response['patchType'] : undefined
  if (version === 'v1') {
    const given = typeof response['uid'] === 'string' ? response['uid'] : ''
    if (given !== uid) throw new Error(`expected response.uid=${quote(uid)}, got ${quote(given)}`)
    const kind = `${textOf(answer['apiVersion']).includes('/') ? textOf(answer['apiVersion']) : `/${textOf(answer['apiVersion'])}`}, Kind=${textOf(answer['kind'])}`
    if (kind !== `${group}/v1, Kind=AdmissionReview`) throw new Error(`expected webhook response of ${group}/v1, Kind=AdmissionReview, got ${kind}`)
    if (mutating) {
      if (patch !== '' && patchType === undefined) throw new Error('webhook returned response.patch but not response.patchType')
      if (patch === '' && patchType !== undefined) throw new Error('webhook returned response.patchType but not response.patch')
    } else {
      if (patch !== '') throw new Error('validating webhook may not return response.patch')
      if (patchType !== undefined) throw new Error('validating webhook may not return response.patchType')
    }
  } else patchType = patch === '' ? undefined : 'JSONPatch'
  return {
    allowed: response['allowed'] === true,
    status: isObject(response['status']) ? (response['status'] as Status) : undefined,
    patch: mutating ? decodedPatch(patch) : '',
    patchType: patchType ?? '',
    auditAnnotations: textsOf(response['auditAnnotations']),
    warnings: Array.isArray(response['warnings']) ? response['warnings'].filter((each): each is string => typeof each === 'string') : [],
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function textsOf(value: unknown): Record<string, string> {
  return isObject(value) ? (Object.fromEntries(Object.entries(value).filter(([, each]) => typeof each === 'string')) as Record<string, string>) : {}
}

function decodedPatch(base64: string): string {
  if (base64 === '') return ''
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
  } catch {
    throw new Error('illegal base64 data in response.patch')
  }
}

/** What a webhook's refusal is answered: its own status, at least 400, its message under the webhook's name. */
export function denial(webhook: string, status: Status | undefined): StatusError {
  const { message, reason, code = 0, details } = status ?? {}
  const deniedBy = `admission webhook ${quote(webhook)} denied the request`
  const text = message ? `${deniedBy}: ${message}` : reason ? `${deniedBy}: ${reason}` : `${deniedBy} without explanation`
  return new StatusError({ ...failure(code < 400 ? 400 : code, '', text), ...(reason ? { reason } : {}), ...(details ? { details } : {}) })
}
