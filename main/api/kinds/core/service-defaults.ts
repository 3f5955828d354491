import type { Service, ServicePort } from '../../generated/types.ts'

/** Whether the service has, or could have, endpoints outside the cluster's own network. */
function isExternallyAccessible(service: Service): boolean {
  const { type, externalIPs } = service.spec ?? {}
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && (externalIPs?.length ?? 0) > 0)
}

export function defaultService(service: Service): void {
  const spec = (service.spec ??= {})
  service.status ??= {}
  service.status.loadBalancer ??= {}
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  else if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds == null) spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } }
  spec.type ||= 'ClusterIP'
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    if (port.targetPort === undefined || port.targetPort === null || port.targetPort === 0 || port.targetPort === '') port.targetPort = port.port
  }
  if (isExternallyAccessible(service)) spec.externalTrafficPolicy ||= 'Cluster'
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true
    for (const ingress of service.status.loadBalancer.ingress ?? []) if (ingress.ip) ingress.ipMode ??= 'VIP'
  }
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
}

function needsClusterIP(service: Service): boolean {
  const type = service.spec?.type
  return type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer'
}

/** Whether every port of the Service gets a node port. */
export function needsNodePort(service: Service): boolean {
  const spec = service.spec
  return spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
}

/** Whether nodes answer on a port of the Service's own, where a load balancer asks them for local endpoints. */
export function needsHealthCheckPort(service: Service): boolean {
  return service.spec?.type === 'LoadBalancer' && service.spec.externalTrafficPolicy === 'Local'
}

const portKey = (port: ServicePort): string => `${port.protocol ?? 'TCP'}/${port.port}`

/** On update: what was allocated and is not said anew stays (so that a manifest without addresses can be applied again). */
export function patchAllocatedValues(service: Service, old: Service): void {
  const spec = service.spec ?? {}
  const was = old.spec ?? {}
  if (needsClusterIP(old) && needsClusterIP(service)) {
    if (!spec.clusterIP && was.clusterIP) spec.clusterIP = was.clusterIP
    if (!spec.clusterIPs?.length && was.clusterIPs && spec.clusterIP === was.clusterIP) spec.clusterIPs = [...was.clusterIPs]
    if (spec.ipFamilyPolicy === undefined && was.ipFamilyPolicy !== undefined) spec.ipFamilyPolicy = was.ipFamilyPolicy
    if (!spec.ipFamilies?.length && was.ipFamilies) spec.ipFamilies = [...was.ipFamilies]
  }
  if (needsNodePort(old) && needsNodePort(service)) {
    const allocated = new Map((was.ports ?? []).map((port) => [portKey(port), port.nodePort]))
    const taken = new Set((spec.ports ?? []).map((port) => port.nodePort).filter(Boolean))
    for (const port of spec.ports ?? []) {
      const before = allocated.get(portKey(port))
      if (port.nodePort || !before || taken.has(before)) continue
      port.nodePort = before
      taken.add(before)
    }
  }
  if (needsHealthCheckPort(old) && needsHealthCheckPort(service)) spec.healthCheckNodePort ||= was.healthCheckNodePort
}

const sameList = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** On update: fields that only made sense for the old type go when the type changes and the client did not touch them. */
export function dropTypeDependentFields(service: Service, old: Service): void {
  const spec = service.spec ?? {}
  const was = old.spec ?? {}
  if (needsClusterIP(old) && !needsClusterIP(service)) {
    if (spec.clusterIP === was.clusterIP && sameList(spec.clusterIPs, was.clusterIPs)) {
      delete spec.clusterIP
      delete spec.clusterIPs
    }
    if (sameList(spec.ipFamilies, was.ipFamilies)) delete spec.ipFamilies
    if (spec.ipFamilyPolicy === was.ipFamilyPolicy) delete spec.ipFamilyPolicy
  }
  if (needsNodePort(old) && !needsNodePort(service)) {
    const oldPorts = (was.ports ?? []).map((port) => port.nodePort)
    if (sameList(oldPorts, (spec.ports ?? []).map((port) => port.nodePort))) for (const port of spec.ports ?? []) delete port.nodePort
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(service) && spec.healthCheckNodePort === was.healthCheckNodePort) delete spec.healthCheckNodePort
  if (was.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === was.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts
    if (spec.loadBalancerClass === was.loadBalancerClass) delete spec.loadBalancerClass
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(service) && spec.externalTrafficPolicy === was.externalTrafficPolicy) delete spec.externalTrafficPolicy
}
