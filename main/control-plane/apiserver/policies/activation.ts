/** The values that admission expressions see of a request. */
import { authorizerValue, resourceCheckValue } from '../../../api/cel/functions/authorizer.ts'
import type { AuthorizationHook } from '../../../api/cel/functions/authorizer.ts'
import { valueOfJson } from '../../../api/cel/json-values.ts'
import type { CelValue } from '../../../api/cel/values.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import type { Authorizer } from '../authz/attributes.ts'
import { selectorsOf } from '../authz/selectors.ts'
import { authenticatedGroup, serviceAccountGroups, serviceAccountName } from '../authn/user.ts'
import type { User } from '../authn/user.ts'
import type { Subject } from '../webhooks/matching.ts'
import type { Versioned } from '../webhooks/versioned-objects.ts'
import type { Activation } from './expressions.ts'

/** Asks the authorizer as `authorizer` in an expression does; the same question is asked once. */
export function authorizationHook(authorizer: Authorizer, user: User): AuthorizationHook {
  const known = new Map<string, ReturnType<AuthorizationHook>>()
  return (check) => {
    const key = JSON.stringify(check)
    let answer = known.get(key)
    if (answer) return answer
    const { serviceAccount, verb, path, group, resource, subresource, namespace, name, fieldSelector, labelSelector } = check
    const asker: User = serviceAccount ? { name: serviceAccountName(serviceAccount.namespace, serviceAccount.name), groups: [...serviceAccountGroups(serviceAccount.namespace), authenticatedGroup] } : user
    const attributes = path !== undefined ? { user: asker, verb, isResource: false, group: '', version: '', resource: '', subresource: '', namespace: '', name: '', path }
      : { ...(fieldSelector === '' && labelSelector === '' ? {} : selectorsOf(fieldSelector, labelSelector)), user: asker, verb, isResource: true, group, version: '*', resource, subresource, namespace, name, path: '' }
    const { decision, reason, error } = authorizer.authorize(attributes)
    known.set(key, (answer = { allowed: decision === 'allow', reason, ...(error === undefined ? {} : { error }) }))
    return answer
  }
}

export interface ActivationParts {
  readonly versioned: Versioned
  /** AdmissionRequest without its objects. */
  readonly request: object
  readonly subject: Subject
  readonly hook: AuthorizationHook
  /** Undefined: the policy has parameters, but none for this binding; absent: there are no parameters. */
  readonly params?: KubeObject | null
  readonly namespace?: KubeObject | undefined
}

/** Finds the values by name when they are asked for. */
export function activationOf({ versioned, request, subject, hook, params, namespace }: ActivationParts): Activation {
  const known = new Map<string, CelValue | undefined>()
  const make = (name: string): CelValue | undefined => {
    switch (name) {
      case 'object':
        return valueOfJson(versioned.object ?? null)
      case 'oldObject':
        return valueOfJson(versioned.oldObject ?? null)
      case 'request':
        return valueOfJson(request)
      case 'params':
        return valueOfJson(params ?? null)
      case 'namespaceObject':
        return valueOfJson(namespace ? shownNamespace(namespace) : null)
      case 'authorizer':
        return authorizerValue(hook)
      case 'authorizer.requestResource': {
        const { kind, subresource, namespace: inNamespace, name: objectName } = subject
        return resourceCheckValue(hook, { group: kind.group, resource: kind.plural, subresource, namespace: inNamespace, name: objectName })
      }
      default:
        return undefined
    }
  }
  return (name) => {
    if (!known.has(name)) known.set(name, make(name))
    return known.get(name)
  }
}

/** What expressions may see of a namespace. */
function shownNamespace(object: KubeObject): object {
  const { name, generateName, namespace, labels, annotations, uid, creationTimestamp, deletionGracePeriodSeconds, deletionTimestamp, generation, resourceVersion, finalizers } = object.metadata
  const { spec, status } = object as KubeObject & { spec?: object; status?: object }
  const metadata = { name, generateName, namespace, labels, annotations, UID: uid, creationTimestamp, deletionGracePeriodSeconds, deletionTimestamp, generation, resourceVersion, finalizers }
  return { metadata: Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)), spec: spec ?? {}, status: status ?? {} }
}

/** An AdmissionRequest's fields but for its uid and objects. */
export function requestFields(attributes: AdmissionAttributes, subject: Subject, { form, kind }: Versioned, requestForm: { readonly group: string; readonly version: string; readonly kind: string }): Record<string, unknown> {
  const { context, operation, subresource, dryRun, options } = attributes
  const { user } = context
  const own = subject.kind
  return {
    kind: { group: form.group, version: form.version, kind: form.kind },
    resource: { group: kind.group, version: kind.version, resource: kind.plural },
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: { group: requestForm.group, version: requestForm.version, kind: requestForm.kind },
    requestResource: { group: own.group, version: own.version, resource: own.plural },
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(subject.name === '' ? {} : { name: subject.name }),
    ...(subject.namespace === '' ? {} : { namespace: subject.namespace }),
    operation,
    userInfo: { ...(user.name === '' ? {} : { username: user.name }), ...(user.uid ? { uid: user.uid } : {}), ...(user.groups.length === 0 ? {} : { groups: user.groups }), ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}) },
    dryRun,
    options: options ?? null,
  }
}
