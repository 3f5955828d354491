import { defineController } from '../../../api/client/controller.ts'
import { validatingAdmissionPolicyKind } from '../../../api/kinds/admissionregistration/validating-admission-policy.ts'
import { resolverFor } from './known-types.ts'
import { resourcesOf, warningsOf } from './type-checking.ts'

const manager = 'validatingadmissionpolicy-status'

/** Says in a policy's status what of its expressions does not fit the types that it is for. Follows
 *  pkg/controller/validatingadmissionpolicystatus. */
export const validatingAdmissionPolicyStatusController = defineController({
  name: 'validatingadmissionpolicy-status-controller',
  noun: 'validatingadmissionpolicy',
  workers: 5,
  setUp({ client, informers }, queue) {
    const policies = informers.of(validatingAdmissionPolicyKind)
    const concern = ({ metadata }: { metadata: { name: string } }): void => queue.add(metadata.name)
    policies.onChange({ added: concern, updated: concern })
    return async (name) => {
      const policy = policies.get(undefined, name)
      if (!policy || (policy.metadata.generation ?? 0) <= (policy.status?.observedGeneration ?? 0)) return undefined
      const { paramKind } = policy.spec ?? {}
      const [version, group] = (paramKind?.apiVersion ?? '').split('/').reverse() as [string, string | undefined]
      const resolver = await resolverFor(client, [...resourcesOf(policy), ...(paramKind ? [{ group: group ?? '', version }] : [])])
      const warnings = warningsOf(policy, resolver)
      const applied = {
        apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name },
        status: { observedGeneration: policy.metadata.generation, typeChecking: warnings.length > 0 ? { expressionWarnings: warnings } : {} },
      }
      await client.patch(validatingAdmissionPolicyKind, name, undefined, 'apply', applied, { fieldManager: manager, force: true, subresource: 'status' })
      return undefined
    }
  },
})
