import type { Service, ServicePort, ServiceSpec } from '../../generated/types.ts'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, isValidPortNumber } from '../../machinery/names.ts'
import { nonSpecialIpErrors } from './endpoints-validation.ts'
import { ipErrors, isCidr, isIpv6 } from './ip-validation.ts'
import { validateLabels } from './label-validation.ts'
import { portOrNameErrors, protocols } from './port-validation.ts'

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const policies = ['Cluster', 'Local']
const ipFamilies = ['IPv4', 'IPv6']
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack']
const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone']
const kubeletPort = 10250
const affinitySecondsMax = 86400
const at = fieldPath('spec')

function isHeadless(service: Service): boolean {
  return service.spec?.clusterIPs?.length === 1 && service.spec.clusterIPs[0] === 'None'
}

export function validateService(service: Service): FieldError[] {
  const spec = service.spec ?? {}
  const errors: FieldError[] = []
  if (!spec.ports?.length && !isHeadless(service) && spec.type !== 'ExternalName') errors.push(fieldRequired(at.child('ports')))
  errors.push(...typeSpecificErrors(service, spec))
  const names = new Set<string>()
  for (const [index, port] of (spec.ports ?? []).entries()) errors.push(...portErrors(port, (spec.ports?.length ?? 0) > 1, names, at.child('ports').index(index)))
  errors.push(...validateLabels(spec.selector, at.child('selector')))
  errors.push(...affinityErrors(spec))
  errors.push(...clusterIpErrors(spec))
  for (const [index, ip] of (spec.externalIPs ?? []).entries()) {
    const path = at.child('externalIPs').index(index)
    const messages = ipErrors(ip)
    errors.push(...(messages.length > 0 ? messages.map((message) => fieldInvalid(path, ip, message)) : nonSpecialIpErrors(ip, path)))
  }
  if (!spec.type) errors.push(fieldRequired(at.child('type')))
  else if (!types.includes(spec.type)) errors.push(fieldNotSupported(at.child('type'), spec.type, types))
  errors.push(...duplicatePortErrors(spec))
  errors.push(...loadBalancerErrors(spec))
  errors.push(...trafficPolicyErrors(spec))
  return errors
}

function typeSpecificErrors(service: Service, spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const headless = (type: string): void => {
    if (isHeadless(service)) errors.push(fieldInvalid(at.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${type} services`))
  }
  switch (spec.type) {
    case 'LoadBalancer':
      for (const [index, port] of (spec.ports ?? []).entries()) {
        if (port.port === kubeletPort) errors.push(fieldInvalid(at.child('ports').index(index), port.port, `may not expose port ${kubeletPort} externally since it is used by kubelet`))
      }
      headless('LoadBalancer')
      break
    case 'NodePort':
      headless('NodePort')
      break
    case 'ExternalName':
      for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
        const value = spec[field]
        if (value && value.length > 0) errors.push(fieldForbidden(at.child(field), 'may not be set for ExternalName services'))
      }
      errors.push(...externalNameErrors(spec.externalName ?? ''))
      break
    default:
      break
  }
  if (spec.type === 'ClusterIP') {
    for (const [index, port] of (spec.ports ?? []).entries()) {
      if (port.nodePort) errors.push(fieldForbidden(at.child('ports').index(index).child('nodePort'), "may not be used when `type` is 'ClusterIP'"))
    }
  }
  return errors
}

function externalNameErrors(name: string): FieldError[] {
  const path = at.child('externalName')
  const canonical = name.replace(/\.$/, '')
  return canonical === '' ? [fieldRequired(path)] : isDns1123Subdomain(canonical).map((message) => fieldInvalid(path, canonical, message))
}

function portErrors(port: ServicePort, nameRequired: boolean, names: Set<string>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (nameRequired && !port.name) errors.push(fieldRequired(path.child('name')))
  else if (port.name) {
    for (const message of isDns1123Label(port.name)) errors.push(fieldInvalid(path.child('name'), port.name, message))
    if (names.has(port.name)) errors.push(fieldDuplicate(path.child('name'), port.name))
    names.add(port.name)
  }
  for (const message of isValidPortNumber(port.port ?? 0)) errors.push(fieldInvalid(path.child('port'), port.port ?? 0, message))
  if (!port.protocol) errors.push(fieldRequired(path.child('protocol')))
  else if (!protocols.includes(port.protocol)) errors.push(fieldNotSupported(path.child('protocol'), port.protocol, protocols))
  errors.push(...portOrNameErrors(port.targetPort ?? 0, path.child('targetPort')))
  if (port.appProtocol !== undefined) for (const message of isQualifiedName(port.appProtocol)) errors.push(fieldInvalid(path.child('appProtocol'), port.appProtocol, message))
  return errors
}

function affinityErrors(spec: ServiceSpec): FieldError[] {
  const path = at.child('sessionAffinity')
  const config = at.child('sessionAffinityConfig')
  if (!spec.sessionAffinity) return [fieldRequired(path)]
  if (spec.sessionAffinity === 'None') return spec.sessionAffinityConfig ? [fieldForbidden(config, 'must not be set when session affinity is None')] : []
  if (spec.sessionAffinity !== 'ClientIP') return [fieldNotSupported(path, spec.sessionAffinity, ['ClientIP', 'None'])]
  if (!spec.sessionAffinityConfig) return [fieldRequired(config, 'when session affinity type is ClientIP')]
  const clientIP = spec.sessionAffinityConfig.clientIP
  if (!clientIP) return [fieldRequired(config.child('clientIP'), 'when session affinity type is ClientIP')]
  const seconds = clientIP.timeoutSeconds
  if (seconds === undefined) return [fieldRequired(config.child('clientIP', 'timeoutSeconds'), 'when session affinity type is ClientIP')]
  return seconds <= 0 || seconds > affinitySecondsMax ? [fieldInvalid(config.child('clientIP', 'timeoutSeconds'), seconds, `must be greater than 0 and less than ${affinitySecondsMax}`)] : []
}

function clusterIpErrors(spec: ServiceSpec): FieldError[] {
  if (spec.type === 'ExternalName') return []
  const path = at.child('clusterIPs')
  const ips = spec.clusterIPs ?? []
  const errors: FieldError[] = []
  if (spec.clusterIP) {
    if (ips.length === 0) errors.push(fieldRequired(path))
    else if (ips[0] !== spec.clusterIP) errors.push(fieldInvalid(path, ips, 'first value must match `clusterIP`'))
  } else if (ips.length > 0) {
    errors.push(fieldInvalid(path, ips, 'must be empty when `clusterIP` is not specified'))
  }
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    if (!ipFamilies.includes(family)) errors.push(fieldNotSupported(at.child('ipFamilies').index(index), family, ipFamilies))
    else if (spec.ipFamilies?.indexOf(family) !== index) errors.push(fieldDuplicate(at.child('ipFamilies').index(index), family))
  }
  if (spec.ipFamilyPolicy !== undefined && !familyPolicies.includes(spec.ipFamilyPolicy)) errors.push(fieldInvalid(at.child('ipFamilyPolicy'), spec.ipFamilyPolicy, `supported values: ${familyPolicies.join(', ')}`))
  const hasNone = ips.includes('None')
  if (hasNone && ips.length > 1) return [...errors, fieldInvalid(path, ips, "'None' must be the first and only value")]
  if (hasNone) return errors
  for (const [index, ip] of ips.entries()) for (const message of ipErrors(ip)) errors.push(fieldInvalid(path.index(index), ip, message))
  if (ips.length > 2) errors.push(fieldInvalid(path, ips, 'may only hold up to 2 values'))
  if (errors.length === 0 && ips.length === 2 && isIpv6(ips[0] as string) === isIpv6(ips[1] as string)) errors.push(fieldInvalid(path, ips, 'may specify no more than one IP for each IP family'))
  return errors
}

function duplicatePortErrors(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  const path = at.child('ports')
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const key = `node/${port.protocol}/${port.nodePort}`
    if (port.nodePort && seen.has(key)) errors.push(fieldDuplicate(path.index(index).child('nodePort'), port.nodePort))
    seen.add(key)
  }
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const key = `${port.protocol}/${port.port}`
    if (seen.has(key)) errors.push(fieldDuplicate(path.index(index), { Name: '', Protocol: port.protocol, AppProtocol: null, Port: port.port, TargetPort: 0, NodePort: 0 }))
    seen.add(key)
  }
  return errors
}

function loadBalancerErrors(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const balanced = spec.type === 'LoadBalancer'
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    for (const message of isCidr(range.trim())) errors.push(fieldInvalid(at.child('loadBalancerSourceRanges').index(index), range, message))
  }
  if (spec.loadBalancerSourceRanges?.length && !balanced) errors.push(fieldForbidden(at.child('loadBalancerSourceRanges'), "may only be used when `type` is 'LoadBalancer'"))
  if (spec.allocateLoadBalancerNodePorts !== undefined && !balanced) errors.push(fieldForbidden(at.child('allocateLoadBalancerNodePorts'), "may only be used when `type` is 'LoadBalancer'"))
  if (spec.allocateLoadBalancerNodePorts === undefined && balanced) errors.push(fieldRequired(at.child('allocateLoadBalancerNodePorts')))
  if (spec.loadBalancerClass !== undefined) {
    if (!balanced) errors.push(fieldForbidden(at.child('loadBalancerClass'), "may only be used when `type` is 'LoadBalancer'"))
    else for (const message of isQualifiedName(spec.loadBalancerClass)) errors.push(fieldInvalid(at.child('loadBalancerClass'), spec.loadBalancerClass, message))
  }
  return errors
}

function trafficPolicyErrors(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  const external = spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
  const path = at.child('externalTrafficPolicy')
  if (spec.externalTrafficPolicy) {
    if (!external) errors.push(fieldInvalid(path, spec.externalTrafficPolicy, 'may only be set for externally-accessible services'))
    else if (!policies.includes(spec.externalTrafficPolicy)) errors.push(fieldNotSupported(path, spec.externalTrafficPolicy, policies))
  } else if (external) {
    errors.push(fieldRequired(path))
  }
  if (spec.healthCheckNodePort) {
    for (const message of isValidPortNumber(spec.healthCheckNodePort)) errors.push(fieldInvalid(at.child('healthCheckNodePort'), spec.healthCheckNodePort, message))
    if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') errors.push(fieldInvalid(at.child('healthCheckNodePort'), spec.healthCheckNodePort, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
  }
  if (spec.internalTrafficPolicy !== undefined && !policies.includes(spec.internalTrafficPolicy)) errors.push(fieldNotSupported(at.child('internalTrafficPolicy'), spec.internalTrafficPolicy, policies))
  if (spec.internalTrafficPolicy === undefined && spec.type !== 'ExternalName') errors.push(fieldRequired(at.child('internalTrafficPolicy')))
  if (spec.trafficDistribution !== undefined && !distributions.includes(spec.trafficDistribution)) errors.push(fieldNotSupported(at.child('trafficDistribution'), spec.trafficDistribution, distributions))
  return errors
}

/** Addresses stay once given, unless the type or the number of families changes. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  return [...clusterIpChangeErrors(service, old), ...loadBalancerClassErrors(service, old), ...validateService(service)]
}

function clusterIpChangeErrors(service: Service, old: Service): FieldError[] {
  if (service.spec?.type === 'ExternalName' || old.spec?.type === 'ExternalName') return []
  if (isHeadless(service) && isHeadless(old)) return []
  const is = service.spec?.clusterIPs ?? []
  const was = old.spec?.clusterIPs ?? []
  const path = at.child('clusterIPs')
  if (was.length > 0 && is.length === 0) return [fieldInvalid(path.index(0), is, 'primary clusterIP can not be unset')]
  const errors: FieldError[] = []
  for (const [index, ip] of was.entries()) {
    if (index < is.length && is[index] !== ip) errors.push(fieldInvalid(path.index(index), is, 'may not change once set'))
  }
  if (was.length === 2 && is.length === 1 && service.spec?.ipFamilyPolicy !== 'SingleStack') errors.push(fieldInvalid(at.child('ipFamilyPolicy'), service.spec?.ipFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary clusterIP"))
  return errors
}

function loadBalancerClassErrors(service: Service, old: Service): FieldError[] {
  if (service.spec?.type !== 'LoadBalancer' || old.spec?.type !== 'LoadBalancer' || service.spec.loadBalancerClass === old.spec.loadBalancerClass) return []
  return [fieldInvalid(at.child('loadBalancerClass'), service.spec.loadBalancerClass, 'may not change once set')]
}

export function validateServiceStatusUpdate(service: Service): FieldError[] {
  const path = fieldPath('status', 'loadBalancer', 'ingress')
  const errors: FieldError[] = []
  const ingresses = service.status?.loadBalancer?.ingress ?? []
  if (ingresses.length > 0 && service.spec?.type !== 'LoadBalancer') return [fieldForbidden(path, 'may only be used when `spec.type` is "LoadBalancer"')]
  for (const [index, ingress] of ingresses.entries()) {
    if (ingress.ip) for (const message of ipErrors(ingress.ip)) errors.push(fieldInvalid(path.index(index).child('ip'), ingress.ip, message))
    if (ingress.hostname) for (const message of isDns1123Subdomain(ingress.hostname)) errors.push(fieldInvalid(path.index(index).child('hostname'), ingress.hostname, message))
  }
  return errors
}
