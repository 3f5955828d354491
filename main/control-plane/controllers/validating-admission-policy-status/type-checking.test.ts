import { describe, expect, it } from 'vitest'
import type { ValidatingAdmissionPolicy } from '../../../api/generated/types.ts'
import { validatingAdmissionPolicyKind } from '../../../api/kinds/admissionregistration/validating-admission-policy.ts'
import { controllerBench } from '../testing/controller-bench.ts'
import { validatingAdmissionPolicyStatusController } from './validating-admission-policy-status-controller.ts'

const rule = (resources: string[], group = 'apps', version = 'v1') => ({ apiGroups: [group], apiVersions: [version], operations: ['CREATE'], resources })

function policy(spec: object): ValidatingAdmissionPolicy {
  return { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p', generation: 1 }, spec: { matchConstraints: { resourceRules: [rule(['deployments'])] }, ...spec } } as ValidatingAdmissionPolicy
}

async function warnings(spec: object): Promise<unknown> {
  const bench = await controllerBench([validatingAdmissionPolicyStatusController])
  bench.api.seed(validatingAdmissionPolicyKind, policy(spec))
  await bench.settle()
  const { status } = bench.api.peek(validatingAdmissionPolicyKind, undefined, 'p')!
  expect(status?.observedGeneration).toBe(1)
  return status?.typeChecking?.expressionWarnings
}

describe('type checking of policies', () => {
  it('finds fields that are not there', async () => {
    expect(await warnings({ validations: [{ expression: 'object.replicas > 1' }] })).toEqual([{ fieldRef: 'spec.validations[0].expression', warning: "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n" }])
  })

  it.each<[string, object]>([
    ['right types', { validations: [{ expression: 'object.spec.replicas > 1 && object.spec.template.spec.containers.all(c, c.image.startsWith("x"))', messageExpression: 'object.metadata.name' }] }],
    ['wildcards', { matchConstraints: { resourceRules: [rule(['*'])] }, validations: [{ expression: 'object.nothing' }] }],
    ['unknown kinds', { matchConstraints: { resourceRules: [rule(['boxes'], 'example.com')] }, validations: [{ expression: 'object.nothing' }] }],
    ['variables', { variables: [{ name: 'x', expression: 'object.spec.replicas' }], validations: [{ expression: 'variables.x > 1' }] }],
    ['parameters', { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'params.data.a == "b"' }] }],
  ])('says nothing of %s', async (_what, spec) => {
    expect(await warnings(spec)).toBeUndefined()
  })

  it('checks each kind, messages, and what variables are', async () => {
    const found = await warnings({
      matchConstraints: { resourceRules: [rule(['replicasets', 'deployments'])] },
      variables: [{ name: 'x', expression: 'object.spec.replicas' }],
      validations: [{ expression: 'variables.x == "1"', messageExpression: 'object.spec.paused ? "a" : "b"' }],
    })
    const at = (kind: string): string => `apps/v1, Kind=${kind}: ERROR: <input>:1:13: found no matching overload for '_==_' applied to '(int, string)'\n | variables.x == "1"\n | ............^\n`
    expect(found).toEqual([
      { fieldRef: 'spec.validations[0].expression', warning: `${at('Deployment')}\n${at('ReplicaSet')}` },
      { fieldRef: 'spec.validations[0].messageExpression', warning: "apps/v1, Kind=ReplicaSet: ERROR: <input>:1:12: undefined field 'paused'\n | object.spec.paused ? \"a\" : \"b\"\n | ...........^\n" },
    ])
  })
})
