/** Questions about users and what they may do: answered, never stored. */
import type { FieldSelectorAttributes, FieldSelectorRequirement, LabelSelectorAttributes, LocalSubjectAccessReview, PolicyRule, ResourceAttributes, NonResourceAttributes, SelfSubjectRulesReview, SubjectAccessReview, TokenReview } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { aggregateText } from '../../../api/machinery/go-text.ts'
import { parseFieldSelector } from '../../../api/machinery/fields.ts'
import type { FieldTerm } from '../../../api/machinery/fields.ts'
import { parseSelector, requirementOf } from '../../../api/machinery/labels.ts'
import type { Requirement } from '../../../api/machinery/labels.ts'
import { badRequest, invalid } from '../../../api/machinery/status-error.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import { nodeNameOf } from '../authn/user.ts'
import type { User } from '../authn/user.ts'
import type { Attributes } from '../authz/attributes.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import { decodeObject } from '../negotiation/request-body.ts'
import type { Parts } from '../parts.ts'
import type { ServedResource } from '../registry/resources.ts'
import { handlerKey } from '../router.ts'
import { respondWith } from './answer.ts'
import { createOptions, writeQueryOf } from './options.ts'
import type { ApiRequest } from './request.ts'
import { checkNamespace } from './names.ts'

type Handler = (request: ApiRequest, resource: ServedResource) => void | Promise<void>

const authorizationGroup = 'authorization.k8s.io'
const authenticationGroup = 'authentication.k8s.io'

export function reviewHandlers(parts: Parts): [string, Handler][] {
  /** `check` throws what is wrong before the validating admission looks; `answer` comes after it, as upstream. */
  const review = (answer: (object: KubeObject, request: ApiRequest) => unknown, check?: (object: KubeObject, request: ApiRequest) => void): Handler => async (request, resource) => {
    const { info, exchange, context } = request
    const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: [] })
    const query = writeQueryOf(info.query, 'CreateOptions', context.userAgent)
    const kind: Kind = resource.kind
    const namespace = kind.namespaced ? info.namespace : ''
    const object = decodeObject(exchange.request, kind, { validation: query.fieldValidation, warnings: context.warnings })
    checkNamespace(object, namespace)
    kind.strategy.defaults?.(object)
    const attributes: AdmissionAttributes = { operation: 'CREATE', kind, subresource: '', name: object.metadata.name ?? '', namespace, object, oldObject: undefined, dryRun: query.dryRun, context, options: createOptions(query) }
    await parts.admission.admit(attributes)
    const errors = kind.strategy.validate?.(object) ?? []
    if (errors.length > 0) throw invalid({ group: kind.group, kind: kind.kind }, '', errors)
    check?.(object, request)
    await parts.admission.validate(attributes)
    respondWith(request, 201, form, { ...object, status: await answer(object, request) })
  }
  const access = (user: (object: SubjectAccessReview, request: ApiRequest) => User, check?: (object: KubeObject, request: ApiRequest) => void): Handler => review((object, request) => accessStatus(parts, user(object as SubjectAccessReview, request), (object as SubjectAccessReview).spec), check)
  return [
    [handlerKey(authorizationGroup, 'subjectaccessreviews'), access((object) => subjectOf(object))],
    [handlerKey(authorizationGroup, 'localsubjectaccessreviews'), access((object) => subjectOf(object), (object, { info }) => {
      if (((object as LocalSubjectAccessReview).spec.resourceAttributes?.namespace ?? '') !== info.namespace) throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${info.namespace}`)
    })],
    [handlerKey(authorizationGroup, 'selfsubjectaccessreviews'), access((_object, { context }) => context.user)],
    [handlerKey(authorizationGroup, 'selfsubjectrulesreviews'), review((object, { context }) => rulesStatus(parts, context.user, (object as SelfSubjectRulesReview).spec.namespace ?? ''), (object) => {
      if (!(object as SelfSubjectRulesReview).spec.namespace) throw badRequest('no namespace on request')
    })],
    [handlerKey(authenticationGroup, 'tokenreviews'), review((object) => tokenStatus(parts, object as TokenReview), (object) => {
      if (!(object as TokenReview).spec?.token) throw badRequest('token is required for TokenReview in authentication')
    })],
    [handlerKey(authenticationGroup, 'selfsubjectreviews'), review((object, { context }) => {
      object.metadata.creationTimestamp = context.timestamp
      return { userInfo: userInfo(context.user) }
    })],
  ]
}

function subjectOf({ spec }: SubjectAccessReview): User {
  return { name: spec.user ?? '', uid: spec.uid, groups: spec.groups ?? [], extra: spec.extra }
}

function accessStatus({ authorization }: Parts, user: User, { resourceAttributes, nonResourceAttributes }: { resourceAttributes?: ResourceAttributes; nonResourceAttributes?: NonResourceAttributes }): SubjectAccessReview['status'] {
  const problems: string[] = []
  const read = <T>(name: 'fieldSelector' | 'labelSelector', parse: () => readonly T[] | undefined): readonly T[] | undefined => {
    try {
      return parse()
    } catch {
      problems.push(`spec.resourceAttributes.${name} ignored due to parse error`)
      return undefined
    }
  }
  const attributes: Attributes = {
    user,
    isResource: resourceAttributes !== undefined,
    verb: resourceAttributes?.verb ?? nonResourceAttributes?.verb ?? '',
    group: resourceAttributes?.group ?? '',
    version: resourceAttributes?.version ?? '',
    resource: resourceAttributes?.resource ?? '',
    subresource: resourceAttributes?.subresource ?? '',
    namespace: resourceAttributes?.namespace ?? '',
    name: resourceAttributes?.name ?? '',
    path: nonResourceAttributes?.path ?? '',
    fieldSelector: read('fieldSelector', () => fieldTerms(resourceAttributes?.fieldSelector)),
    labelSelector: read('labelSelector', () => labelRequirements(resourceAttributes?.labelSelector)),
  }
  const { decision, reason, error } = authorization.authorizer.authorize(attributes)
  if (error) problems.unshift(error)
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason ? { reason } : {}),
    ...(problems.length > 0 ? { evaluationError: aggregateText(problems) } : {}),
  }
}

/** Throws on what cannot be understood. */
function fieldTerms(selector: FieldSelectorAttributes | undefined): readonly FieldTerm[] | undefined {
  if (!selector) return undefined
  if (selector.rawSelector) return parseFieldSelector(selector.rawSelector).terms
  return selector.requirements?.map(fieldTermOf)
}

function fieldTermOf({ key, operator, values = [] }: FieldSelectorRequirement): FieldTerm {
  if ((operator !== 'In' && operator !== 'NotIn') || values.length !== 1) throw new Error(`${operator} of ${values.length} values is no field selector`)
  return { field: key, equals: operator === 'In', value: values[0]! }
}

const labelOperators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' } as const

/** Throws on what cannot be understood. */
function labelRequirements(selector: LabelSelectorAttributes | undefined): readonly Requirement[] | undefined {
  if (!selector) return undefined
  if (selector.rawSelector) return parseSelector(selector.rawSelector).requirements
  return selector.requirements?.map(({ key, operator, values }) => {
    if (!Object.hasOwn(labelOperators, operator)) throw new Error(`${operator} is not a valid label selector operator`)
    return requirementOf(key, labelOperators[operator as keyof typeof labelOperators], values ?? [])
  })
}

function rulesStatus({ authorization }: Parts, user: User, namespace: string): SelfSubjectRulesReview['status'] {
  const { rules, errors } = authorization.rbac.rulesFor(user, namespace)
  const resourceRules = rules.filter((rule) => rule.resources?.length).map(({ verbs, apiGroups, resources, resourceNames }: PolicyRule) => ({ verbs, ...(apiGroups ? { apiGroups } : {}), ...(resources ? { resources } : {}), ...(resourceNames ? { resourceNames } : {}) }))
  const nonResourceRules = rules.filter((rule) => rule.nonResourceURLs?.length).map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs: nonResourceURLs! }))
  // What the node authorizer allows besides cannot be told in rules.
  return { resourceRules, nonResourceRules, incomplete: nodeNameOf(user) !== undefined, ...(errors.length > 0 ? { evaluationError: aggregateText(errors) } : {}) }
}

async function tokenStatus({ authenticator }: Parts, { spec }: TokenReview): Promise<TokenReview['status']> {
  const answer = await authenticator.reviewToken(spec.token ?? '', spec.audiences ?? [])
  if ('problem' in answer) return { user: {}, ...(answer.problem === undefined ? {} : { error: answer.problem }) }
  return { authenticated: true, user: userInfo(answer.user), audiences: [...answer.audiences] }
}

function userInfo({ name, uid, groups, extra }: User): { username: string; uid?: string; groups: string[]; extra?: Record<string, string[]> } {
  return { username: name, ...(uid ? { uid } : {}), groups: [...groups], ...(extra ? { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) } : {}) }
}
