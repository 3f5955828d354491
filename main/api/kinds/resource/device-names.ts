/** Names of dynamic resource allocation: drivers, pools, attributes; and what devices are told in drivers' own words. */
import type { DeviceTaint, DeviceToleration, OpaqueDeviceConfiguration } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired, fieldTooLong, fieldTooMany } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { dns1123LabelLengthMax, dns1123SubdomainLengthMax, isCIdentifier, isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../machinery/names.ts'
import { labelKeyErrors } from '../core/label-validation.ts'

const idBytesMax = 32
/** A domain, a slash and an identifier. */
export const qualifiedNameBytesMax = dns1123LabelLengthMax + 1 + idBytesMax
export const opaqueBytesMax = 10 * 1024
const effects = ['NoExecute', 'NoSchedule', 'None']
const bindingConditionsMax = 4

export function driverNameErrors(name: string | undefined, at: FieldPath): FieldError[] {
  if (!name) return [fieldRequired(at)]
  const errors: FieldError[] = []
  if (byteLength(name) > dns1123LabelLengthMax) errors.push(fieldTooLong(at, dns1123LabelLengthMax))
  for (const message of isDns1123Subdomain(name.toLowerCase())) errors.push(fieldInvalid(at, name, message))
  return errors
}

export function labelErrors(name: string | undefined, at: FieldPath): FieldError[] {
  return isDns1123Label(name ?? '').map((message) => fieldInvalid(at, name ?? '', message))
}

/** Pools are named by one or more domains, with slashes between. */
export function poolNameErrors(name: string | undefined, at: FieldPath): FieldError[] {
  if (!name) return [fieldRequired(at)]
  const errors: FieldError[] = []
  if (byteLength(name) > dns1123SubdomainLengthMax) errors.push(fieldTooLong(at, dns1123SubdomainLengthMax))
  for (const part of name.split('/')) for (const message of isDns1123Subdomain(part)) errors.push(fieldInvalid(at, part, message))
  return errors
}

function identifierErrors(id: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (byteLength(id) > idBytesMax) errors.push(fieldTooLong(at, idBytesMax))
  for (const message of isCIdentifier(id)) errors.push(fieldInvalid(at, id, message))
  return errors
}

/** `id`, in the driver's own domain, or `domain/id`. */
export function qualifiedNameErrors(name: string, at: FieldPath): FieldError[] {
  const [first = '', second, ...more] = name.split('/')
  if (second === undefined) return identifierErrors(first, at)
  if (more.length > 0) return [fieldInvalid(at, name, 'must not contain more than one slash')]
  return [
    ...(first === '' ? [fieldInvalid(at, '', 'the domain must not be empty')] : driverNameErrors(first, at)),
    ...(second === '' ? [fieldInvalid(at, '', 'the name must not be empty')] : identifierErrors(second, at)),
  ]
}

export function fullyQualifiedNameErrors(name: string, at: FieldPath): FieldError[] {
  const errors = qualifiedNameErrors(name, at)
  if (!name.includes('/')) errors.push(fieldInvalid(at, name, 'a fully qualified name must be a domain and a name separated by a slash'))
  return errors
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function shareIdErrors(id: string | undefined, at: FieldPath): FieldError[] {
  if (id === undefined || uuid.test(id)) return []
  if (uuid.test(id.toLowerCase())) return [fieldInvalid(at, id, 'uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters')]
  return [fieldInvalid(at, id, `error validating uid: ${id.length === 36 ? 'invalid UUID format' : `invalid UUID length: ${id.length}`}`)]
}

/** An object in somebody's own form, not too large. */
export function rawErrors(value: unknown, at: FieldPath): FieldError[] {
  if (value === undefined || value === null) return [fieldRequired(at)]
  if (byteLength(JSON.stringify(value)) > opaqueBytesMax) return [fieldTooLong(at, opaqueBytesMax)]
  return typeof value === 'object' && !Array.isArray(value) ? [] : [fieldInvalid(at, '<value omitted>', 'must be a valid JSON object')]
}

export function configurationErrors({ opaque }: { readonly opaque?: OpaqueDeviceConfiguration }, at: FieldPath): FieldError[] {
  if (!opaque) return [fieldRequired(at.child('opaque'))]
  return [...driverNameErrors(opaque.driver, at.child('opaque', 'driver')), ...rawErrors(opaque.parameters, at.child('opaque', 'parameters'))]
}

export function taintErrors({ key, value, effect }: DeviceTaint, at: FieldPath): FieldError[] {
  const errors = labelKeyErrors(key ?? '', at.child('key'))
  if (value) errors.push(...isLabelValue(value).map((message) => fieldInvalid(at.child('value'), value, message)))
  if (!effect) errors.push(fieldRequired(at.child('effect')))
  else if (!effects.includes(effect)) errors.push(fieldNotSupported(at.child('effect'), effect, effects))
  return errors
}

export function tolerationErrors({ key, operator, value = '', effect }: DeviceToleration, at: FieldPath): FieldError[] {
  const errors = key ? labelKeyErrors(key, at.child('key')) : []
  if (operator === 'Exists') {
    if (value !== '') errors.push(fieldInvalid(at.child('value'), value, 'must be empty for operator `Exists`'))
  } else if (operator === 'Equal') errors.push(...isLabelValue(value).map((message) => fieldInvalid(at.child('value'), value, message)))
  else errors.push(operator ? fieldNotSupported(at.child('operator'), operator, ['Equal', 'Exists']) : fieldRequired(at.child('operator')))
  if (effect && !effects.includes(effect)) errors.push(fieldNotSupported(at.child('effect'), effect, effects))
  return errors
}

/** The conditions that a device has to have before its pod is bound, and those that give it up. */
export function bindingErrors({ bindingConditions = [], bindingFailureConditions = [] }: { readonly bindingConditions?: readonly string[]; readonly bindingFailureConditions?: readonly string[] }, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [field, list] of [['bindingConditions', bindingConditions], ['bindingFailureConditions', bindingFailureConditions]] as const) {
    const path = at.child(field)
    if (list.length > bindingConditionsMax) errors.push(fieldTooMany(path, list.length, bindingConditionsMax))
    else for (const [index, name] of list.entries()) errors.push(...labelKeyErrors(name, path.index(index)))
    for (const [index, name] of list.entries()) if (list.indexOf(name) < index) errors.push(fieldDuplicate(path.index(index), name))
  }
  for (const [index, name] of bindingFailureConditions.entries()) {
    if (bindingConditions.includes(name)) errors.push(fieldInvalid(at.child('bindingFailureConditions').index(index), name, 'bindingFailureConditions must not overlap with bindingConditions'))
  }
  if (bindingConditions.length === 0 && bindingFailureConditions.length > 0) errors.push(fieldInvalid(at.child('bindingConditions'), bindingConditions, 'bindingConditions are required to use bindingFailureConditions'))
  if (bindingFailureConditions.length === 0 && bindingConditions.length > 0) errors.push(fieldInvalid(at.child('bindingFailureConditions'), bindingFailureConditions, 'bindingFailureConditions are required to use bindingConditions'))
  return errors
}
