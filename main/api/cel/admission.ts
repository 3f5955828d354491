/** What expressions of admission may use and have to answer: match conditions of webhooks, policies' expressions. Types and texts follow
 *  upstream's admission compiler. */
import { authorizerType, resourceCheckType } from './functions/authorizer.ts'
import { jsonPatchType } from './functions/json-patches.ts'
import { compile } from './compile.ts'
import type { Program } from './compile.ts'
import type { Declarations } from './environment.ts'
import { mutationObjects } from './mutation-objects.ts'
import { boolType, dynType, intType, isDyn, listType, mapType, nullType, objectType, sameType, stringType, timestampType, typeText } from './types.ts'
import type { Type } from './types.ts'

/** What an expression is for; it decides what it has to answer. */
export type AdmissionPurpose = 'match condition' | 'validation' | 'message' | 'audit annotation' | 'variable' | 'apply configuration' | 'JSON patch'

/** What is declared besides `object`, `oldObject`, `request` and `namespaceObject`. */
export interface AdmissionScope {
  readonly hasParams: boolean
  readonly hasAuthorizer: boolean
  /** The types of the policy's variables so far; absent: `variables` is not declared. */
  readonly variables?: ReadonlyMap<string, Type>
  /** Whether `Object{…}` and `JSONPatch{…}` may be made. */
  readonly makesObjects?: boolean
  /** The type of `object` and `oldObject`, where it is known. */
  readonly object?: Type
  /** The type of `params`, where it is known. */
  readonly params?: Type
}

const text = (...names: string[]): [string, Type][] => names.map((name) => [name, stringType])
const texts = listType(stringType)
const textMap = mapType(stringType, stringType)
const kindType = objectType('kubernetes.GroupVersionKind', new Map(text('group', 'version', 'kind')))
const resourceType = objectType('kubernetes.GroupVersionResource', new Map(text('group', 'version', 'resource')))
const userType = objectType('kubernetes.UserInfo', new Map<string, Type>([...text('username', 'uid'), ['groups', texts], ['extra', mapType(stringType, texts)]]))
const requestType = objectType('kubernetes.AdmissionRequest', new Map<string, Type>([
  ['kind', kindType], ['resource', resourceType], ['requestKind', kindType], ['requestResource', resourceType], ['userInfo', userType], ['dryRun', boolType], ['options', dynType],
  ...text('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
]))
const conditionType = objectType('kubernetes.NamespaceCondition', new Map<string, Type>([...text('status', 'type', 'message', 'reason'), ['lastTransitionTime', timestampType]]))
const namespaceType = objectType('kubernetes.Namespace', new Map<string, Type>([
  ['metadata', objectType('kubernetes.NamespaceMetadata', new Map<string, Type>([
    ...text('name', 'generateName', 'namespace', 'UID', 'resourceVersion'), ['labels', textMap], ['annotations', textMap], ['finalizers', texts],
    ['creationTimestamp', timestampType], ['deletionTimestamp', timestampType], ['deletionGracePeriodSeconds', intType], ['generation', intType],
  ]))],
  ['spec', objectType('kubernetes.NamespaceSpec', new Map([['finalizers', texts]]))],
  ['status', objectType('kubernetes.NamespaceStatus', new Map<string, Type>([['conditions', listType(conditionType)], ['phase', stringType]]))],
]))

export function admissionDeclarations({ hasParams, hasAuthorizer, variables, makesObjects, object = dynType, params = dynType }: AdmissionScope): Declarations {
  return {
    variables: {
      object, oldObject: object, request: requestType, namespaceObject: namespaceType,
      ...(hasParams ? { params } : {}),
      ...(hasAuthorizer ? { authorizer: authorizerType, 'authorizer.requestResource': resourceCheckType } : {}),
      ...(variables ? { variables: objectType('kubernetes.variables', variables) } : {}),
    },
    ...(makesObjects ? { objects: mutationObjects } : {}),
  }
}

const configurationType = mutationObjects('Object')!
const answers: Readonly<Record<AdmissionPurpose, readonly Type[] | undefined>> = {
  'match condition': [boolType],
  validation: [boolType],
  message: [stringType],
  'audit annotation': [stringType, nullType],
  variable: undefined,
  'apply configuration': [configurationType],
  'JSON patch': [listType(jsonPatchType)],
}

/** A program, or what is wrong in upstream's words. */
export type AdmissionCompiled = { readonly program: Program } | { readonly problem: string }

export function compileForAdmission(expression: string, purpose: AdmissionPurpose, declarations: Declarations): AdmissionCompiled {
  const compiled = compile(expression, declarations)
  if ('text' in compiled) return { problem: `compilation failed: ${compiled.text}` }
  const wanted = answers[purpose]
  const { type } = compiled.program
  if (!wanted || wanted.some((each) => sameType(each, type))) return compiled
  const shown = wanted.map(shownType)
  return { problem: `must evaluate to ${shown.length === 1 ? shown[0]! : `one of [${shown.join(' ')}]`} but got ${shownType(type)}` }
}

function shownType(type: Type): string {
  return type.kind === 'null' ? 'null_type' : typeText(type)
}

/** What a variable's type is to those who use it: types that the environment cannot name are dyn. */
export function variableType(program: Program | undefined): Type {
  if (!program) return dynType
  const { type } = program
  if (isDyn(type)) return dynType
  return type.kind === 'object' || type.kind === 'opaque' || type.kind === 'type' || type.kind === 'param' ? dynType : type
}
