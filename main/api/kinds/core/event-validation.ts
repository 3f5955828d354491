import type { CoreEvent } from '../../generated/types.ts'
import { fieldInvalid, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { isQualifiedName } from '../../machinery/names.ts'

const textLengthMax = 128
const noteLengthMax = 1024

/** An event is about an object in its own namespace; those about cluster-scoped objects live in `default`. Events with an
 *  eventTime are of the new style and say who did what. */
export function validateCoreEvent(event: CoreEvent): FieldError[] {
  const namespace = event.metadata.namespace ?? ''
  const involved = event.involvedObject?.namespace ?? ''
  const matches = involved === '' ? namespace === '' || namespace === 'default' : involved === namespace
  const errors = matches ? [] : [fieldInvalid('involvedObject.namespace', involved, 'does not match event.namespace')]
  return event.eventTime ? [...errors, ...newStyleErrors(event)] : errors
}

function newStyleErrors(event: CoreEvent): FieldError[] {
  const errors: FieldError[] = []
  const controller = event.reportingComponent ?? ''
  if (controller === '') errors.push(fieldRequired('reportingComponent'))
  for (const message of controller === '' ? [] : isQualifiedName(controller)) errors.push(fieldInvalid('reportingComponent', controller, message))
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[field] ?? ''
    if (text === '') errors.push(fieldRequired(field))
    if (byteLength(text) > textLengthMax) errors.push(fieldInvalid(field, '', `can have at most ${textLengthMax} characters`))
  }
  if (byteLength(event.message ?? '') > noteLengthMax) errors.push(fieldInvalid('message', '', `can have at most ${noteLengthMax} characters`))
  return errors
}
