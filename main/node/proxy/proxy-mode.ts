/** How kube-proxy has the node forward Services' traffic. */
export type ProxyMode = 'iptables' | 'ipvs' | 'nftables'

/** The mode that a KubeProxyConfiguration asks for; iptables where it leaves the choice. Undefined: no such mode. */
export function proxyModeOf(configuration: string): ProxyMode | undefined {
  const mode = /^mode:\s*["']?(\w*)["']?\s*(?:#.*)?$/m.exec(configuration)?.[1] ?? ''
  return mode === '' ? 'iptables' : mode === 'iptables' || mode === 'ipvs' || mode === 'nftables' ? mode : undefined
}
