import type { LoadBalancerIngress, Node, Service } from '../../../api/generated/types.ts'
import { isBeingDeleted } from '../../../api/machinery/object.ts'
import type { LoadBalancerRequest } from '../cloud-api.ts'

export const cleanupFinalizer = 'service.kubernetes.io/load-balancer-cleanup'
const excludeLabel = 'node.kubernetes.io/exclude-from-external-load-balancers'
const proxyHealthPort = 10_256

/** As cloudprovider.DefaultLoadBalancerName: `a` and the UID without dashes, cut to what every cloud takes. */
export function loadBalancerNameOf(service: Service): string {
  return `a${(service.metadata.uid ?? '').replaceAll('-', '')}`.slice(0, 32)
}

/** Whether the service is this controller's to give a load balancer: those of a class belong to somebody else. */
export function wantsLoadBalancer(service: Service): boolean {
  return service.spec?.type === 'LoadBalancer' && !service.spec.loadBalancerClass
}

/** Nodes that load balancers may use: known to the cloud, not excluded, not on their way out. */
export function isTarget(node: Node): boolean {
  return !isBeingDeleted(node) && node.metadata.labels?.[excludeLabel] === undefined && Boolean(node.spec?.providerID)
}

/** What the service wants its load balancer to be. Traffic is to go to nodes whose kube-proxy is well, or, with externalTrafficPolicy
 *  Local, to those that have endpoints. Throws what the cloud cannot do. Pure. */
export function requestFor(service: Service, nodes: readonly Node[]): LoadBalancerRequest {
  const { spec, status, metadata } = service
  const ports = (spec?.ports ?? []).map(({ port, protocol = 'TCP', nodePort = 0 }) => {
    if (protocol !== 'TCP' && protocol !== 'UDP') throw new Error(`load balancers of this cloud carry TCP and UDP, not ${protocol}`)
    return { protocol, port, nodePort } as const
  })
  if (ports.length === 0) throw new Error('requested load balancer with no ports')
  const local = spec?.externalTrafficPolicy === 'Local' && (spec.healthCheckNodePort ?? 0) !== 0
  return {
    description: `${metadata.namespace}/${metadata.name}`,
    ports,
    targets: nodes.filter(isTarget).map((node) => node.metadata.name).sort(),
    healthCheck: { port: local ? spec.healthCheckNodePort! : proxyHealthPort, path: '/healthz' },
    sourceRanges: sourceRangesOf(service),
    address: spec?.loadBalancerIP || status?.loadBalancer?.ingress?.[0]?.ip || '',
  }
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges'

function sourceRangesOf({ spec, metadata }: Service): string[] {
  const given = spec?.loadBalancerSourceRanges ?? []
  const ranges = given.length > 0 ? given : (metadata.annotations?.[rangesAnnotation] ?? '').split(',')
  return ranges.map((range) => range.trim()).filter((range) => range !== '')
}

export function ingressOf(address: string): LoadBalancerIngress[] {
  return [{ ip: address, ipMode: 'VIP' }]
}

/** What about the service changed that its load balancer has to follow: reason and message of an event, or a reason only. Upstream's
 *  order; nothing: no need. */
export function changesOf(old: Service, service: Service): { readonly reason?: string; readonly message?: string }[] {
  const changes: { reason?: string; message?: string }[] = []
  const [was, is] = [old.spec ?? {}, service.spec ?? {}]
  if (wantsLoadBalancer(old) !== wantsLoadBalancer(service)) return was.type === is.type ? [{}] : [{ reason: 'Type', message: `${was.type} -> ${is.type}` }]
  if (!wantsLoadBalancer(service)) return []
  const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) !== JSON.stringify(b ?? null)
  if (differ(was.loadBalancerSourceRanges, is.loadBalancerSourceRanges)) changes.push({ reason: 'LoadBalancerSourceRanges', message: `${goList(was.loadBalancerSourceRanges)} -> ${goList(is.loadBalancerSourceRanges)}` })
  if (differ(was.ports, is.ports) || was.sessionAffinity !== is.sessionAffinity) changes.push({})
  if (was.loadBalancerIP !== is.loadBalancerIP) changes.push({ reason: 'LoadbalancerIP', message: `${was.loadBalancerIP ?? ''} -> ${is.loadBalancerIP ?? ''}` })
  if ((was.externalIPs ?? []).length !== (is.externalIPs ?? []).length) changes.push({ reason: 'ExternalIP', message: `Count: ${(was.externalIPs ?? []).length} -> ${(is.externalIPs ?? []).length}` })
  for (const address of is.externalIPs ?? []) if ((was.externalIPs ?? []).length === is.externalIPs!.length && !was.externalIPs!.includes(address)) changes.push({ reason: 'ExternalIP', message: `Added: ${address}` })
  if (differ(old.metadata.annotations, service.metadata.annotations)) changes.push({})
  if (old.metadata.uid !== service.metadata.uid) changes.push({ reason: 'UID', message: `${old.metadata.uid} -> ${service.metadata.uid}` })
  if (was.externalTrafficPolicy !== is.externalTrafficPolicy) changes.push({ reason: 'ExternalTrafficPolicy', message: `${was.externalTrafficPolicy} -> ${is.externalTrafficPolicy}` })
  if ((was.healthCheckNodePort ?? 0) !== (is.healthCheckNodePort ?? 0)) changes.push({ reason: 'HealthCheckNodePort', message: `${was.healthCheckNodePort ?? 0} -> ${is.healthCheckNodePort ?? 0}` })
  return changes
}

function goList(list: readonly string[] | undefined): string {
  return `[${(list ?? []).join(' ')}]`
}
