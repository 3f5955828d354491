/** Kubernetes' authorizer library: expressions ask whether somebody may do something. Who decides is the caller's matter. */
import { boolType, opaqueType, stringType } from '../types.ts'
import { EvaluationError, Opaque } from '../values.ts'
import { member } from './overload.ts'
import type { Library } from './overload.ts'

/** What is asked. A path check has `path` and nothing of resources. */
export interface AuthorizationCheck {
  /** Undefined: the user of the request; else a service account that is asked for instead. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string } | undefined
  readonly verb: string
  readonly path?: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly fieldSelector: string
  readonly labelSelector: string
}

export interface AuthorizationAnswer {
  readonly allowed: boolean
  readonly reason: string
  readonly error?: string
}

/** Given with the variable `authorizer`. */
export type AuthorizationHook = (check: AuthorizationCheck) => AuthorizationAnswer

const types = {
  authorizer: opaqueType('kubernetes.authorization.Authorizer'),
  path: opaqueType('kubernetes.authorization.PathCheck'),
  group: opaqueType('kubernetes.authorization.GroupCheck'),
  resource: opaqueType('kubernetes.authorization.ResourceCheck'),
  decision: opaqueType('kubernetes.authorization.Decision'),
}

/** The type of the variables `authorizer` and `authorizer.requestResource`. */
export const authorizerType = types.authorizer
export const resourceCheckType = types.resource

const nothing: AuthorizationCheck = { serviceAccount: undefined, verb: '', group: '', resource: '', subresource: '', namespace: '', name: '', fieldSelector: '', labelSelector: '' }

class Asking extends Opaque {
  readonly type
  readonly hook: AuthorizationHook
  readonly check: AuthorizationCheck

  constructor(type: typeof types.authorizer, hook: AuthorizationHook, check: AuthorizationCheck) {
    super()
    this.type = type
    this.hook = hook
    this.check = check
  }

  with(type: typeof types.authorizer, change: Partial<AuthorizationCheck>): Asking {
    return new Asking(type, this.hook, { ...this.check, ...change })
  }

  equals(other: Opaque): boolean {
    return other === this
  }
}

class Decision extends Opaque {
  readonly type = types.decision
  readonly answer: AuthorizationAnswer

  constructor(answer: AuthorizationAnswer) {
    super()
    this.answer = answer
  }

  equals(other: Opaque): boolean {
    return other === this
  }
}

/** The value of the variable `authorizer`. */
export function authorizerValue(hook: AuthorizationHook): Opaque {
  return new Asking(types.authorizer, hook, nothing)
}

/** The value of `authorizer.requestResource`: a check of the resource that the request is about. */
export function resourceCheckValue(hook: AuthorizationHook, resource: Pick<AuthorizationCheck, 'group' | 'resource' | 'subresource' | 'namespace' | 'name'>): Opaque {
  return new Asking(types.resource, hook, { ...nothing, ...resource })
}

export function authorizerLibrary(): Library {
  const asks = (name: string, id: string, from: typeof types.authorizer, to: typeof types.authorizer, field: keyof AuthorizationCheck): ReturnType<typeof member> => member(name, id, [from, stringType], to, (asking: Asking, text: string) => asking.with(to, { [field]: text }))
  const check = (asking: Asking, verb: string): Opaque => new Decision(asking.hook({ ...asking.check, verb }))
  return {
    types: Object.values(types),
    overloads: [
      asks('path', 'authorizer_path', types.authorizer, types.path, 'path'),
      asks('group', 'authorizer_group', types.authorizer, types.group, 'group'),
      member('serviceAccount', 'authorizer_serviceaccount', [types.authorizer, stringType, stringType], types.authorizer, (asking: Asking, namespace: string, name: string) => (namespace === '' || name === '' ? new EvaluationError('invalid service account name') : asking.with(types.authorizer, { serviceAccount: { namespace, name } }))),
      asks('resource', 'groupcheck_resource', types.group, types.resource, 'resource'),
      asks('subresource', 'resourcecheck_subresource', types.resource, types.resource, 'subresource'),
      asks('namespace', 'resourcecheck_namespace', types.resource, types.resource, 'namespace'),
      asks('name', 'resourcecheck_name', types.resource, types.resource, 'name'),
      asks('fieldSelector', 'authorizer_fieldselector', types.resource, types.resource, 'fieldSelector'),
      asks('labelSelector', 'authorizer_labelselector', types.resource, types.resource, 'labelSelector'),
      member('check', 'pathcheck_check', [types.path, stringType], types.decision, check),
      member('check', 'resourcecheck_check', [types.resource, stringType], types.decision, check),
      member('allowed', 'decision_allowed', [types.decision], boolType, ({ answer }: Decision) => answer.allowed),
      member('reason', 'decision_reason', [types.decision], stringType, ({ answer }: Decision) => answer.reason),
      member('errored', 'decision_errored', [types.decision], boolType, ({ answer }: Decision) => answer.error !== undefined),
      member('error', 'decision_error', [types.decision], stringType, ({ answer }: Decision) => answer.error ?? ''),
    ],
  }
}
