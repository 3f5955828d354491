import { afterEach, describe, expect, it } from 'vitest'
import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhook, ValidatingWebhookConfiguration } from '../../generated/types.ts'
import { errorsOf, made } from '../testing/life-of.ts'
import { rowOf } from '../testing/row-of.ts'
import { checkExpressionsWith } from './expressions.ts'
import type { ExpressionUse } from './expressions.ts'
import { mutatingAdmissionPolicyKind } from './mutating-admission-policy.ts'
import { mutatingWebhookConfigurationKind } from './mutating-webhook-configuration.ts'
import { validatingAdmissionPolicyBindingKind } from './validating-admission-policy-binding.ts'
import { validatingAdmissionPolicyKind } from './validating-admission-policy.ts'
import { validatingWebhookConfigurationKind } from './validating-webhook-configuration.ts'

const apiVersion = 'admissionregistration.k8s.io/v1'
const metadata = { name: 'x' }

describe('webhook configurations', () => {
  const hook = (more: Partial<ValidatingWebhook> = {}): ValidatingWebhook => ({
    name: 'a.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'], clientConfig: { url: 'https://hook.example.com/check' },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }], ...more,
  })
  const configuration = (...webhooks: ValidatingWebhook[]): ValidatingWebhookConfiguration => ({ apiVersion, kind: 'ValidatingWebhookConfiguration', metadata, webhooks })
  const errors = (more: Partial<ValidatingWebhook>): string[] => errorsOf(validatingWebhookConfigurationKind, configuration(hook(more)))

  it('get their defaults', () => {
    const [first] = made(validatingWebhookConfigurationKind, configuration(hook({ clientConfig: { service: { name: 's', namespace: 'n' } } }))).webhooks!
    expect(first).toMatchObject({ failurePolicy: 'Fail', matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, timeoutSeconds: 10, clientConfig: { service: { port: 443 } }, rules: [{ scope: '*' }] })
    expect(first).not.toHaveProperty('reinvocationPolicy')
    expect(made(mutatingWebhookConfigurationKind, { ...configuration(hook()), kind: 'MutatingWebhookConfiguration' }).webhooks![0]).toMatchObject({ reinvocationPolicy: 'Never' })
  })

  it.each<[string, Partial<ValidatingWebhook>, string[]]>([
    ['a good one', {}, []],
    ['a short name', { name: 'example.com' }, ['webhooks[0].name: Invalid value: "example.com": should be a domain with at least three segments separated by dots']],
    ['side effects', { sideEffects: 'Some' }, ['webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"']],
    ['no side effects said', { sideEffects: undefined as never }, ['webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun']],
    ['http', { clientConfig: { url: 'http://hook.example.com' } }, ['webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]']],
    ['a URL with everything', { clientConfig: { url: 'https://me:pw@hook:99?a=b#c' } }, [
      'webhooks[0].clientConfig.url: Invalid value: "me:pw": user information is not permitted in the URL',
      'webhooks[0].clientConfig.url: Invalid value: "c": fragments are not permitted in the URL',
      'webhooks[0].clientConfig.url: Invalid value: "a=b": query parameters are not permitted in the URL',
    ]],
    ['no URL', { clientConfig: { url: '' } }, [
      'webhooks[0].clientConfig.url: Invalid value: "": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
      'webhooks[0].clientConfig.url: Invalid value: "": host must be provided; desired format: https://host[/path]',
    ]],
    ['a bad URL', { clientConfig: { url: ':x' } }, ['webhooks[0].clientConfig.url: Required value: url must be a valid URL: parse ":x": missing protocol scheme; desired format: https://host[/path]']],
    ['both ways', { clientConfig: { url: 'https://a', service: { name: 'a', namespace: 'b' } } }, ['webhooks[0].clientConfig: Required value: exactly one of url or service is required']],
    ['a bad path', { clientConfig: { service: { name: 'a', namespace: 'b', path: '/a//b', port: 0 } } }, [
      'webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
      'webhooks[0].clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty',
    ]],
    ['an endless timeout', { timeoutSeconds: 31 }, ['webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds']],
    ['no versions', { admissionReviewVersions: [] }, ['webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1']],
    ['unknown versions', { admissionReviewVersions: ['v2', 'v2'] }, [
      'webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
      'webhooks[0].admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1',
    ]],
    ['wildcards beside others', { rules: [{ operations: ['*', 'CREATE'], apiGroups: ['*', 'a'], apiVersions: ['*', ''], resources: ['*', 'pods'], scope: 'Planet' }] }, [
      'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
      'webhooks[0].rules[0].apiGroups: Invalid value: ["*","a"]: if \'*\' is present, must not specify other API groups',
      'webhooks[0].rules[0].apiVersions: Invalid value: ["*",""]: if \'*\' is present, must not specify other API versions',
      'webhooks[0].rules[0].apiVersions[1]: Required value',
      'webhooks[0].rules[0].resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources without subresources',
      'webhooks[0].rules[0].scope: Unsupported value: "Planet": supported values: "*", "Cluster", "Namespaced"',
    ]],
    ['overlapping subresources', { rules: [{ operations: ['BUILD'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/*', 'pods/status', '*/scale', 'a/scale'] }] }, [
      'webhooks[0].rules[0].operations[0]: Unsupported value: "BUILD": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
      'webhooks[0].rules[0].resources[1]: Invalid value: "pods/status": if \'pods/*\' is present, must not specify pods/status',
      'webhooks[0].rules[0].resources[3]: Invalid value: "a/scale": if \'*/scale\' is present, must not specify a/scale',
    ]],
    ['a match condition twice', { matchConditions: [{ name: 'a', expression: 'true' }, { name: 'a', expression: ' ' }] }, [
      'webhooks[0].matchConditions[1].expression: Required value',
      'webhooks[0].matchConditions[1].name: Duplicate value: "a"',
    ]],
  ])('%s', (_, more, expected) => expect(errors(more)).toEqual(expected))

  it('name each webhook once', () => {
    expect(errorsOf(validatingWebhookConfigurationKind, configuration(hook(), hook()))).toEqual(['webhooks[1].name: Duplicate value: "a.example.com"'])
  })

  it('lead to their services', () => {
    const service = { name: 's', namespace: 'n' }
    const it = configuration(hook({ clientConfig: { service } }), hook({ clientConfig: { service } }))
    expect(validatingWebhookConfigurationKind.relations(it)).toEqual([{ role: 'service', group: '', kind: 'Service', ...service }])
    expect(rowOf(validatingWebhookConfigurationKind, it)).toMatchObject({ Webhooks: 2 })
  })
})

describe('policies', () => {
  afterEach(() => checkExpressionsWith(undefined))
  const matchConstraints = { resourceRules: [{ operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }] }
  const validating = (spec: ValidatingAdmissionPolicy['spec']): ValidatingAdmissionPolicy => ({ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec: { matchConstraints, ...spec } })
  const mutating = (spec: MutatingAdmissionPolicy['spec']): MutatingAdmissionPolicy => ({ apiVersion, kind: 'MutatingAdmissionPolicy', metadata, spec: { matchConstraints, reinvocationPolicy: 'Never', ...spec } })

  it('get their defaults', () => {
    expect(made(validatingAdmissionPolicyKind, validating({ validations: [{ expression: 'true' }] }))).toMatchObject({
      spec: { failurePolicy: 'Fail', matchConstraints: { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, resourceRules: [{ scope: '*' }] } }, status: {},
    })
  })

  it.each<[string, ValidatingAdmissionPolicy['spec'], string[]]>([
    ['a good one', { validations: [{ expression: 'object.spec.replicas < 3' }] }, []],
    ['nothing to do', {}, [
      'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
    ]],
    ['nothing to match', { matchConstraints: {}, validations: [{ expression: 'true' }] }, ['spec.matchConstraints.resourceRules: Required value']],
    ['bad parameters', { paramKind: { apiVersion: 'a/b/c', kind: 'My Kind' }, validations: [{ expression: 'true' }] }, [
      'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      "spec.paramKind.kind: Invalid value: \"My Kind\": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ]],
    ['bad variables', { variables: [{ name: 'for', expression: '1' }, { name: '', expression: ' ' }], validations: [{ expression: 'true' }] }, [
      'spec.variables[0].name: Invalid value: "for": name is not a valid CEL identifier',
      'spec.variables[1].name: Required value: name is not specified',
      'spec.variables[1].expression: Required value: expression is not specified',
    ]],
    ['bad words', { validations: [{ expression: '', message: 'a\nb', messageExpression: ' ', reason: 'Conflict' }] }, [
      'spec.validations[0].expression: Required value: expression is not specified',
      'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
      'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
      'spec.validations[0].reason: Unsupported value: "Conflict": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ]],
    ['an annotation twice', { auditAnnotations: [{ key: 'a', valueExpression: '""' }, { key: 'a', valueExpression: '' }] }, [
      'spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified',
      'spec.auditAnnotations[1].key: Duplicate value: "a"',
    ]],
  ])('validating: %s', (_, spec, expected) => expect(errorsOf(validatingAdmissionPolicyKind, validating(spec))).toEqual(expected))

  it.each<[string, MutatingAdmissionPolicy['spec'], string[]]>([
    ['a good one', { mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }] }, []],
    ['nothing to do', { reinvocationPolicy: '' }, ['spec.mutations: Required value: mutations must contain at least one item', 'spec.reinvocationPolicy: Required value']],
    ['the wrong patch', { mutations: [{ patchType: 'ApplyConfiguration', jsonPatch: { expression: '[]' } }] }, [
      'spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration',
      'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
    ]],
    ['deletions', { matchConstraints: { resourceRules: [{ ...matchConstraints.resourceRules[0]!, operations: ['DELETE'] }] }, mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: ' ' } }] }, [
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
      'spec.mutations[0].jsonPatch.expression: Required value',
    ]],
  ])('mutating: %s', (_, spec, expected) => expect(errorsOf(mutatingAdmissionPolicyKind, mutating(spec))).toEqual(expected))

  it('ask the installed check about every expression, in its place', () => {
    const uses: ExpressionUse[] = []
    checkExpressionsWith((use) => {
      uses.push(use)
      return use.expression === 'bad' ? { type: 'invalid', detail: 'compilation failed' } : undefined
    })
    const variables = [{ name: 'a', expression: '1' }, { name: 'b', expression: 'variables.a' }]
    const spec = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, matchConditions: [{ name: 'm', expression: ' true ' }], variables, validations: [{ expression: 'bad', messageExpression: '"x"' }] }
    expect(errorsOf(validatingAdmissionPolicyKind, validating(spec))).toEqual(['spec.validations[0].expression: Invalid value: "bad": compilation failed'])
    expect(uses).toEqual([
      { expression: 'true', purpose: 'match condition', hasParams: true, hasAuthorizer: true },
      { expression: '1', purpose: 'variable', hasParams: true, hasAuthorizer: true, variables: [] },
      { expression: 'variables.a', purpose: 'variable', hasParams: true, hasAuthorizer: true, variables: [variables[0]] },
      { expression: 'bad', purpose: 'validation', hasParams: true, hasAuthorizer: true, variables },
      { expression: '"x"', purpose: 'message', hasParams: true, hasAuthorizer: false, variables },
    ])
  })

  it('say in their rows what they count and take', () => {
    expect(rowOf(validatingAdmissionPolicyKind, validating({ paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'true' }] }))).toMatchObject({ Validations: 1, ParamKind: 'v1/ConfigMap' })
    expect(rowOf(mutatingAdmissionPolicyKind, mutating({}))).toMatchObject({ Mutations: 0, ParamKind: '<unset>' })
  })
})

describe('bindings', () => {
  const binding = (spec: Partial<ValidatingAdmissionPolicyBinding['spec']>): ValidatingAdmissionPolicyBinding =>
    ({ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata, spec: { policyName: 'p', validationActions: ['Deny'], ...spec } })

  it.each<[string, Partial<ValidatingAdmissionPolicyBinding['spec']>, string[]]>([
    ['a good one', { paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } }, []],
    ['no policy, no action', { policyName: '', validationActions: [] }, ['spec.policyName: Required value', 'spec.validationActions: Required value: at least one validation action is required']],
    ['actions', { validationActions: ['Deny', 'Warn', 'Deny', 'Shout'] }, [
      'spec.validationActions[2]: Duplicate value: "Deny"',
      'spec.validationActions[3]: Unsupported value: "Shout": supported values: "Audit", "Deny", "Warn"',
      'spec.validationActions: Invalid value: ["Deny","Warn","Deny","Shout"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ]],
    ['parameters both ways', { paramRef: { name: 'a', selector: {} } }, [
      'spec.paramRef.name: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.selector: Forbidden: name and selector are mutually exclusive',
      'spec.paramRef.parameterNotFoundAction: Required value',
    ]],
    ['no parameters', { paramRef: { parameterNotFoundAction: 'Ignore' } }, [
      'spec.paramRef: Required value: one of name or selector must be specified',
      'spec.paramRef.parameterNotFoundAction: Unsupported value: "Ignore": supported values: "Deny", "Allow"',
    ]],
  ])('%s', (_, spec, expected) => expect(errorsOf(validatingAdmissionPolicyBindingKind, binding(spec))).toEqual(expected))

  it.each([
    [undefined, '<unset>'],
    [{ name: 'a' }, '*/a'],
    [{ name: 'a', namespace: 'n' }, 'n/a'],
    [{ selector: { matchLabels: { b: '2', a: '1' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }] } }, '&LabelSelector{MatchLabels:map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:k,Operator:In,Values:[x y],},},}'],
  ])('print %j as %s', (paramRef, expected) => expect(rowOf(validatingAdmissionPolicyBindingKind, binding(paramRef ? { paramRef } : {}))).toMatchObject({ PolicyName: 'p', ParamRef: expected }))
})
