import type { Pod, TokenRequest } from '../../../api/generated/types.ts'
import { defaultTokenRequest, serviceAccountKind, validateTokenRequest } from '../../../api/kinds/core/service-account.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import { badRequest, conflict, invalid } from '../../../api/machinery/status-error.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import { serviceAccountName } from '../authn/user.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import { decodeObject } from '../negotiation/request-body.ts'
import type { Parts } from '../parts.ts'
import type { BoundObject, KubernetesClaims, TokenClaims } from '../tokens.ts'
import { respondWith } from './answer.ts'
import { createOptions, writeQueryOf } from './options.ts'
import type { ApiRequest } from './request.ts'

const tokenRequestKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', schema: 'io.k8s.api.authentication.v1.TokenRequest' }
/** Tokens of pods get a year on paper, and warn after their hour (upstream's extended expiration). */
const podTokenSeconds = 3_607
const extendedSeconds = 365 * 24 * 3600
const expirationSecondsMax = 2 ** 32

/** Answers `serviceaccounts/token` with a signed token, bound to what the request names. */
export function createToken({ resources, settings, process, admission }: Parts): (request: ApiRequest) => Promise<void> {
  const accounts = resources.storeOf('', 'serviceaccounts').store
  return async (request) => {
    const { info, exchange, context } = request
    const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: [] })
    const query = writeQueryOf(info.query, 'CreateOptions', context.userAgent)
    const wanted = decodeObject(exchange.request, tokenRequestKind, { validation: query.fieldValidation, warnings: context.warnings }) as TokenRequest
    defaultTokenRequest(wanted)
    const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' }
    if (wanted.metadata.namespace && wanted.metadata.namespace !== info.namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
    if (wanted.metadata.name && wanted.metadata.name !== info.name) throw invalid(kind, info.name, [fieldInvalid('metadata.name', wanted.metadata.name, 'must match the service account name if specified')])
    const account = await accounts.get(info.namespace, info.name)
    const spec = wanted.spec!
    const attributes: AdmissionAttributes = { operation: 'CREATE', kind: serviceAccountKind as unknown as Kind, subresource: 'token', name: info.name, namespace: info.namespace, object: wanted, oldObject: undefined, dryRun: query.dryRun, context, options: createOptions(query) }
    await admission.admit(attributes)
    wanted.metadata.name = info.name
    wanted.metadata.namespace = info.namespace
    const audiences = spec.audiences?.length ? spec.audiences : [settings.issuer]
    spec.audiences = audiences
    const errors = validateTokenRequest(wanted)
    if (errors.length > 0) throw invalid(kind, '', errors)
    await admission.validate(attributes)
    const bound = await boundTo(spec, info.namespace, info.name)
    const seconds = Math.min(spec.expirationSeconds ?? 3600, expirationSecondsMax)
    const now = Math.floor(process.clock.now() / 1000)
    // A pod's own token outlives the hour that it was asked for, so that clients that never reload it go on; it says when it should have gone.
    const extended = bound.pod !== undefined && seconds === podTokenSeconds && audiences.every((audience) => audience === settings.issuer)
    const kubernetes: KubernetesClaims = {
      namespace: info.namespace,
      ...bound,
      serviceaccount: { name: info.name, uid: account.metadata.uid ?? '' },
      ...(extended ? { warnafter: now + seconds } : {}),
    }
    const claims: TokenClaims = {
      aud: audiences,
      exp: now + (extended ? extendedSeconds : seconds),
      iat: now,
      iss: settings.issuer,
      jti: process.random.uuid(),
      'kubernetes.io': kubernetes,
      nbf: now,
      sub: serviceAccountName(info.namespace, info.name),
    }
    context.annotate?.('authentication.kubernetes.io/issued-credential-id', `JTI=${claims.jti}`)
    const answer: TokenRequest = {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name: info.name, namespace: info.namespace, creationTimestamp: context.timestamp },
      spec: { audiences, expirationSeconds: seconds, ...(spec.boundObjectRef ? { boundObjectRef: spec.boundObjectRef } : {}) },
      status: { token: query.dryRun ? '' : settings.tokens.sign(claims), expirationTimestamp: formatTime((now + seconds) * 1000) },
    }
    respondWith(request, 201, form, answer)
  }

  async function boundTo({ boundObjectRef: reference }: NonNullable<TokenRequest['spec']>, namespace: string, account: string): Promise<Pick<KubernetesClaims, 'pod' | 'secret' | 'node'>> {
    if (!reference) return {}
    const groupVersion = reference.apiVersion ?? ''
    const kind = `${groupVersion}/${reference.kind ?? ''}`
    const find = async (plural: string, inNamespace: string): Promise<KubeObject> => {
      const object = await resources.storeOf('', plural).store.get(inNamespace, reference.name ?? '')
      if (reference.uid && reference.uid !== object.metadata.uid) throw conflict({ group: '', resource: reference.kind ?? '' }, reference.name ?? '', `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`)
      return object
    }
    const named = ({ metadata }: KubeObject): BoundObject => ({ name: metadata.name, uid: metadata.uid ?? '' })
    if (kind === 'v1/Pod') {
      const pod = (await find('pods', namespace)) as Pod
      if ((pod.spec?.serviceAccountName ?? '') !== account) throw badRequest(`cannot bind token for serviceaccount ${quote(account)} to pod running with different serviceaccount name.`)
      const nodeName = pod.spec?.nodeName
      const node = nodeName ? resources.storeOf('', 'nodes').store.cached('', nodeName) : undefined
      return { pod: named(pod), ...(nodeName ? { node: node ? named(node) : { name: nodeName, uid: '' } } : {}) }
    }
    if (kind === 'v1/Secret') return { secret: named(await find('secrets', namespace)) }
    if (kind === 'v1/Node') return { node: named(await find('nodes', '')) }
    throw badRequest(`cannot bind token to object of type ${groupVersion.includes('/') ? groupVersion : `/${groupVersion}`}, Kind=${reference.kind ?? ''}`)
  }
}

