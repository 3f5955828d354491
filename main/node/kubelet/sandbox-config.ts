import type { Container, Pod } from '../../api/generated/types.ts'
import { canonicalJson, fnv32a } from '../../api/machinery/hash.ts'
import type { PodSandboxConfig } from '../cri.ts'

export interface DnsOptions {
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  /** The node's own resolver, for dnsPolicy Default. */
  readonly hostServers: readonly string[]
}

/** What the runtime is asked to make a pod's sandbox of. */
export function sandboxConfig(pod: Pod, attempt: number, nodeName: string, dns: DnsOptions, runtimeHandler = '', onOmitted: (message: string) => void = () => {}): PodSandboxConfig {
  const { metadata } = pod
  const spec = pod.spec!
  return {
    name: metadata.name,
    uid: metadata.uid!,
    namespace: metadata.namespace ?? '',
    attempt,
    hostname: spec.hostNetwork ? nodeName : hostnameOf(pod),
    ...(spec.subdomain && !spec.hostNetwork ? { hostDomain: `${spec.subdomain}.${metadata.namespace}.svc.${dns.clusterDomain}` } : {}),
    hostNetwork: spec.hostNetwork ?? false,
    logDirectory: podLogDirectory(pod),
    dns: dnsConfigOf(pod, dns, onOmitted),
    portMappings: spec.containers.flatMap((container) =>
      (container.ports ?? []).filter((port) => port.hostPort).map((port) => ({ protocol: port.protocol ?? 'TCP', containerPort: port.containerPort, hostPort: port.hostPort!, hostIp: port.hostIP ?? '' })),
    ),
    labels: { ...metadata.labels, 'io.kubernetes.pod.name': metadata.name, 'io.kubernetes.pod.namespace': metadata.namespace ?? '', 'io.kubernetes.pod.uid': metadata.uid! },
    annotations: metadata.annotations ?? {},
    runtimeHandler,
    hostAliases: (spec.hostAliases ?? []).map((alias) => ({ ip: alias.ip, hostnames: alias.hostnames ?? [] })),
  }
}

/** `/var/log/pods/<namespace>_<name>_<uid>`. */
export function podLogDirectory(pod: Pod): string {
  return `/var/log/pods/${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`
}

/** Where the log of one attempt at a container is kept. */
export function containerLogPath(pod: Pod, container: string, attempt: number): string {
  return `${podLogDirectory(pod)}/${container}/${attempt}.log`
}

/** A pod's host name: what it asks for, or its name cut to 63 characters. */
export function hostnameOf(pod: Pod): string {
  const name = pod.spec?.hostnameOverride ?? pod.spec?.hostname ?? pod.metadata.name
  return name.length > 63 ? name.slice(0, 63).replace(/[-.]+$/, '') : name
}

/** The resolver configuration of a pod (upstream's dns configurer). */
export function dnsConfigOf(pod: Pod, dns: DnsOptions, onOmitted: (message: string) => void = () => {}): NonNullable<PodSandboxConfig['dns']> {
  const spec = pod.spec!
  const custom = spec.dnsConfig
  let servers: readonly string[] = dns.hostServers
  let searches: readonly string[] = []
  let options: readonly string[] = []
  let policy = spec.dnsPolicy ?? 'ClusterFirst'
  if (policy === 'ClusterFirst' && spec.hostNetwork) policy = 'Default'
  if (policy === 'ClusterFirstWithHostNet') policy = 'ClusterFirst'
  if (policy === 'None') servers = []
  else if (policy === 'ClusterFirst' && dns.clusterDns.length > 0) {
    servers = dns.clusterDns
    searches = [`${pod.metadata.namespace}.svc.${dns.clusterDomain}`, `svc.${dns.clusterDomain}`, dns.clusterDomain]
    options = ['ndots:5']
  }
  if (!custom) return { servers, searches, options }
  const byName = new Map(options.map((option) => [option.split(':')[0]!, option]))
  for (const { name, value } of custom.options ?? []) if (name) byName.set(name, value === undefined || value === '' ? name : `${name}:${value}`)
  const allServers = [...new Set([...servers, ...(custom.nameservers ?? [])])]
  const allSearches = [...new Set([...searches, ...(custom.searches ?? [])])]
  const fitting = { servers: allServers.slice(0, serversMax), searches: allSearches.slice(0, searchesMax) }
  if (allServers.length > serversMax) onOmitted(`Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${fitting.servers.join(' ')}`)
  if (allSearches.length > searchesMax) onOmitted(`Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${fitting.searches.join(' ')}`)
  return {
    ...fitting,
    options: [...byName.values()],
  }
}

/** What resolvers read (upstream's limits). */
const serversMax = 3
const searchesMax = 32

const hashes = new WeakMap<object, string>()

/** The hash of what cannot change in a running container: upstream hashes name and image. */
export function containerHash(container: Container): string {
  let hash = hashes.get(container)
  if (hash === undefined) {
    hash = fnv32a(canonicalJson({ name: container.name, image: container.image })).toString(16)
    hashes.set(container, hash)
  }
  return hash
}
