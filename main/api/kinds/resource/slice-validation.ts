import type { CapacityRequestPolicy, CapacityRequestPolicyRange, CounterSet, Device, DeviceAttribute, DeviceCapacity, DeviceCounterConsumption, ResourceSlice, ResourceSliceSpec } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldNotFound, fieldPath, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength } from '../../machinery/go-text.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { addQuantities, canonicalQuantity, compareQuantities, formatQuantity, mustParseQuantity, subtractQuantities, valueOf } from '../../machinery/quantity.ts'
import { nodeSelectorErrors } from '../core/affinity-validation.ts'
import { bindingErrors, driverNameErrors, labelErrors, poolNameErrors, qualifiedNameErrors, qualifiedNameBytesMax, taintErrors } from './device-names.ts'
import { listErrors, mapErrors, setErrors } from './list-validation.ts'

const at = fieldPath('spec')
const devicesMax = 128
/** Devices with taints, counters or lists take more room. */
const largeDevicesMax = 64
const propertiesMax = 32
const attributeBytesMax = 64
const taintsMax = 16
const counterSetsMax = 8
const countersMax = 32
const consumptionsMax = 2
const optionsMax = 10
const labelBytesMax = 63
const semanticVersion = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/
const placements = '`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`'

export function validateResourceSlice(slice: ResourceSlice, old?: ResourceSlice): FieldError[] {
  const { spec } = slice
  const { pool } = spec
  const errors = driverNameErrors(spec.driver, at.child('driver'))
  errors.push(...poolNameErrors(pool?.name, at.child('pool', 'name')))
  if ((pool?.resourceSliceCount ?? 0) <= 0) errors.push(fieldInvalid(at.child('pool', 'resourceSliceCount'), pool?.resourceSliceCount ?? 0, 'must be greater than zero'))
  if ((pool?.generation ?? 0) < 0) errors.push(fieldInvalid(at.child('pool', 'generation'), pool.generation, 'must be greater than or equal to zero'))
  if (old) {
    for (const [path, is, was] of [[at.child('pool', 'name'), pool?.name, old.spec.pool?.name], [at.child('driver'), spec.driver, old.spec.driver], [at.child('nodeName'), spec.nodeName, old.spec.nodeName]] as const) {
      if (is !== was) errors.push(fieldInvalid(path, is, fieldIsImmutable))
    }
  }
  errors.push(...placementErrors(spec))
  if (spec.sharedCounters && spec.devices) errors.push(fieldInvalid(at, '', 'only one of `sharedCounters` or `devices` is allowed'))
  const devices = spec.devices ?? []
  const before = new Map((old?.spec.devices ?? []).map((device) => [device.name, device]))
  errors.push(...setErrors(devices, devices.some(isLarge) ? largeDevicesMax : devicesMax, at.child('devices'), (device, here) => deviceErrors(device, before.get(device.name), here, spec.perDeviceNodeSelection === true), ({ name }) => name))
  errors.push(...setErrors(spec.sharedCounters, counterSetsMax, at.child('sharedCounters'), counterSetErrors, ({ name }) => name))
  return errors
}

function isLarge({ taints, consumesCounters, attributes }: Device): boolean {
  return Boolean(taints?.length) || Boolean(consumesCounters?.length) || Object.values(attributes ?? {}).some(({ bools, ints, strings, versions }) => bools ?? ints ?? strings ?? versions)
}

function nodeNameErrors(name: string, path: FieldPath): FieldError[] {
  return isDns1123Subdomain(name).map((message) => fieldInvalid(path, name, message))
}

/** The slice is for one node, for those of a selector, for all, or each device says for itself. */
function placementErrors({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection }: ResourceSliceSpec): FieldError[] {
  const errors: FieldError[] = []
  const set: string[] = []
  if (nodeName === '') errors.push(fieldInvalid(at.child('nodeName'), '', 'must be either unset or set to a non-empty string'))
  else if (nodeName !== undefined) {
    set.push('`nodeName`')
    errors.push(...nodeNameErrors(nodeName, at.child('nodeName')))
  }
  if (nodeSelector) {
    set.push('`nodeSelector`')
    errors.push(...nodeSelectorErrors(nodeSelector, at.child('nodeSelector')))
    if (nodeSelector.nodeSelectorTerms?.length !== 1) errors.push(fieldInvalid(at.child('nodeSelector', 'nodeSelectorTerms'), nodeSelector.nodeSelectorTerms, 'must have exactly one node selector term'))
  }
  for (const [field, value] of [['allNodes', allNodes], ['perDeviceNodeSelection', perDeviceNodeSelection]] as const) {
    if (value) set.push(`\`${field}\``)
    else if (value === false) errors.push(fieldInvalid(at.child(field), false, 'must be either unset or set to true'))
  }
  if (set.length === 0) errors.push(fieldRequired(at, `exactly one of ${placements} is required`))
  else if (set.length > 1) errors.push(fieldInvalid(at, `{${set.join(', ')}}`, `exactly one of ${placements} is required, but multiple fields are set`))
  return errors
}

function deviceErrors(device: Device, old: Device | undefined, path: FieldPath, placesItself: boolean): FieldError[] {
  const errors = labelErrors(device.name, path.child('name'))
  const properties = Object.keys(device.attributes ?? {}).length + Object.keys(device.capacity ?? {}).length
  if (properties > propertiesMax) errors.push(fieldInvalid(path, properties, `the total number of attributes and capacities must not exceed ${propertiesMax}`))
  errors.push(...mapErrors(device.attributes, Number.MAX_SAFE_INTEGER, qualifiedNameBytesMax, path.child('attributes'), qualifiedNameErrors, attributeErrors))
  if (!old || !semanticEqual(old.capacity, device.capacity)) {
    errors.push(...mapErrors(device.capacity, Number.MAX_SAFE_INTEGER, qualifiedNameBytesMax, path.child('capacity'), qualifiedNameErrors, (capacity, here) => capacityErrors(capacity, here, device.allowMultipleAllocations === true)))
  }
  if (!old || !semanticEqual(old.taints, device.taints)) errors.push(...listErrors(device.taints, taintsMax, path.child('taints'), taintErrors))
  errors.push(...setErrors(device.consumesCounters, consumptionsMax, path.child('consumesCounters'), consumptionErrors, ({ counterSet }) => counterSet))
  errors.push(...devicePlacementErrors(device, path, placesItself), ...bindingErrors(device, path))
  for (const [name, { capacityKey }] of Object.entries(device.nodeAllocatableResourceMappings ?? {})) {
    const here = path.child('nodeAllocatableResourceMappings').key(name).child('capacityKey')
    if (capacityKey !== undefined && !Object.hasOwn(device.capacity ?? {}, capacityKey)) errors.push(fieldNotFound(here, capacityKey))
  }
  return errors
}

function devicePlacementErrors({ nodeName, nodeSelector, allNodes }: Device, path: FieldPath, placesItself: boolean): FieldError[] {
  if (!placesItself) {
    if (nodeName === undefined && !nodeSelector && allNodes === undefined) return []
    return [fieldInvalid(path, null, '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec')]
  }
  const required = 'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec'
  const errors: FieldError[] = []
  const set: string[] = []
  if (nodeName === '') errors.push(fieldInvalid(path.child('nodeName'), '', 'must not be empty'))
  else if (nodeName !== undefined) {
    set.push('`nodeName`')
    errors.push(...nodeNameErrors(nodeName, path.child('nodeName')))
  }
  if (nodeSelector) {
    set.push('`nodeSelector`')
    errors.push(...nodeSelectorErrors(nodeSelector, path.child('nodeSelector')))
  }
  if (allNodes) set.push('`allNodes`')
  else if (allNodes === false) errors.push(fieldInvalid(path.child('allNodes'), false, 'must be either unset or set to true'))
  if (set.length === 0) errors.push(fieldRequired(path, required))
  else if (set.length > 1) errors.push(fieldInvalid(path, `{${set.join(', ')}}`, required))
  return errors
}

function attributeErrors(attribute: DeviceAttribute, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const fields = ['bool', 'int', 'string', 'version', 'bools', 'ints', 'strings', 'versions'] as const
  const set = fields.filter((field) => attribute[field] !== undefined)
  const texts = [...(attribute.string === undefined ? [] : [[attribute.string, path.child('string'), false] as const]), ...(attribute.version === undefined ? [] : [[attribute.version, path.child('version'), true] as const])]
  for (const field of ['bools', 'ints', 'strings', 'versions'] as const) if (attribute[field]?.length === 0) errors.push(fieldInvalid(path.child(field), [], 'must not be empty if specified'))
  for (const field of ['strings', 'versions'] as const) texts.push(...(attribute[field] ?? []).map((text, index) => [text, path.child(field).index(index), field === 'versions'] as const))
  for (const [text, here, isVersion] of texts) {
    if (isVersion && !semanticVersion.test(text)) errors.push(fieldInvalid(here, text, 'must be a string compatible with semver.org spec 2.0.0'))
    if (byteLength(text) > attributeBytesMax) errors.push(fieldTooLong(here, attributeBytesMax))
  }
  if (set.length !== 1) errors.push(fieldInvalid(path, set.length === 0 ? '' : attribute, 'exactly one value must be specified'))
  return errors
}

function capacityErrors({ value, requestPolicy }: DeviceCapacity, path: FieldPath, isShared: boolean): FieldError[] {
  if (!requestPolicy) return []
  const here = path.child('requestPolicy')
  if (!isShared) return [fieldForbidden(here, 'allowMultipleAllocations must be true')]
  const { validValues = [], validRange } = requestPolicy
  if (validValues.length > 0 && validRange) return [fieldForbidden(here, 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time')]
  if (validValues.length > 0) return requestPolicy.default === undefined ? [fieldRequired(here.child('default'), 'required when validValues is defined')] : optionsErrors(requestPolicy, value, here.child('validValues'))
  if (validRange) return requestPolicy.default === undefined ? [fieldRequired(here.child('default'), 'required when validRange is defined')] : rangeErrors(requestPolicy.default, value, validRange, here.child('validRange'))
  return []
}

function optionsErrors({ default: wanted = '0', validValues = [] }: CapacityRequestPolicy, capacity: string, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const amounts = validValues.map(mustParseQuantity)
  for (const [index, amount] of amounts.entries()) {
    const next = amounts[index + 1]
    if (next && compareQuantities(amount, next) > 0) errors.push(fieldInvalid(path.index(index + 1), canonicalQuantity(validValues[index + 1]!), 'values must be sorted in ascending order'))
  }
  errors.push(...setErrors(validValues, optionsMax, path, (text, here) =>
    compareQuantities(mustParseQuantity(text), mustParseQuantity(capacity)) > 0 ? [fieldInvalid(here, canonicalQuantity(text), `option is larger than capacity value: ${canonicalQuantity(capacity)}`)] : [], (text) => String(valueOf(mustParseQuantity(text)))))
  if (!amounts.some((amount) => compareQuantities(amount, mustParseQuantity(wanted)) === 0)) errors.push(fieldInvalid(path, canonicalQuantity(wanted), 'default value is not valid according to the requestPolicy'))
  return errors
}

function rangeErrors(wanted: string, capacity: string, { min, max, step }: CapacityRequestPolicyRange, path: FieldPath): FieldError[] {
  if (min === undefined) return [fieldRequired(path.child('min'), 'required when validRange is defined')]
  const errors: FieldError[] = []
  const isMore = (a: string, b: string): boolean => compareQuantities(mustParseQuantity(a), mustParseQuantity(b)) > 0
  const refuse = (field: string, value: string, detail: string): void => {
    errors.push(fieldInvalid(path.child(field), canonicalQuantity(value), detail))
  }
  if (isMore(min, capacity)) refuse('min', min, `min is larger than capacity value: ${canonicalQuantity(capacity)}`)
  if (isMore(min, wanted)) refuse('default', wanted, `default is less than min: ${canonicalQuantity(min)}`)
  if (max !== undefined) {
    if (isMore(min, max)) refuse('max', min, `min is larger than max: ${canonicalQuantity(max)}`)
    if (isMore(max, capacity)) refuse('max', max, `max is larger than capacity value: ${canonicalQuantity(capacity)}`)
    if (isMore(wanted, max)) refuse('default', wanted, `default is more than max: ${canonicalQuantity(max)}`)
  }
  if (step === undefined) return errors
  const size = valueOf(mustParseQuantity(step))
  if (size <= 0) {
    refuse('step', step, 'must be greater than zero')
    return errors
  }
  const added = addQuantities(mustParseQuantity(min), mustParseQuantity(step))
  if (compareQuantities(added, mustParseQuantity(capacity)) > 0) refuse('step', step, `one step ${formatQuantity(added)} is larger than capacity value: ${canonicalQuantity(capacity)}`)
  for (const value of max === undefined ? [wanted] : [wanted, max]) {
    const distance = valueOf(subtractQuantities(mustParseQuantity(value), mustParseQuantity(min)))
    if (distance % size !== 0) refuse('step', value, `value is not a multiple of a given step (${canonicalQuantity(step)}) from (${canonicalQuantity(min)})`)
  }
  return errors
}

function countersErrors(counters: CounterSet['counters'] | undefined, path: FieldPath): FieldError[] {
  return Object.keys(counters ?? {}).length === 0 ? [fieldRequired(path)] : mapErrors(counters, countersMax, labelBytesMax, path, labelErrors, () => [])
}

function counterSetErrors({ name, counters }: CounterSet, path: FieldPath): FieldError[] {
  return [...(name ? labelErrors(name, path.child('name')) : [fieldRequired(path.child('name'))]), ...countersErrors(counters, path.child('counters'))]
}

function consumptionErrors({ counterSet, counters }: DeviceCounterConsumption, path: FieldPath): FieldError[] {
  return [...(counterSet ? labelErrors(counterSet, path.child('counterSet')) : [fieldRequired(path.child('counterSet'))]), ...countersErrors(counters, path.child('counters'))]
}
