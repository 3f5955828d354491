import type { DiscoveryEndpointPort, Endpoint, EndpointSlice } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired, fieldTooMany } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName, isValidPortNumber } from '../../machinery/names.ts'
import { nonSpecialIpErrors } from '../core/endpoints-validation.ts'
import { isIpv4, isIpv6 } from '../core/ip-validation.ts'

const addressTypes = ['FQDN', 'IPv4', 'IPv6']
const protocols = ['SCTP', 'TCP', 'UDP']
const addressesMax = 100
const endpointsMax = 1000
const portsMax = 20000
const hintsMax = 8

export function validateEndpointSlice(slice: EndpointSlice): FieldError[] {
  const errors: FieldError[] = []
  if (!slice.addressType) errors.push(fieldRequired('addressType'))
  else if (!addressTypes.includes(slice.addressType)) errors.push(fieldNotSupported('addressType', slice.addressType, addressTypes))
  errors.push(...endpointErrors(slice.endpoints ?? [], slice.addressType), ...portErrors(slice.ports ?? []))
  return errors
}

export function validateEndpointSliceUpdate(slice: EndpointSlice, old: EndpointSlice): FieldError[] {
  const errors = validateEndpointSlice(slice)
  if (slice.addressType !== old.addressType) errors.push(fieldInvalid('addressType', slice.addressType, fieldIsImmutable))
  return errors
}

function endpointErrors(endpoints: readonly Endpoint[], addressType: string): FieldError[] {
  const path = fieldPath('endpoints')
  if (endpoints.length > endpointsMax) return [fieldTooMany(path, endpoints.length, endpointsMax)]
  const errors: FieldError[] = []
  for (const [index, endpoint] of endpoints.entries()) {
    const at = path.index(index)
    const addresses = endpoint.addresses ?? []
    if (addresses.length === 0) errors.push(fieldRequired(at.child('addresses'), 'must contain at least 1 address'))
    else if (addresses.length > addressesMax) errors.push(fieldTooMany(at.child('addresses'), addresses.length, addressesMax))
    for (const [i, address] of addresses.entries()) errors.push(...addressErrors(address, addressType, at.child('addresses').index(i)))
    if (endpoint.nodeName !== undefined) for (const message of isDns1123Subdomain(endpoint.nodeName)) errors.push(fieldInvalid(at.child('nodeName'), endpoint.nodeName, message))
    if (endpoint.hostname !== undefined) for (const message of isDns1123Label(endpoint.hostname)) errors.push(fieldInvalid(at.child('hostname'), endpoint.hostname, message))
    errors.push(...hintErrors(endpoint, at.child('hints')))
  }
  return errors
}

function addressErrors(address: string, addressType: string, at: FieldPath): FieldError[] {
  switch (addressType) {
    case 'IPv4':
      return isIpv4(address) ? nonSpecialIpErrors(address, at) : [fieldInvalid(at, address, 'must be a valid IPv4 address')]
    case 'IPv6':
      return isIpv6(address) ? nonSpecialIpErrors(address, at) : [fieldInvalid(at, address, 'must be a valid IPv6 address')]
    case 'FQDN':
      return isDns1123Subdomain(address).map((message) => fieldInvalid(at, address, message))
    default:
      return []
  }
}

function hintErrors({ hints }: Endpoint, at: FieldPath): FieldError[] {
  return [...namedHintErrors(hints?.forZones, at.child('forZones'), isLabelValue), ...namedHintErrors(hints?.forNodes, at.child('forNodes'), isDns1123Subdomain)]
}

/** Zones or nodes that traffic should come from: few, well named, each once. */
function namedHintErrors(hints: readonly { readonly name: string }[] = [], path: FieldPath, messagesOf: (name: string) => string[]): FieldError[] {
  if (hints.length > hintsMax) return [fieldTooMany(path, hints.length, hintsMax)]
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, { name = '' }] of hints.entries()) {
    const here = path.index(index).child('name')
    if (seen.has(name)) errors.push(fieldDuplicate(here, name))
    seen.add(name)
    for (const message of messagesOf(name)) errors.push(fieldInvalid(here, name, message))
  }
  return errors
}

function portErrors(ports: readonly DiscoveryEndpointPort[]): FieldError[] {
  const path = fieldPath('ports')
  if (ports.length > portsMax) return [fieldTooMany(path, ports.length, portsMax)]
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = path.index(index)
    const name = port.name ?? ''
    if (name !== '') for (const message of isDns1123Label(name)) errors.push(fieldInvalid(at.child('name'), name, message))
    if (names.has(name)) errors.push(fieldDuplicate(at.child('name'), name))
    names.add(name)
    if (port.port !== undefined) for (const message of isValidPortNumber(port.port)) errors.push(fieldInvalid(at.child('port'), port.port, message))
    if (!port.protocol) errors.push(fieldRequired(at.child('protocol')))
    else if (!protocols.includes(port.protocol)) errors.push(fieldNotSupported(at.child('protocol'), port.protocol, protocols))
    if (port.appProtocol !== undefined) for (const message of isQualifiedName(port.appProtocol)) errors.push(fieldInvalid(at.child('appProtocol'), port.appProtocol, message))
  }
  return errors
}
