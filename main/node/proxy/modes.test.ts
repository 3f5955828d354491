import { describe, expect, test } from 'vitest'
import { HttpClient } from '../../kernel/http.ts'
import { ClusterBench } from '../network/testing/cluster-bench.ts'
import { chainHash } from './chain-names.ts'
import { iptablesTables } from './iptables-text.ts'
import { ipvsText } from './ipvs-text.ts'
import { KubeProxy } from './kube-proxy.ts'
import { nftText } from './nft-text.ts'
import { rulesOf } from './node-rules.ts'
import { proxyModeOf, type ProxyMode } from './proxy-mode.ts'
import type { ServicePortRules } from './service-rules.ts'

async function bench(mode: ProxyMode, spec: Parameters<ClusterBench['service']>[1], pods: readonly string[] = ['a', 'b']): Promise<{ b: ClusterBench; rules: ServicePortRules[] }> {
  const b = new ClusterBench()
  b.workers[0]!.start('kube-proxy', (process) => {
    void new KubeProxy(process, b.api, 'worker-1', undefined, mode)
    return {}
  })
  await b.pod('a', 0)
  await b.pod('b', 1)
  b.service('web', { clusterIP: '10.96.5.5', ...spec })
  b.slice('web', pods)
  await b.kernel.runFor(2_000)
  return { b, rules: [...rulesOf(b.workers[0]!.stack).rules()] }
}

const lines = (text: string, about: string): string[] => text.split('\n').filter((line) => line.includes(about)).map((line) => line.replace(/(KUBE-[A-Z]+)-[A-Z2-7]{16}/g, '$1'))

describe("kube-proxy's modes", () => {
  test('are read from its configuration', () => {
    expect(['mode: ""', 'mode: ipvs', 'kind: X\nmode: "nftables" # new\n', '', 'mode: userspace'].map(proxyModeOf)).toEqual(['iptables', 'ipvs', 'nftables', 'iptables', undefined])
  })

  test('name chains by the hash that upstream uses', () => {
    expect(chainHash('default/kubernetes:httpstcp', 16)).toBe('NPX46M4PTMTKRN6Y')
    expect(chainHash('kube-system/kube-dns:dnsudp', 16)).toBe('TCOU7JCQXEZGVUNU')
  })

  test('ipvs takes endpoints in turn and prints virtual servers', async () => {
    const { b, rules } = await bench('ipvs', { type: 'NodePort', sessionAffinity: 'None', ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30080 }] })
    const seen: string[] = []
    for (let n = 0; n < 4; n++) seen.push((await b.kernel.settle(b.workers[0]!.stack.dial({ address: '10.96.5.5', port: 80 }))).remote.address)
    expect([seen[0] === seen[2], seen[1] === seen[3], seen[0] === seen[1]]).toEqual([true, true, false])
    expect(ipvsText(rules, ['192.168.64.11']).split('\n').slice(3, 9).map((line) => line.trimEnd())).toEqual([
      'TCP  10.96.5.5:80 rr',
      '  -> 10.244.1.2:80                Masq    1      0          0',
      '  -> 10.244.2.2:80                Masq    1      0          0',
      'TCP  192.168.64.11:30080 rr',
      '  -> 10.244.1.2:80                Masq    1      0          0',
      '  -> 10.244.2.2:80                Masq    1      0          0',
    ])
  })

  test('nftables prints verdict maps and a chain for each service and endpoint', async () => {
    const { rules } = await bench('nftables', { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } })
    const text = nftText(rules, '10.244.0.0/16').replace(/(service|endpoint|affinity)-[A-Z2-7]{8}/g, '$1-HASH')
    expect(text).toContain('elements = { 10.96.5.5 . tcp . 80 : goto service-HASH-default/web/tcp/ }')
    expect(text).toContain('ip saddr @affinity-HASH-default/web/tcp/__10.244.1.2/80 goto endpoint-HASH-default/web/tcp/__10.244.1.2/80')
    expect(text).toContain('meta l4proto tcp dnat to 10.244.2.2:80')
    expect(text.split('{').length).toBe(text.split('}').length)
  })

  test('iptables prints affinity with the recent module', async () => {
    const { rules } = await bench('iptables', { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }, ['a'])
    expect(lines(iptablesTables(rules, '10.244.0.0/16').nat, 'recent')).toEqual([
      '-A KUBE-SVC -m comment --comment "default/web -> 10.244.1.2:80" -m recent --rcheck --seconds 60 --reap --name KUBE-SEP --mask 255.255.255.255 --rsource -j KUBE-SEP',
      '-A KUBE-SEP -p tcp -m comment --comment "default/web" -m recent --set --name KUBE-SEP --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.1.2:80',
    ])
  })

  test('iptables refuses what has no endpoints, and drops what has none here under a Local policy', async () => {
    const nodePort = { type: 'NodePort' as const, ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30080 }] }
    const none = await bench('iptables', nodePort, [])
    expect(lines(iptablesTables(none.rules, '10.244.0.0/16').filter, 'default/web')).toEqual([
      '-A KUBE-SERVICES -d 10.96.5.5/32 -p tcp -m comment --comment "default/web has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
      '-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/web has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j REJECT --reject-with icmp-port-unreachable',
    ])
    const elsewhere = await bench('iptables', { ...nodePort, externalTrafficPolicy: 'Local' }, ['b'])
    expect(lines(iptablesTables(elsewhere.rules, '10.244.0.0/16').filter, 'default/web')).toEqual(['-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/web has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DROP'])
    expect(lines(iptablesTables(elsewhere.rules, '10.244.0.0/16').nat, '-A KUBE-EXT')).toHaveLength(3)
  })

  test('health-check node ports say whether the node has endpoints', async () => {
    const local = { type: 'LoadBalancer' as const, externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 }
    const ask = async (pods: readonly string[]): Promise<string> => {
      const { b } = await bench('iptables', local, pods)
      const { status, body } = await b.kernel.settle(new HttpClient(b.outside.start('lb', () => ({})), { address: '192.168.64.11', port: 31_000 }).request({ method: 'GET', path: '/', headers: {} }))
      return `${status} ${(JSON.parse(new TextDecoder().decode(body as Uint8Array)) as { localEndpoints: number }).localEndpoints}`
    }
    expect([await ask(['a', 'b']), await ask(['b'])]).toEqual(['200 1', '503 0'])
  })
})
