import { chainHash } from './chain-names.ts'
import type { ProxyEndpoint, ServicePortRules } from './service-rules.ts'

/** The rules as `iptables-save` would print them, from the same model that the simulated packets meet. Chains are named and rules worded as
 *  kube-proxy's iptables mode does. */
export interface IptablesTables {
  readonly filter: string
  readonly nat: string
}

/** The nat table alone. */
export function iptablesText(rules: readonly ServicePortRules[], podCidr: string): string {
  return iptablesTables(rules, podCidr).nat
}

export function iptablesTables(rules: readonly ServicePortRules[], podCidr: string): IptablesTables {
  const sorted = [...rules].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return { filter: filterTable(sorted), nat: natTable(sorted, podCidr) }
}

/** `-d ADDRESS/32 -p tcp -m comment --comment "…" -m tcp --dport 80`, as iptables orders it. */
function to(each: ServicePortRules, address: string, comment: string, port = each.port): string {
  return `${address === '' ? '' : `-d ${address}/32 `}-p ${each.protocol} -m comment --comment "${comment}" -m ${each.protocol} --dport ${port}`
}

function natTable(rules: readonly ServicePortRules[], podCidr: string): string {
  const chains = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((name) => `:${name} ACCEPT [0:0]`)
  const own = ['KUBE-KUBELET-CANARY', 'KUBE-MARK-MASQ', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-PROXY-CANARY', 'KUBE-SERVICES']
  const lines: string[] = [
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0',
    '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
  ]
  const services: string[] = []
  const nodePorts: string[] = []
  for (const each of rules) {
    if (!each.anyEndpoints) continue
    const chains = { cluster: chain('SVC', each), local: chain('SVL', each), external: chain('EXT', each), firewall: chain('FW', each) }
    const outside = each.nodePort !== 0 || each.externalIps.length > 0 || each.loadBalancerIps.length > 0
    const internal = each.internalLocal ? chains.local : chains.cluster
    const usesLocal = each.internalLocal || (outside && !each.masqueradeExternal)
    const usesCluster = !each.internalLocal || outside
    for (const address of each.clusterIps) {
      services.push(`-A KUBE-SERVICES ${to(each, address, `${each.name} cluster IP`)} -j ${internal}`)
      lines.push(`-A ${internal} ! -s ${podCidr} ${to(each, address, `${each.name} cluster IP`)} -j KUBE-MARK-MASQ`)
    }
    if (usesCluster) {
      own.push(chains.cluster)
      lines.push(...jumps(chains.cluster, each, each.allEndpoints))
    }
    if (usesLocal) {
      own.push(chains.local)
      lines.push(...jumps(chains.local, each, each.internalLocal ? each.clusterEndpoints : each.externalEndpoints))
    }
    if (outside) {
      own.push(chains.external)
      const guarded = each.loadBalancerSourceRanges.length > 0 && each.loadBalancerIps.length > 0
      for (const address of each.externalIps) services.push(`-A KUBE-SERVICES ${to(each, address, `${each.name} external IP`)} -j ${chains.external}`)
      for (const address of each.loadBalancerIps) services.push(`-A KUBE-SERVICES ${to(each, address, `${each.name} loadbalancer IP`)} -j ${guarded ? chains.firewall : chains.external}`)
      if (each.nodePort !== 0) nodePorts.push(`-A KUBE-NODEPORTS ${to(each, '', each.name, each.nodePort)} -j ${chains.external}`)
      if (each.masqueradeExternal) lines.push(`-A ${chains.external} -m comment --comment "masquerade traffic for ${each.name} external destinations" -j KUBE-MARK-MASQ`, `-A ${chains.external} -j ${chains.cluster}`)
      else {
        lines.push(`-A ${chains.external} -s ${podCidr} -m comment --comment "pod traffic for ${each.name} external destinations" -j ${chains.cluster}`)
        lines.push(`-A ${chains.external} -m comment --comment "masquerade LOCAL traffic for ${each.name} external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`)
        lines.push(`-A ${chains.external} -m comment --comment "route LOCAL traffic for ${each.name} external destinations" -m addrtype --src-type LOCAL -j ${chains.cluster}`)
        if (each.externalEndpoints.length > 0) lines.push(`-A ${chains.external} -j ${chains.local}`)
      }
      if (guarded) {
        own.push(chains.firewall)
        for (const range of each.loadBalancerSourceRanges) lines.push(`-A ${chains.firewall} -s ${range} -m comment --comment "${each.name} loadbalancer IP" -j ${chains.external}`)
        lines.push(`-A ${chains.firewall} -m comment --comment "other traffic to ${each.name} will be dropped by KUBE-PROXY-FIREWALL"`)
      }
    }
    const seen = [...(usesCluster ? each.allEndpoints : []), ...(usesLocal ? [...each.clusterEndpoints, ...each.externalEndpoints] : [])]
    for (const endpoint of new Map(seen.map((one) => [`${one.address}:${one.port}`, one])).values()) {
      const sep = chain('SEP', each, endpoint)
      own.push(sep)
      lines.push(`-A ${sep} -s ${endpoint.address}/32 -m comment --comment "${each.name}" -j KUBE-MARK-MASQ`)
      const remember = each.affinitySeconds > 0 ? ` -m recent --set --name ${sep} --mask 255.255.255.255 --rsource` : ''
      lines.push(`-A ${sep} -p ${each.protocol} -m comment --comment "${each.name}"${remember} -m ${each.protocol} -j DNAT --to-destination ${endpoint.address}:${endpoint.port}`)
    }
  }
  services.push('-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS')
  return `*nat\n${[...chains, ...own.sort().map((name) => `:${name} - [0:0]`), ...lines, ...nodePorts, ...services].join('\n')}\nCOMMIT\n`
}

/** What is refused for want of endpoints, and what falls through a load balancer's source ranges or a Local policy. */
function filterTable(rules: readonly ServicePortRules[]): string {
  const fresh = '-m conntrack --ctstate NEW -m comment --comment'
  const lines = [
    `-A INPUT ${fresh} "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
    '-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS',
    `-A INPUT ${fresh} "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`,
    '-A INPUT -j KUBE-FIREWALL',
    `-A FORWARD ${fresh} "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
    '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
    `-A FORWARD ${fresh} "kubernetes service portals" -j KUBE-SERVICES`,
    `-A FORWARD ${fresh} "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES`,
    `-A OUTPUT ${fresh} "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL`,
    `-A OUTPUT ${fresh} "kubernetes service portals" -j KUBE-SERVICES`,
    '-A OUTPUT -j KUBE-FIREWALL',
    '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts -j DROP',
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  ]
  const refuse = '-j REJECT --reject-with icmp-port-unreachable'
  for (const each of rules) {
    if (each.healthCheckNodePort !== 0) lines.push(`-A KUBE-NODEPORTS -p tcp -m comment --comment "${each.name} health check node port" -m tcp --dport ${each.healthCheckNodePort} -j ACCEPT`)
    const internalEmpty = each.clusterEndpoints.length === 0
    if (internalEmpty) for (const address of each.clusterIps) lines.push(`-A KUBE-SERVICES ${to(each, address, `${each.name} has no ${each.anyEndpoints ? 'local ' : ''}endpoints`)} ${each.anyEndpoints ? '-j DROP' : refuse}`)
    if (each.externalEndpoints.length === 0) {
      const action = each.anyEndpoints ? '-j DROP' : refuse
      const why = `${each.name} has no ${each.anyEndpoints ? 'local ' : ''}endpoints`
      for (const address of [...each.externalIps, ...each.loadBalancerIps]) lines.push(`-A KUBE-EXTERNAL-SERVICES ${to(each, address, why)} ${action}`)
      if (each.nodePort !== 0) lines.push(`-A KUBE-EXTERNAL-SERVICES -p ${each.protocol} -m comment --comment "${why}" -m addrtype --dst-type LOCAL -m ${each.protocol} --dport ${each.nodePort} ${action}`)
    }
    if (each.anyEndpoints && each.loadBalancerSourceRanges.length > 0) for (const address of each.loadBalancerIps) lines.push(`-A KUBE-PROXY-FIREWALL ${to(each, address, `${each.name} traffic not accepted by ${chain('FW', each)}`)} -j DROP`)
  }
  const own = ['KUBE-EXTERNAL-SERVICES', 'KUBE-FIREWALL', 'KUBE-FORWARD', 'KUBE-KUBELET-CANARY', 'KUBE-NODEPORTS', 'KUBE-PROXY-CANARY', 'KUBE-PROXY-FIREWALL', 'KUBE-SERVICES']
  return `*filter\n${[...['INPUT', 'FORWARD', 'OUTPUT'].map((name) => `:${name} ACCEPT [0:0]`), ...own.map((name) => `:${name} - [0:0]`), ...lines].join('\n')}\nCOMMIT\n`
}

/** One jump per endpoint, each taken with the probability that makes them equal; before them those that a client came to lately. */
function jumps(from: string, rules: ServicePortRules, endpoints: readonly ProxyEndpoint[]): string[] {
  const comment = (endpoint: ProxyEndpoint): string => `-A ${from} -m comment --comment "${rules.name} -> ${endpoint.address}:${endpoint.port}"`
  const sticky = rules.affinitySeconds === 0 ? [] : endpoints.map((endpoint) => `${comment(endpoint)} -m recent --rcheck --seconds ${rules.affinitySeconds} --reap --name ${chain('SEP', rules, endpoint)} --mask 255.255.255.255 --rsource -j ${chain('SEP', rules, endpoint)}`)
  return [
    ...sticky,
    ...endpoints.map((endpoint, index) => {
      const left = endpoints.length - index
      return `${comment(endpoint)}${left > 1 ? ` -m statistic --mode random --probability ${(1 / left).toFixed(11)}` : ''} -j ${chain('SEP', rules, endpoint)}`
    }),
  ]
}

function chain(kind: 'SVC' | 'SVL' | 'EXT' | 'FW' | 'SEP', rules: ServicePortRules, endpoint?: ProxyEndpoint): string {
  return `KUBE-${kind}-${chainHash(`${rules.name}${rules.protocol}${endpoint ? `${endpoint.address}:${endpoint.port}` : ''}`, 16)}`
}
