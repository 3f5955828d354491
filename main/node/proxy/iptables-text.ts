import { fnv32a } from '../../api/machinery/hash.ts'
import type { ProxyEndpoint, ServicePortRules } from './service-rules.ts'

/** The rules as `iptables-save -t nat` would print them, from the same model that the simulated packets meet. Chain names have
 *  upstream's shape; their hashes are our own. */
export function iptablesText(rules: readonly ServicePortRules[], podCidr: string): string {
  const chains = ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'].map((name) => `:${name} ACCEPT [0:0]`)
  const own = ['KUBE-EXTERNAL-SERVICES', 'KUBE-MARK-MASQ', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-SERVICES']
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
  for (const each of [...rules].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))) {
    const svc = chain('SVC', each, '')
    const match = `-p ${each.protocol} -m ${each.protocol} --dport ${each.port}`
    if (!each.anyEndpoints) continue
    own.push(svc)
    for (const address of each.clusterIps) {
      services.push(`-A KUBE-SERVICES -d ${address}/32 ${match.replace(' -m ', ` -m comment --comment "${each.name} cluster IP" -m `)} -j ${svc}`)
      lines.push(`-A ${svc} ! -s ${podCidr} -d ${address}/32 ${match.replace(' -m ', ` -m comment --comment "${each.name} cluster IP" -m `)} -j KUBE-MARK-MASQ`)
    }
    lines.push(...jumps(svc, each, each.clusterEndpoints))
    const outside = each.nodePort !== 0 || each.externalIps.length > 0 || each.loadBalancerIps.length > 0
    if (outside) {
      const ext = chain('EXT', each, '')
      own.push(ext)
      for (const address of [...each.externalIps, ...each.loadBalancerIps]) {
        const kind = each.externalIps.includes(address) ? 'external IP' : 'loadbalancer IP'
        services.push(`-A KUBE-SERVICES -d ${address}/32 ${match.replace(' -m ', ` -m comment --comment "${each.name} ${kind}" -m `)} -j ${ext}`)
      }
      if (each.nodePort !== 0) nodePorts.push(`-A KUBE-NODEPORTS -p ${each.protocol} -m comment --comment "${each.name}" -m ${each.protocol} --dport ${each.nodePort} -j ${ext}`)
      if (each.masqueradeExternal) lines.push(`-A ${ext} -m comment --comment "masquerade traffic for ${each.name} external destinations" -j KUBE-MARK-MASQ`, `-A ${ext} -j ${svc}`)
      else lines.push(...jumps(ext, each, each.externalEndpoints))
    }
    for (const endpoint of new Map([...each.clusterEndpoints, ...each.externalEndpoints].map((one) => [`${one.address}:${one.port}`, one])).values()) {
      const sep = chain('SEP', each, `${endpoint.address}:${endpoint.port}`)
      own.push(sep)
      lines.push(`-A ${sep} -s ${endpoint.address}/32 -m comment --comment "${each.name}" -j KUBE-MARK-MASQ`)
      lines.push(`-A ${sep} -p ${each.protocol} -m comment --comment "${each.name}" -m ${each.protocol} -j DNAT --to-destination ${endpoint.address}:${endpoint.port}`)
    }
  }
  services.push('-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS')
  return `*nat\n${[...chains, ...own.sort().map((name) => `:${name} - [0:0]`), ...lines, ...nodePorts, ...services].join('\n')}\nCOMMIT\n`
}

/** One jump per endpoint, each taken with the probability that makes them equal. */
function jumps(from: string, rules: ServicePortRules, endpoints: readonly ProxyEndpoint[]): string[] {
  return endpoints.map((endpoint, index) => {
    const left = endpoints.length - index
    const chance = left > 1 ? ` -m statistic --mode random --probability ${(1 / left).toFixed(11)}` : ''
    return `-A ${from} -m comment --comment "${rules.name} -> ${endpoint.address}:${endpoint.port}"${chance} -j ${chain('SEP', rules, `${endpoint.address}:${endpoint.port}`)}`
  })
}

function chain(kind: 'SVC' | 'EXT' | 'SEP', rules: ServicePortRules, endpoint: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let text = ''
  for (let salt = 0; text.length < 16; salt++) {
    let hash = fnv32a(`${salt}${rules.name}${rules.protocol}${endpoint}`)
    for (let index = 0; index < 6; index++, hash = Math.floor(hash / 32)) text += alphabet[hash % 32]
  }
  return `KUBE-${kind}-${text.slice(0, 16)}`
}
