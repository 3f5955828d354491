import { chainHash } from './chain-names.ts'
import type { ProxyEndpoint, ServicePortRules } from './service-rules.ts'

/** The rules as `nft list table ip kube-proxy` prints them: verdict maps from address, protocol and port to a chain for each Service, and a
 *  chain for each endpoint. Follows kube-proxy's nftables mode; its hook chains are there in short. */
export function nftText(rules: readonly ServicePortRules[], podCidr: string): string {
  const serviceIps: string[] = []
  const nodePorts: string[] = []
  const refused: string[] = []
  const refusedPorts: string[] = []
  const chains: string[] = []
  for (const each of [...rules].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    const suffix = nameOf(each)
    const cluster = `service-${suffix}`
    const external = `external-${suffix}`
    const empty = each.anyEndpoints ? 'drop' : 'goto reject-chain'
    const comment = `comment "${each.name}"`
    const put = (address: string, endpoints: readonly ProxyEndpoint[], target: string): void => {
      const key = `${address} . ${each.protocol} . ${each.port}`
      if (endpoints.length === 0) refused.push(`${key} ${comment} : ${empty}`)
      else serviceIps.push(`${key} : goto ${target}`)
    }
    const internal = each.internalLocal ? `local-${suffix}` : cluster
    for (const address of each.clusterIps) put(address, each.clusterEndpoints, internal)
    for (const address of [...each.externalIps, ...each.loadBalancerIps]) put(address, each.externalEndpoints, external)
    if (each.nodePort !== 0) (each.externalEndpoints.length === 0 ? refusedPorts : nodePorts).push(`${each.protocol} . ${each.nodePort} ${each.externalEndpoints.length === 0 ? `${comment} : ${empty}` : `: goto ${external}`}`)
    if (!each.anyEndpoints) continue
    const masquerade = each.clusterIps.map((address) => `ip daddr ${address} ${each.protocol} dport ${each.port} ip saddr != ${podCidr} jump mark-for-masquerade`)
    chains.push(block(`chain ${cluster}`, [...masquerade, ...choice(each, each.allEndpoints)]))
    const outside = each.nodePort !== 0 || each.externalIps.length > 0 || each.loadBalancerIps.length > 0
    const usesLocal = each.internalLocal || (outside && !each.masqueradeExternal)
    const locals = each.internalLocal ? each.clusterEndpoints : each.externalEndpoints
    if (usesLocal && locals.length > 0) chains.push(block(`chain local-${suffix}`, [...(each.internalLocal ? masquerade : []), ...choice(each, locals)]))
    if (outside) chains.push(block(`chain ${external}`, each.masqueradeExternal ? ['jump mark-for-masquerade', `goto ${cluster}`] : [`ip saddr ${podCidr} goto ${cluster} comment "short-circuit pod traffic"`, 'fib saddr type local jump mark-for-masquerade comment "masquerade local traffic"', `fib saddr type local goto ${cluster} comment "short-circuit local traffic"`, ...(locals.length > 0 ? [`goto local-${suffix}`] : [])]))
    for (const endpoint of each.allEndpoints) {
      const remember = each.affinitySeconds > 0 ? [`update @${affinitySet(each, endpoint)} { ip saddr }`] : []
      chains.push(block(`chain ${endpointChain(each, endpoint)}`, [`ip saddr ${endpoint.address} jump mark-for-masquerade`, ...remember, `meta l4proto ${each.protocol} dnat to ${endpoint.address}:${endpoint.port}`]))
      if (each.affinitySeconds > 0) chains.push(block(`set ${affinitySet(each, endpoint)}`, ['type ipv4_addr', 'size 65535', 'flags dynamic,timeout', `timeout ${each.affinitySeconds}s`]))
    }
  }
  const map = (name: string, type: string, about: string, elements: readonly string[]): string => block(`map ${name}`, [`type ${type} : verdict`, `comment "${about}"`, ...(elements.length > 0 ? [`elements = { ${elements.join(',\n\t\t\t     ')} }`] : [])])
  return `table ip kube-proxy {\n\tcomment "rules for kube-proxy"\n\n${[
    map('service-ips', 'ipv4_addr . inet_proto . inet_service', 'ClusterIP, ExternalIP and LoadBalancer IP traffic', serviceIps),
    map('service-nodeports', 'inet_proto . inet_service', 'NodePort traffic', nodePorts),
    map('no-endpoint-services', 'ipv4_addr . inet_proto . inet_service', 'vmap to drop or reject packets to services with no endpoints', refused),
    map('no-endpoint-nodeports', 'inet_proto . inet_service', 'vmap to drop or reject packets to service nodeports with no endpoints', refusedPorts),
    block('chain filter-prerouting', ['type filter hook prerouting priority dstnat - 10; policy accept;', 'ct state new jump service-endpoints-check']),
    block('chain filter-output', ['type filter hook output priority dstnat - 10; policy accept;', 'ct state new jump service-endpoints-check']),
    block('chain nat-prerouting', ['type nat hook prerouting priority dstnat; policy accept;', 'jump services']),
    block('chain nat-output', ['type nat hook output priority dstnat; policy accept;', 'jump services']),
    block('chain nat-postrouting', ['type nat hook postrouting priority srcnat; policy accept;', 'jump masquerading']),
    block('chain services', ['ip daddr . meta l4proto . th dport vmap @service-ips', 'fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports']),
    block('chain service-endpoints-check', ['ip daddr . meta l4proto . th dport vmap @no-endpoint-services', 'fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @no-endpoint-nodeports']),
    block('chain masquerading', ['meta mark & 0x00004000 == 0x00000000 return', 'meta mark set meta mark ^ 0x00004000', 'masquerade fully-random']),
    block('chain mark-for-masquerade', ['meta mark set meta mark | 0x00004000']),
    block('chain reject-chain', ['reject']),
    ...chains,
  ].join('\n')}}\n`
}

function choice(each: ServicePortRules, endpoints: readonly ProxyEndpoint[]): string[] {
  const sticky = each.affinitySeconds > 0 ? endpoints.map((endpoint) => `ip saddr @${affinitySet(each, endpoint)} goto ${endpointChain(each, endpoint)}`) : []
  return [...sticky, `numgen random mod ${endpoints.length} vmap { ${endpoints.map((endpoint, index) => `${index} : goto ${endpointChain(each, endpoint)}`).join(', ')} }`]
}

function block(head: string, lines: readonly string[]): string {
  return `\t${head} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`
}

/** `ULMVA6XW-default/web/tcp/http`: hash, namespace, name, protocol, port's name. */
function nameOf({ name, protocol }: ServicePortRules): string {
  const [service = '', port = ''] = name.split(':')
  return `${chainHash(`${name}${protocol}`, 8)}-${service}/${protocol}/${port}`
}

function endpointChain(rules: ServicePortRules, { address, port }: ProxyEndpoint): string {
  return `endpoint-${chainHash(`${rules.name}${rules.protocol}${address}:${port}`, 8)}-${nameOf(rules).slice(9)}__${address}/${port}`
}

function affinitySet(rules: ServicePortRules, { address, port }: ProxyEndpoint): string {
  return `affinity-${chainHash(`${rules.name}${rules.protocol}${address}:${port}`, 8)}-${nameOf(rules).slice(9)}__${address}/${port}`
}
