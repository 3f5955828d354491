import type { CoreEvent } from '../../generated/types.ts'
import { fieldInvalid } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'

/** An event is about an object in its own namespace; those about cluster-scoped objects live in default or kube-system. */
export function validateCoreEvent(event: CoreEvent): FieldError[] {
  const namespace = event.metadata.namespace ?? ''
  const involved = event.involvedObject?.namespace ?? ''
  if (involved === '') {
    return namespace === 'default' || namespace === '' || namespace === 'kube-system' ? [] : [fieldInvalid('involvedObject.namespace', involved, 'does not match event.namespace')]
  }
  return involved === namespace ? [] : [fieldInvalid('involvedObject.namespace', involved, 'does not match event.namespace')]
}
