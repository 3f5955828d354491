import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, TypedLocalObjectReference } from '../../generated/types.ts'
import { fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isValidPortName, isValidPortNumber, isWildcardDns1123Subdomain } from '../../machinery/names.ts'
import { ipErrors } from '../core/ip-validation.ts'
import { parseIp } from './ip-ranges.ts'

/** The annotation that named an Ingress's class before it had a field. */
export const ingressClassAnnotation = 'kubernetes.io/ingress.class'

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix']
const spec = fieldPath('spec')

export function validateIngress(ingress: Ingress): FieldError[] {
  const { defaultBackend, rules = [], tls = [], ingressClassName } = ingress.spec ?? {}
  const errors: FieldError[] = []
  if (rules.length === 0 && !defaultBackend) errors.push(fieldInvalid(spec, ingress.spec?.rules, 'either `defaultBackend` or `rules` must be specified'))
  if (defaultBackend) errors.push(...backendErrors(defaultBackend, spec.child('defaultBackend')))
  for (const [index, rule] of rules.entries()) errors.push(...ruleErrors(rule, spec.child('rules').index(index)))
  for (const [index, { hosts = [], secretName }] of tls.entries()) {
    const at = spec.child('tls').index(index)
    for (const [i, host] of hosts.entries()) errors.push(...hostNameErrors(host, at.child('hosts').index(i)))
    if (secretName) errors.push(...isDns1123Subdomain(secretName).map((message) => fieldInvalid(at.child('secretName'), secretName, message)))
  }
  if (ingressClassName !== undefined) errors.push(...isDns1123Subdomain(ingressClassName).map((message) => fieldInvalid(spec.child('ingressClassName'), ingressClassName, message)))
  return errors
}

/** A new Ingress that names its class twice has to name the same one. */
export function validateNewIngress(ingress: Ingress): FieldError[] {
  const errors = validateIngress(ingress)
  const annotation = ingress.metadata.annotations?.[ingressClassAnnotation]
  const name = ingress.spec?.ingressClassName
  if (annotation !== undefined && name !== undefined && annotation !== name) {
    errors.push(fieldInvalid(fieldPath('annotations', ingressClassAnnotation), annotation, 'must match `ingressClassName` when both are specified'))
  }
  return errors
}

export function validateIngressStatus({ status }: Ingress): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    const at = fieldPath('status', 'loadBalancer', 'ingress').index(index)
    if (ip) errors.push(...ipErrors(ip).map((message) => fieldInvalid(at.child('ip'), ip, message)))
    if (hostname) {
      errors.push(...isDns1123Subdomain(hostname).map((message) => fieldInvalid(at.child('hostname'), hostname, message)))
      if (parseIp(hostname)) errors.push(fieldInvalid(at.child('hostname'), hostname, 'must be a DNS name, not an IP address'))
    }
  }
  return errors
}

function hostNameErrors(host: string, at: FieldPath): FieldError[] {
  const messages = host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host)
  return messages.map((message) => fieldInvalid(at, host, message))
}

function ruleErrors({ host, http }: IngressRule, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (host) {
    if (parseIp(host)) errors.push(fieldInvalid(at.child('host'), host, 'must be a DNS name, not an IP address'))
    errors.push(...hostNameErrors(host, at.child('host')))
  }
  if (!http) return errors
  const paths = http.paths ?? []
  if (paths.length === 0) errors.push(fieldRequired(at.child('http', 'paths')))
  for (const [index, path] of paths.entries()) errors.push(...pathErrors(path, at.child('http', 'paths').index(index)))
  return errors
}

function pathErrors({ path = '', pathType, backend }: HTTPIngressPath, at: FieldPath): FieldError[] {
  if (pathType === undefined) return [fieldRequired(at.child('pathType'), 'pathType must be specified')]
  const errors: FieldError[] = []
  const wrong = (detail: string): void => {
    errors.push(fieldInvalid(at.child('path'), path, detail))
  }
  switch (pathType) {
    case 'Exact':
    case 'Prefix':
      if (!path.startsWith('/')) wrong('must be an absolute path')
      for (const sequence of ['//', '/./', '/../', '%2f', '%2F']) if (path.includes(sequence)) wrong(`must not contain '${sequence}'`)
      for (const suffix of ['/..', '/.']) if (path.endsWith(suffix)) wrong(`cannot end with '${suffix}'`)
      break
    case 'ImplementationSpecific':
      if (path !== '' && !path.startsWith('/')) wrong('must be an absolute path')
      break
    default:
      errors.push(fieldNotSupported(at.child('pathType'), pathType, pathTypes))
  }
  return [...errors, ...backendErrors(backend ?? {}, at.child('backend'))]
}

function backendErrors({ resource, service }: IngressBackend, at: FieldPath): FieldError[] {
  if (resource && service) return [fieldInvalid(at, '', 'cannot set both resource and service backends')]
  if (resource) return referenceErrors(resource, at.child('resource'))
  if (!service) return [fieldInvalid(at, '', 'resource or service backend is required')]
  const errors: FieldError[] = []
  const { name, port: { name: portName = '', number = 0 } = {} } = service
  if (!name) errors.push(fieldRequired(at.child('service', 'name')))
  else errors.push(...isDns1035Label(name).map((message) => fieldInvalid(at.child('service', 'name'), name, message)))
  if (portName !== '' && number !== 0) errors.push(fieldInvalid(at, '', 'cannot set both port name & port number'))
  else if (portName !== '') errors.push(...isValidPortName(portName).map((message) => fieldInvalid(at.child('service', 'port', 'name'), portName, message)))
  else if (number !== 0) errors.push(...isValidPortNumber(number).map((message) => fieldInvalid(at.child('service', 'port', 'number'), number, message)))
  else errors.push(fieldRequired(at, 'port name or number is required'))
  return errors
}

/** A reference by group, kind and name: an Ingress's resource backend, an IngressClass's parameters. */
export function referenceErrors({ apiGroup, kind, name }: TypedLocalObjectReference, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (apiGroup !== undefined) errors.push(...isDns1123Subdomain(apiGroup).map((message) => fieldInvalid(at.child('apiGroup'), apiGroup, message)))
  for (const [field, value] of [['kind', kind], ['name', name]] as const) {
    if (!value) errors.push(fieldRequired(at.child(field)))
    else errors.push(...isPathSegmentName(value).map((message) => fieldInvalid(at.child(field), value, message)))
  }
  return errors
}
