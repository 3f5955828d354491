import { compileForAdmission, admissionDeclarations, variableType } from '../../../api/cel/admission.ts'
import type { Type } from '../../../api/cel/types.ts'
import { checkExpressionsWith } from '../../../api/kinds/admissionregistration/expressions.ts'
import type { ExpressionProblem, ExpressionUse } from '../../../api/kinds/admissionregistration/expressions.ts'
import type { AdmissionPlugin } from '../admission/admission.ts'
import type { Parts } from '../parts.ts'
import { Equivalents } from '../webhooks/matching.ts'
import { mutatingAdmissionPolicy } from './mutating.ts'
import { mutatorOf } from './mutator.ts'
import type { PolicyParts } from './policy-matching.ts'
import { PolicySource } from './source.ts'
import { validatingAdmissionPolicy } from './validating.ts'
import { validatorOf } from './validator.ts'

const group = 'admissionregistration.k8s.io'

/** The plugins of policies; none of a kind that the server does not serve. */
export function policyPlugins({ resources, process, authorization }: Pick<Parts, 'resources' | 'process' | 'authorization'>): readonly AdmissionPlugin[] {
  const namespaces = resources.storeOf('', 'namespaces').store
  const cacheOf = (plural: string) => resources.ofGroup(group, plural)?.stored?.cache
  const parts: PolicyParts = { process, resources, equivalents: new Equivalents(resources), namespaceOf: (name) => namespaces.cached('', name) ?? namespaces.get('', name), authorizer: authorization.authorizer }
  const plugins: AdmissionPlugin[] = []
  const [validating, validatingBindings] = [cacheOf('validatingadmissionpolicies'), cacheOf('validatingadmissionpolicybindings')]
  if (validating && validatingBindings) plugins.push(validatingAdmissionPolicy(new PolicySource(validating, validatingBindings, validatorOf), parts))
  const [mutating, mutatingBindings] = [cacheOf('mutatingadmissionpolicies'), cacheOf('mutatingadmissionpolicybindings')]
  if (mutating && mutatingBindings) plugins.push(mutatingAdmissionPolicy(new PolicySource(mutating, mutatingBindings, mutatorOf), parts))
  checkExpressionsWith(expressionProblem)
  return plugins
}

/** What is wrong with an expression that somebody wants to write into a policy or webhook. */
export function expressionProblem({ expression, purpose, hasParams, hasAuthorizer, variables }: ExpressionUse): ExpressionProblem | undefined {
  // Whether a variable is for mutations is not known here: it may make objects.
  const makesObjects = purpose === 'apply configuration' || purpose === 'JSON patch' || purpose === 'variable'
  const types = variables && new Map<string, Type>()
  const declarations = (): ReturnType<typeof admissionDeclarations> => admissionDeclarations({ hasParams, hasAuthorizer, makesObjects, ...(types ? { variables: types } : {}) })
  for (const variable of variables ?? []) {
    const compiled = compileForAdmission(variable.expression, 'variable', { ...declarations() })
    types!.set(variable.name, variableType('program' in compiled ? compiled.program : undefined))
  }
  const compiled = compileForAdmission(expression, purpose, declarations())
  return 'problem' in compiled ? { type: 'invalid', detail: compiled.problem } : undefined
}
