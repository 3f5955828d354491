import type { Binding } from '../../generated/types.ts'
import { fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'

/** A binding names the node that a pod goes to. */
export function validateBinding(binding: Binding): FieldError[] {
  const errors: FieldError[] = []
  if (binding.target?.kind && binding.target.kind !== 'Node') errors.push(fieldNotSupported('target.kind', binding.target.kind, ['Node', '<empty>']))
  if (!binding.target?.name) errors.push(fieldRequired('target.name'))
  return errors
}

/** Virtual: creating one binds the pod of its name. */
export const bindingKind = defineKind<Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Binding',
  verbs: ['create'],
  strategy: { validateName: isDns1123Subdomain, validate: validateBinding },
})
