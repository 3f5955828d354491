import type { Ingress, IngressBackend, IngressClass, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Service } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { formatLabelSelector } from '../../../api/machinery/labels.ts'
import { requestJson } from '../resources/requests.ts'
import { Description } from './description.ts'
import type { Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'
import { describeAnnotations, describeLabels } from './labels.ts'
import { endpointsText, slicesOf } from './network.ts'

export async function describeIngress(ingress: Ingress, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = ingress
  const namespace = metadata.namespace ?? ''
  const events = await eventsOf(ingress, around)
  const addresses = new Set((status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter(Boolean))
  const fallback = spec?.defaultBackend ? await backendText(namespace, spec.defaultBackend, around) : '<default>'
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  out.write(0, `Namespace:\t${namespace}\n`)
  out.write(0, `Address:\t${[...addresses].sort(compareBytes).join(',')}\n`)
  out.write(0, `Ingress Class:\t${spec?.ingressClassName ?? '<none>'}\n`)
  out.write(0, `Default backend:\t${fallback}\n`)
  if (spec?.tls?.length) {
    out.write(0, 'TLS:\n')
    for (const { secretName, hosts = [] } of spec.tls) out.write(1, secretName ? `${secretName} terminates ${hosts.join(',')}\n` : `SNI routes ${hosts.join(',')}\n`)
  }
  out.write(0, 'Rules:\n  Host\tPath\tBackends\n')
  out.write(1, '----\t----\t--------\n')
  const rules = (spec?.rules ?? []).filter(({ http }) => http)
  for (const { host, http } of rules) {
    out.write(1, `${host || '*'}\t\n`)
    for (const { path = '', backend } of http!.paths) out.write(2, `\t${path} \t${await backendText(namespace, backend, around)}\n`)
  }
  if (rules.length === 0) out.write(1, `*\t*\t${fallback}\n`)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  describeEvents(out, events, around.now)
  return out.toString()
}

/** `web:80 (10.244.1.2:80,…)`. */
async function backendText(namespace: string, { service, resource }: IngressBackend, around: Surroundings): Promise<string> {
  if (resource) return `APIGroup: ${resource.apiGroup ?? '<none>'}, Kind: ${resource.kind}, Name: ${resource.name}`
  if (!service) return ''
  const text = `${service.name}:${service.port?.number || service.port?.name || ''}`
  try {
    const slices = await slicesOf(namespace, service.name, around)
    const found = await requestJson<Service>(around.context, 'GET', `/api/v1/namespaces/${namespace}/services/${service.name}`)
    const port = (found.spec?.ports ?? []).findLast(({ name, port: number }) => (service.port?.number ? service.port.number === number : service.port?.name && service.port.name === name))
    return `${text} (${endpointsText(slices, port?.name ?? '')})`
  } catch (error) {
    return `${text} (<error: ${(error as Error).message}>)`
  }
}

export async function describeIngressClass(ingressClass: IngressClass, around: Surroundings): Promise<string> {
  const { metadata, spec } = ingressClass
  const events = await eventsOf(ingressClass, around)
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Controller:\t${spec?.controller ?? ''}\n`)
  if (spec?.parameters) {
    out.write(0, 'Parameters:\n')
    if (spec.parameters.apiGroup !== undefined) out.write(1, `APIGroup:\t${spec.parameters.apiGroup}\n`)
    out.write(1, `Kind:\t${spec.parameters.kind}\n`)
    out.write(1, `Name:\t${spec.parameters.name}\n`)
  }
  describeEvents(out, events, around.now)
  return out.toString()
}

export async function describeNetworkPolicy({ metadata, spec }: NetworkPolicy): Promise<string> {
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  out.write(0, `Created on:\t${goTime(metadata.creationTimestamp)}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, 'Spec:\n')
  const selector = formatLabelSelector(spec?.podSelector)
  out.write(1, `PodSelector:     ${selector === '<none>' ? '<none> (Allowing the specific traffic to all pods in this namespace)' : selector}\n`)
  const types = spec?.policyTypes ?? []
  if (types.includes('Ingress')) {
    out.write(1, 'Allowing ingress traffic:\n')
    describeRules(out, (spec?.ingress ?? []).map(({ ports, from }) => ({ ports, peers: from })), 'ingress', 'From', 'source')
  } else out.write(1, 'Not affecting ingress traffic\n')
  if (types.includes('Egress')) {
    out.write(1, 'Allowing egress traffic:\n')
    describeRules(out, (spec?.egress ?? []).map(({ ports, to }) => ({ ports, peers: to })), 'egress', 'To', 'destination')
  } else out.write(1, 'Not affecting egress traffic\n')
  out.write(1, `Policy Types: ${types.join(', ') || '<none>'}\n`)
  return out.toString()
}

interface Rule {
  readonly ports: readonly NetworkPolicyPort[] | undefined
  readonly peers: readonly NetworkPolicyPeer[] | undefined
}

function describeRules(out: Description, rules: readonly Rule[], direction: string, title: string, end: string): void {
  if (rules.length === 0) return out.write(2, `<none> (Selected pods are isolated for ${direction} connectivity)\n`)
  rules.forEach(({ ports, peers }, index) => {
    if (!ports?.length) out.write(2, 'To Port: <any> (traffic allowed to all ports)\n')
    for (const { port, endPort, protocol = 'TCP' } of ports ?? []) out.write(2, endPort === undefined ? `To Port: ${port ?? '<nil>'}/${protocol}\n` : `To Port Range: ${port ?? '<nil>'}-${endPort}/${protocol}\n`)
    if (!peers?.length) out.write(2, `${title}: <any> (traffic not restricted by ${end})\n`)
    for (const { podSelector, namespaceSelector, ipBlock } of peers ?? []) {
      out.write(2, `${title}:\n`)
      if (namespaceSelector) out.write(3, `NamespaceSelector: ${formatLabelSelector(namespaceSelector)}\n`)
      if (podSelector) out.write(3, `PodSelector: ${formatLabelSelector(podSelector)}\n`)
      if (ipBlock && !podSelector && !namespaceSelector) {
        out.write(3, 'IPBlock:\n')
        out.write(4, `CIDR: ${ipBlock.cidr}\n`)
        out.write(4, `Except: ${(ipBlock.except ?? []).join(', ')}\n`)
      }
    }
    if (index < rules.length - 1) out.write(2, '----------\n')
  })
}

/** Go's own text of a time: `2006-01-02 15:04:05 +0000 UTC`. */
function goTime(text: string | undefined): string {
  if (!text) return '0001-01-01 00:00:00 +0000 UTC'
  return `${new Date(Date.parse(text)).toISOString().replace('T', ' ').slice(0, 19)} +0000 UTC`
}
