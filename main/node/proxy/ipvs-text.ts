import type { ProxyEndpoint, ServicePortRules } from './service-rules.ts'

/** The virtual servers as `ipvsadm -L -n` prints them: one for each address and port that leads to a Service, node ports on each of
 *  `nodeAddresses`. kube-proxy's scheduler is rr. */
export function ipvsText(rules: readonly ServicePortRules[], nodeAddresses: readonly string[]): string {
  const blocks: { readonly key: string; readonly text: string }[] = []
  for (const each of rules) {
    const add = (address: string, port: number, endpoints: readonly ProxyEndpoint[]): void => {
      const persistent = each.affinitySeconds > 0 ? ` persistent ${each.affinitySeconds}` : ''
      const servers = endpoints.map((endpoint) => `  -> ${`${endpoint.address}:${endpoint.port}`.padEnd(28)} Masq    1      0          0         \n`)
      blocks.push({ key: `${each.protocol} ${address} ${String(port).padStart(5, '0')}`, text: `${each.protocol.toUpperCase()}  ${address}:${port} rr${persistent}\n${servers.join('')}` })
    }
    for (const address of each.clusterIps) add(address, each.port, each.clusterEndpoints)
    for (const address of [...each.externalIps, ...each.loadBalancerIps]) add(address, each.port, each.externalEndpoints)
    if (each.nodePort !== 0) for (const address of nodeAddresses) add(address, each.nodePort, each.externalEndpoints)
  }
  blocks.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return `IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n${blocks.map(({ text }) => text).join('')}`
}
