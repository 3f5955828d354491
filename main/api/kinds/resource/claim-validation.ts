import type {
  AllocatedDeviceStatus, AllocationResult, DeviceClaim, DeviceConstraint, DeviceRequest, DeviceRequestAllocationResult, DeviceSubRequest, ExactDeviceRequest,
  NetworkDeviceData, ResourceClaim, ResourceClaimSpec, ResourceClaimStatus,
} from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired, fieldTooLong, fieldTooMany } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength, quote } from '../../machinery/go-text.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { validateConditions } from '../condition-validation.ts'
import { nodeSelectorErrors } from '../core/affinity-validation.ts'
import { ipText, parseCidr } from '../networking/ip-ranges.ts'
import { bindingErrors, configurationErrors, driverNameErrors, fullyQualifiedNameErrors, labelErrors, poolNameErrors, rawErrors, shareIdErrors, tolerationErrors } from './device-names.ts'
import { listErrors, setErrors } from './list-validation.ts'
import { selectorsErrors } from './selectors.ts'

const listMax = 32
const alternativesMax = 8
const consumersMax = 256
const conditionsMax = 8
const addressesMax = 16
const interfaceBytesMax = 256
const hardwareBytesMax = 128
const modes = ['All', 'ExactCount']
const requestReference = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"

/** Names of requests, and of the alternatives within them. */
type RequestNames = ReadonlyMap<string, ReadonlySet<string>>

function requestNamesOf({ requests = [] }: DeviceClaim): RequestNames {
  return new Map(requests.map(({ name, firstAvailable = [] }) => [name, new Set(firstAvailable.map((alternative) => alternative.name))]))
}

export function claimSpecErrors({ devices = {} }: ResourceClaimSpec, at: FieldPath): FieldError[] {
  const path = at.child('devices')
  const names = requestNamesOf(devices)
  return [
    ...setErrors(devices.requests, listMax, path.child('requests'), requestErrors, ({ name }) => name),
    ...listErrors(devices.constraints, listMax, path.child('constraints'), (constraint, here) => constraintErrors(constraint, here, names)),
    ...listErrors(devices.config, listMax, path.child('config'), (config, here) => [...referencesErrors(config.requests, here.child('requests'), names), ...configurationErrors(config, here)]),
  ]
}

function requestErrors({ name, exactly, firstAvailable = [] }: DeviceRequest, at: FieldPath): FieldError[] {
  const errors = labelErrors(name, at.child('name'))
  if (exactly && firstAvailable.length > 0) errors.push(fieldInvalid(at, null, 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set'))
  else if (exactly) errors.push(...wantedErrors(exactly, at.child('exactly')))
  else if (firstAvailable.length > 0) {
    errors.push(...setErrors(firstAvailable, alternativesMax, at.child('firstAvailable'), (alternative, here) => [...labelErrors(alternative.name, here.child('name')), ...wantedErrors(alternative, here)], (each) => each.name))
  } else errors.push(fieldRequired(at, 'exactly one of `exactly` or `firstAvailable` is required'))
  return errors
}

function wantedErrors({ deviceClassName, selectors, allocationMode = '', count = 0, tolerations = [] }: ExactDeviceRequest | DeviceSubRequest, at: FieldPath): FieldError[] {
  const className = at.child('deviceClassName')
  const errors = deviceClassName ? isDns1123Subdomain(deviceClassName).map((message) => fieldInvalid(className, deviceClassName, message)) : [fieldRequired(className)]
  errors.push(...selectorsErrors(selectors, at.child('selectors')))
  if (!modes.includes(allocationMode)) errors.push(fieldNotSupported(at.child('allocationMode'), allocationMode, modes))
  else if (allocationMode === 'All' && count !== 0) errors.push(fieldInvalid(at.child('count'), count, "must not be specified when allocationMode is 'All'"))
  else if (allocationMode === 'ExactCount' && count <= 0) errors.push(fieldInvalid(at.child('count'), count, 'must be greater than zero'))
  for (const [index, toleration] of tolerations.entries()) errors.push(...tolerationErrors(toleration, at.child('tolerations').index(index)))
  return errors
}

function constraintErrors({ requests, matchAttribute, distinctAttribute }: DeviceConstraint, at: FieldPath, names: RequestNames): FieldError[] {
  const errors = referencesErrors(requests, at.child('requests'), names)
  if (matchAttribute !== undefined) return [...errors, ...fullyQualifiedNameErrors(matchAttribute, at.child('matchAttribute'))]
  if (distinctAttribute !== undefined) return [...errors, ...fullyQualifiedNameErrors(distinctAttribute, at.child('distinctAttribute'))]
  return [...errors, fieldRequired(at, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set')]
}

function referencesErrors(requests: readonly string[] | undefined, at: FieldPath, names: RequestNames): FieldError[] {
  return setErrors(requests, listMax, at, (name, here) => referenceErrors(name, here, names), (name) => name)
}

function referenceErrors(reference: string, at: FieldPath, names: RequestNames): FieldError[] {
  const [request = '', alternative, ...more] = reference.split('/')
  if (more.length > 0) return [fieldInvalid(at, reference, requestReference)]
  const errors = [...labelErrors(request, at), ...(alternative === undefined ? [] : labelErrors(alternative, at))]
  const known = names.get(request)
  if (!known || (alternative !== undefined && !known.has(alternative))) errors.push(fieldInvalid(at, reference, requestReference))
  return errors
}

export function validateResourceClaim({ spec }: ResourceClaim): FieldError[] {
  return claimSpecErrors(spec ?? {}, fieldPath('spec'))
}

export function validateResourceClaimUpdate({ spec }: ResourceClaim, old: ResourceClaim): FieldError[] {
  return semanticEqual(spec, old.spec) ? [] : [fieldInvalid('spec', spec, fieldIsImmutable)]
}

export function validateResourceClaimStatusUpdate(claim: ResourceClaim, old: ResourceClaim): FieldError[] {
  const at = fieldPath('status')
  const { reservedFor = [], devices, allocation } = claim.status ?? {}
  const names = requestNamesOf(claim.spec?.devices ?? {})
  const errors = setErrors(reservedFor, consumersMax, at.child('reservedFor'), (consumer, here) =>
    (['resource', 'name', 'uid'] as const).flatMap((field) => (consumer[field] ? [] : [fieldRequired(here.child(field))])), ({ uid }) => uid)
  const allocated = new Set((allocation?.devices?.results ?? []).map(deviceKey))
  errors.push(...setErrors(devices, Number.MAX_SAFE_INTEGER, at.child('devices'), (device, here) => deviceStatusErrors(device, here, allocated), deviceKey))
  errors.push(...reservationErrors(claim, old.status ?? {}, at.child('reservedFor')))
  if (allocation && old.status?.allocation) {
    if (!semanticEqual(allocation, old.status.allocation)) errors.push(fieldInvalid(at.child('allocation'), allocation, fieldIsImmutable))
  } else if (allocation) errors.push(...allocationErrors(allocation, at.child('allocation'), names))
  return errors
}

function reservationErrors({ metadata, status }: ResourceClaim, old: ResourceClaimStatus, at: FieldPath): FieldError[] {
  const reservedFor = status?.reservedFor ?? []
  if (reservedFor.length === 0) return []
  if (!status?.allocation) return [fieldForbidden(at, 'may not be specified when `allocated` is not set')]
  const isNew = reservedFor.some((consumer) => !(old.reservedFor ?? []).some((other) => semanticEqual(other, consumer)))
  return metadata.deletionTimestamp && isNew ? [fieldForbidden(at, 'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set')] : []
}

/** `driver/pool/device`, and the share of it. */
function deviceKey({ driver, pool, device, shareID }: Pick<AllocatedDeviceStatus, 'driver' | 'pool' | 'device' | 'shareID'>): string {
  return `${driver}/${pool}/${device}${shareID ? `/${shareID}` : ''}`
}

function allocationErrors({ devices = {}, nodeSelector }: AllocationResult, at: FieldPath, names: RequestNames): FieldError[] {
  const path = at.child('devices')
  return [
    ...listErrors(devices.results, listMax, path.child('results'), (result, here) => resultErrors(result, here, names)),
    ...listErrors(devices.config, 2 * listMax, path.child('config'), (config, here) => [
      ...(config.source === 'FromClaim' || config.source === 'FromClass' ? [] : [config.source ? fieldNotSupported(here.child('source'), config.source, ['FromClaim', 'FromClass']) : fieldRequired(here.child('source'))]),
      ...referencesErrors(config.requests, here.child('requests'), names),
      ...configurationErrors(config, here),
    ]),
    ...(nodeSelector ? nodeSelectorErrors(nodeSelector, at.child('nodeSelector')) : []),
  ]
}

function resultErrors(result: DeviceRequestAllocationResult, at: FieldPath, names: RequestNames): FieldError[] {
  return [
    ...referenceErrors(result.request ?? '', at.child('request'), names),
    ...driverNameErrors(result.driver, at.child('driver')),
    ...poolNameErrors(result.pool, at.child('pool')),
    ...labelErrors(result.device, at.child('device')),
    ...bindingErrors(result, at),
    ...(result.tolerations ?? []).flatMap((toleration, index) => tolerationErrors(toleration, at.child('tolerations').index(index))),
    ...shareIdErrors(result.shareID, at.child('shareID')),
  ]
}

function deviceStatusErrors(device: AllocatedDeviceStatus, at: FieldPath, allocated: ReadonlySet<string>): FieldError[] {
  const { conditions = [] } = device
  return [
    ...driverNameErrors(device.driver, at.child('driver')),
    ...poolNameErrors(device.pool, at.child('pool')),
    ...labelErrors(device.device, at.child('device')),
    ...shareIdErrors(device.shareID, at.child('shareID')),
    ...(allocated.has(deviceKey(device)) ? [] : [fieldInvalid(at, deviceKey(device), 'must be an allocated device in the claim')]),
    ...(conditions.length > conditionsMax ? [fieldTooMany(at.child('conditions'), conditions.length, conditionsMax)] : []),
    ...validateConditions(conditions, at.child('conditions')),
    ...(device.data === undefined ? [] : rawErrors(device.data, at.child('data'))),
    ...(device.networkData ? networkErrors(device.networkData, at.child('networkData')) : []),
  ]
}

function networkErrors({ interfaceName = '', hardwareAddress = '', ips }: NetworkDeviceData, at: FieldPath): FieldError[] {
  return [
    ...(byteLength(interfaceName) > interfaceBytesMax ? [fieldTooLong(at.child('interfaceName'), interfaceBytesMax)] : []),
    ...(byteLength(hardwareAddress) > hardwareBytesMax ? [fieldTooLong(at.child('hardwareAddress'), hardwareBytesMax)] : []),
    ...setErrors(ips, addressesMax, at.child('ips'), interfaceAddressErrors, (text) => text),
  ]
}

/** An address with the length of its network, written the one right way. */
function interfaceAddressErrors(text: string, at: FieldPath): FieldError[] {
  const range = parseCidr(text)
  if (!range) return [fieldInvalid(at, text, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)')]
  const canonical = `${ipText(range)}/${range.prefixLength}`
  return canonical === text ? [] : [fieldInvalid(at, text, `must be in canonical form (${quote(canonical)})`)]
}
