/** What is wrong with a policy's expressions once the types of what it is for are known. Follows upstream's type checker for
 *  ValidatingAdmissionPolicies. */
import { admissionDeclarations, variableType } from '../../../api/cel/admission.ts'
import { compile } from '../../../api/cel/compile.ts'
import type { Type } from '../../../api/cel/types.ts'
import type { ExpressionWarning, RuleWithOperations, ValidatingAdmissionPolicy, Variable } from '../../../api/generated/types.ts'

/** Finds kinds and their types; undefined where there is none. */
export interface TypeResolver {
  /** The kind of a resource. */
  kindOf(group: string, version: string, resource: string): string | undefined
  typeOf(group: string, version: string, kind: string): Type | undefined
}

interface Target {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** The most types that one rule is checked for. */
const typesMax = 10

/** The resources that a policy names in full: what it matches with wildcards is not checked. */
export function resourcesOf(policy: ValidatingAdmissionPolicy): { readonly group: string; readonly version: string; readonly resource: string }[] {
  return (policy.spec?.matchConstraints?.resourceRules ?? []).flatMap((rule) => [...named(rule)])
}

function* named({ apiGroups = [], apiVersions = [], resources = [] }: RuleWithOperations): Iterable<{ group: string; version: string; resource: string }> {
  if (apiGroups.some(wild) || apiVersions.some(wild)) return
  const plain = resources.filter((resource) => !/[*/]/.test(resource))
  let count = 0
  for (const group of [...apiGroups].sort()) for (const version of [...apiVersions].sort()) for (const resource of [...plain].sort()) if (count++ < typesMax) yield { group, version, resource }
}

function wild(text: string): boolean {
  return text.includes('*')
}

/** The warnings of all expressions, in the order in which they are written. */
export function warningsOf(policy: ValidatingAdmissionPolicy, resolver: TypeResolver): ExpressionWarning[] {
  const targets = new Map<string, Target & { readonly type: Type }>()
  for (const { group, version, resource } of resourcesOf(policy)) {
    const kind = resolver.kindOf(group, version, resource)
    const type = kind && resolver.typeOf(group, version, kind)
    if (kind && type) targets.set(`${group}\0${version}\0${kind}`, { group, version, kind, type })
  }
  const sorted = [...targets.keys()].sort().map((key) => targets.get(key)!)
  const { paramKind, variables = [], validations = [] } = policy.spec ?? {}
  const [version, group] = (paramKind?.apiVersion ?? '').split('/').reverse() as [string, string | undefined]
  const params = paramKind && resolver.typeOf(group ?? '', version, paramKind.kind ?? '')
  const check = (expression: string): string => sorted.map((target) => problemOf(expression, target, params, variables)).filter((text) => text !== '').join('\n')
  const warnings: ExpressionWarning[] = []
  for (const [index, { expression, messageExpression }] of validations.entries()) {
    const warning = check(expression)
    if (warning !== '') warnings.push({ fieldRef: `spec.validations[${index}].expression`, warning })
    const inMessage = messageExpression ? check(messageExpression) : ''
    if (inMessage !== '') warnings.push({ fieldRef: `spec.validations[${index}].messageExpression`, warning: inMessage })
  }
  return warnings
}

/** `apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas' …`, or ''. */
function problemOf(expression: string, { group, version, kind, type }: Target & { readonly type: Type }, params: Type | undefined, variables: readonly Variable[]): string {
  const types = new Map<string, Type>()
  // Without a type of theirs parameters are not declared: upstream then warns of them, too.
  const declarations = (): ReturnType<typeof admissionDeclarations> => admissionDeclarations({ hasParams: params !== undefined, hasAuthorizer: true, variables: types, object: type, ...(params ? { params } : {}) })
  for (const variable of variables) {
    const compiled = compile(variable.expression, declarations())
    types.set(variable.name, variableType('program' in compiled ? compiled.program : undefined))
  }
  const compiled = compile(expression, declarations())
  return 'text' in compiled ? `${group}/${version}, Kind=${kind}: ${compiled.text}\n` : ''
}
