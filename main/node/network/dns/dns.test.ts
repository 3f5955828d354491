import { describe, expect, test } from 'vitest'
import { endpointSliceKind } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { KubeProxy } from '../../proxy/kube-proxy.ts'
import { ClusterBench } from '../testing/cluster-bench.ts'
import { candidateNames, queryDns, resolve } from './client.ts'
import { serveClusterDns } from './server.ts'

const dnsIp = '10.96.0.10'

async function bench(): Promise<ClusterBench> {
  const b = new ClusterBench()
  await b.pod('coredns', 1)
  await b.pod('client', 0)
  await b.pod('a', 0)
  await b.pod('b', 1)
  b.workers.forEach((worker, index) => {
    worker.start('kube-proxy', (process) => {
      void new KubeProxy(process, b.api, `worker-${index + 1}`)
      return {}
    })
  })
  b.workers[1]!.start(
    'coredns',
    (process) => {
      serveClusterDns(process, { client: b.api, clusterDomain: 'cluster.local' })
      return {}
    },
    { stack: b.pods.get('coredns')!.stack },
  )
  b.service('kube-dns', { clusterIP: dnsIp, ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }] }, 'kube-system')
  b.api.seed(endpointSliceKind, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kube-dns-x', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } },
    addressType: 'IPv4',
    ports: [{ name: 'dns', port: 53, protocol: 'UDP' }],
    endpoints: [{ addresses: [b.pods.get('coredns')!.address], conditions: { ready: true } }],
  })
  b.service('web', { clusterIP: '10.96.5.5', ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80 }] })
  b.slice('web', ['a'], { port: 'http' })
  b.service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432, protocol: 'TCP', targetPort: 80 }] })
  b.slice('db', ['a', 'b'], { port: 'sql', hostnames: true })
  b.service('outside', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' })
  await b.kernel.runFor(3_000)
  return b
}

describe('cluster DNS', () => {
  test.each([
    ['web.default.svc.cluster.local', 'A', 'NOERROR', ['A 10.96.5.5']],
    ['WEB.default.svc.cluster.local.', 'A', 'NOERROR', ['A 10.96.5.5']],
    ['web.default.svc.cluster.local', 'AAAA', 'NOERROR', []],
    ['_http._tcp.web.default.svc.cluster.local', 'SRV', 'NOERROR', ['SRV 0 100 80 web.default.svc.cluster.local']],
    ['_other._tcp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN', []],
    ['db.default.svc.cluster.local', 'A', 'NOERROR', ['A 10.244.1.3', 'A 10.244.2.3']],
    ['a.db.default.svc.cluster.local', 'A', 'NOERROR', ['A 10.244.1.3']],
    ['c.db.default.svc.cluster.local', 'A', 'NXDOMAIN', []],
    ['_sql._tcp.db.default.svc.cluster.local', 'SRV', 'NOERROR', ['SRV 0 50 80 a.db.default.svc.cluster.local', 'SRV 0 50 80 b.db.default.svc.cluster.local']],
    ['outside.default.svc.cluster.local', 'A', 'NOERROR', ['A 10.96.5.5', 'CNAME web.default.svc.cluster.local']],
    ['none.default.svc.cluster.local', 'A', 'NXDOMAIN', []],
    ['default.svc.cluster.local', 'A', 'NOERROR', []],
    ['nowhere.svc.cluster.local', 'A', 'NXDOMAIN', []],
    ['10-244-1-3.default.pod.cluster.local', 'A', 'NOERROR', ['A 10.244.1.3']],
    ['x.default.pod.cluster.local', 'A', 'NXDOMAIN', []],
    ['5.5.96.10.in-addr.arpa', 'PTR', 'NOERROR', ['PTR web.default.svc.cluster.local']],
    ['3.1.244.10.in-addr.arpa', 'PTR', 'NOERROR', ['PTR 10-244-1-3.web.default.svc.cluster.local', 'PTR a.db.default.svc.cluster.local']],
    ['dns-version.cluster.local', 'TXT', 'NOERROR', ['TXT "1.1.0"']],
    ['example.com', 'A', 'NXDOMAIN', []],
  ])('%s %s: %s', async (name, type, status, answers) => {
    const b = await bench()
    const reply = await b.kernel.settle(queryDns(b.pods.get('client')!.stack, dnsIp, { name, type }))
    expect(reply.status).toBe(status)
    expect(reply.answers.map((record) => `${record.type} ${record.data}`).sort()).toEqual(answers)
  })

  test('short names are found by the search list', async () => {
    const b = await bench()
    const config = { servers: [dnsIp], searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'], options: ['ndots:5'] }
    expect(await b.kernel.settle(resolve(b.pods.get('client')!.stack, config, 'web'))).toEqual(['10.96.5.5'])
    expect(await b.kernel.settle(resolve(b.pods.get('client')!.stack, config, 'outside'))).toEqual(['10.96.5.5'])
    expect(await b.kernel.settle(resolve(b.pods.get('client')!.stack, config, 'missing'))).toEqual([])
    expect(candidateNames('a.b', config)).toEqual(['a.b.default.svc.cluster.local', 'a.b.svc.cluster.local', 'a.b.cluster.local', 'a.b'])
    expect(candidateNames('a.b.', config)).toEqual(['a.b'])
  })
})
