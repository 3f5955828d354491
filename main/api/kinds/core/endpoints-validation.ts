import type { EndpointAddress, EndpointPort, Endpoints } from '../../generated/types.ts'
import { fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isValidPortNumber } from '../../machinery/names.ts'
import { ipErrors } from './ip-validation.ts'

const protocols = ['SCTP', 'TCP', 'UDP']

export function validateEndpoints(endpoints: Endpoints): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, subset] of (endpoints.subsets ?? []).entries()) {
    const at = fieldPath('subsets').index(index)
    if (!subset.addresses?.length && !subset.notReadyAddresses?.length) errors.push(fieldRequired(at, 'must specify `addresses` or `notReadyAddresses`'))
    for (const list of ['addresses', 'notReadyAddresses'] as const) {
      for (const [i, address] of (subset[list] ?? []).entries()) errors.push(...addressErrors(address, at.child(list).index(i)))
    }
    for (const [i, port] of (subset.ports ?? []).entries()) errors.push(...portErrors(port, (subset.ports?.length ?? 0) > 1, at.child('ports').index(i)))
  }
  return errors
}

function addressErrors(address: EndpointAddress, at: FieldPath): FieldError[] {
  const errors = ipErrors(address.ip).map((message) => fieldInvalid(at.child('ip'), address.ip, message))
  if (address.hostname) errors.push(...isDns1123Label(address.hostname).map((message) => fieldInvalid(at.child('hostname'), address.hostname, message)))
  if (address.nodeName) errors.push(...isDns1123Subdomain(address.nodeName).map((message) => fieldInvalid(at.child('nodeName'), address.nodeName, message)))
  if (errors.length === 0) errors.push(...nonSpecialIpErrors(address.ip, at.child('ip')))
  return errors
}

/** Addresses that no endpoint may have: unspecified, loopback, link-local. */
export function nonSpecialIpErrors(ip: string, at: FieldPath): FieldError[] {
  const wrong = (detail: string): FieldError[] => [fieldInvalid(at, ip, detail)]
  if (ip === '0.0.0.0' || ip === '::') return wrong(`may not be unspecified (${ip})`)
  if (ip.startsWith('127.') || ip === '::1') return wrong('may not be in the loopback range (127.0.0.0/8, ::1/128)')
  if (ip.startsWith('169.254.') || /^fe[89ab]/i.test(ip)) return wrong('may not be in the link-local range (169.254.0.0/16, fe80::/10)')
  if (ip.startsWith('224.0.0.') || /^ff02/i.test(ip)) return wrong('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)')
  return []
}

function portErrors(port: EndpointPort, nameRequired: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (nameRequired && !port.name) errors.push(fieldRequired(at.child('name')))
  else if (port.name) errors.push(...isDns1123Label(port.name).map((message) => fieldInvalid(at.child('name'), port.name, message)))
  errors.push(...isValidPortNumber(port.port).map((message) => fieldInvalid(at.child('port'), port.port, message)))
  if (!port.protocol) errors.push(fieldRequired(at.child('protocol')))
  else if (!protocols.includes(port.protocol)) errors.push(fieldNotSupported(at.child('protocol'), port.protocol, protocols))
  return errors
}
