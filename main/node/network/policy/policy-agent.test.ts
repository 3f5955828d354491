import { describe, expect, test } from 'vitest'
import type { NetworkPolicy, Pod } from '../../../api/generated/types.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { networkPolicyKind } from '../../../api/kinds/networking/network-policy.ts'
import type { Protocol } from '../../../kernel/network.ts'
import { KubeProxy } from '../../proxy/kube-proxy.ts'
import { ClusterBench } from '../testing/cluster-bench.ts'
import { PolicyAgent } from './policy-agent.ts'

type Spec = NonNullable<NetworkPolicy['spec']>

const pods: Record<string, { worker: number; namespace?: string; labels?: Record<string, string>; ports?: object[] }> = {
  web: { worker: 0, labels: { app: 'web' }, ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }] },
  api: { worker: 1, labels: { app: 'api', role: 'back' } },
  db: { worker: 1, labels: { app: 'db', role: 'back' } },
  friend: { worker: 0, namespace: 'other', labels: { app: 'api' } },
  stranger: { worker: 1, namespace: 'third', labels: { app: 'stranger' } },
}

async function bench(): Promise<ClusterBench> {
  const b = new ClusterBench()
  for (const [name, team] of [['other', 'friends'], ['third', 'strangers']] as const) b.api.seed(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team, 'kubernetes.io/metadata.name': name } } })
  for (const [name, { worker, ...more }] of Object.entries(pods)) await b.pod(name, worker, more)
  b.workers.forEach((worker, index) => {
    worker.start('policies', (process) => {
      void new PolicyAgent(process, b.api, b.podNetworks[index]!)
      return {}
    })
  })
  for (const { stack } of b.pods.values()) for (const port of [80, 81, 5000, 5001]) for (const protocol of ['tcp', 'udp'] as const) if (port !== 80 || protocol === 'udp') stack.listen(port, () => {}, protocol)
  await b.kernel.runFor(1_000)
  return b
}

const policy = (name: string, spec: Spec, namespace = 'default'): NetworkPolicy => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec: { policyTypes: spec.egress ? (spec.ingress ? ['Ingress', 'Egress'] : ['Egress']) : ['Ingress'], ...spec } })

async function reaches(b: ClusterBench, from: string, to: string, port = 80, protocol: Protocol = 'tcp'): Promise<boolean> {
  const source = from === 'node' ? b.workers[0]!.stack : from === 'other-node' ? b.workers[1]!.stack : from === 'outside' ? b.outside.stack : b.pods.get(from)!.stack
  const address = to === 'outside' ? b.outside.stack.address : (b.pods.get(to)?.address ?? to)
  try {
    ;(await b.kernel.settle(source.dial({ address, port }, protocol))).close()
    return true
  } catch (error) {
    if ((error as Error).message.endsWith('i/o timeout')) return false
    if ((error as Error).message.endsWith('refused')) return true
    throw error
  }
}

/** The recipes that people copy, and who reaches whom then: `from>to`, `from>to:port`, `from>to:port/udp`. */
const recipes: Record<string, { policies: NetworkPolicy[]; allowed: string[]; dropped: string[] }> = {
  'nothing selected: everything is open': { policies: [policy('p', { podSelector: { matchLabels: { app: 'nobody' } } })], allowed: ['api>web', 'stranger>db', 'outside>web', 'web>outside'], dropped: [] },
  'deny all traffic to an application': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [] })], allowed: ['web>api', 'api>db', 'node>web', 'web>web'], dropped: ['api>web', 'friend>web', 'other-node>web', 'outside>web', 'api>web:5000/udp'] },
  'limit traffic to an application': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }] })], allowed: ['api>web', 'api>web:81'], dropped: ['db>web', 'friend>web', 'stranger>web'] },
  'allow all traffic to an application': { policies: [policy('deny', { podSelector: {} }), policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{}] })], allowed: ['api>web', 'stranger>web', 'outside>web'], dropped: ['web>api', 'stranger>db'] },
  'deny all non-whitelisted traffic to a namespace': { policies: [policy('p', { podSelector: {} })], allowed: ['web>friend', 'web>outside'], dropped: ['api>web', 'stranger>api', 'web>db'] },
  'deny all traffic from other namespaces': { policies: [policy('p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] })], allowed: ['api>web', 'web>db'], dropped: ['friend>web', 'stranger>api', 'outside>web'] },
  'allow traffic from all namespaces': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ namespaceSelector: {} }] }] })], allowed: ['api>web', 'friend>web', 'stranger>web'], dropped: ['outside>web'] },
  'allow traffic from a namespace': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'friends' } } }] }] })], allowed: ['friend>web'], dropped: ['api>web', 'stranger>web'] },
  'allow traffic from some pods in another namespace': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'friends' } }, podSelector: { matchLabels: { app: 'api' } } }] }] })], allowed: ['friend>web'], dropped: ['api>web', 'stranger>web'] },
  'two peers are either, not both': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'strangers' } } }, { podSelector: { matchLabels: { app: 'api' } } }] }] })], allowed: ['api>web', 'stranger>web'], dropped: ['friend>web', 'db>web'] },
  'allow traffic from external clients': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ ipBlock: { cidr: '192.168.64.0/24', except: ['192.168.64.12/32'] } }] }] })], allowed: ['outside>web', 'node>web'], dropped: ['other-node>web', 'api>web'] },
  'allow traffic only to a port': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ ports: [{ port: 5000, protocol: 'TCP' }] }] })], allowed: ['api>web:5000', 'outside>web:5000'], dropped: ['api>web', 'api>web:5001', 'api>web:5000/udp'] },
  'a range of ports': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ ports: [{ port: 5000, endPort: 5001, protocol: 'UDP' }] }] })], allowed: ['api>web:5000/udp', 'api>web:5001/udp'], dropped: ['api>web:81/udp', 'api>web:5000'] },
  'a port by name': { policies: [policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 'http', protocol: 'TCP' }] }] })], allowed: ['api>web'], dropped: ['api>web:81', 'web>api'] },
  'several selecting policies add up': { policies: [policy('one', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }] }), policy('two', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }] })], allowed: ['api>web', 'db>web'], dropped: ['friend>web'] },
  'a selector by expressions': { policies: [policy('p', { podSelector: { matchExpressions: [{ key: 'role', operator: 'In', values: ['back'] }] }, ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'role', operator: 'Exists' }] } }] }] })], allowed: ['api>db', 'db>api', 'api>web'], dropped: ['web>db', 'web>api'] },
  'deny egress from an application': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, egress: [] })], allowed: ['api>web', 'api>db', 'web>web'], dropped: ['web>api', 'web>outside', 'web>friend', 'web>db:5000/udp'] },
  'egress to a namespace and DNS only': { policies: [policy('p', { podSelector: { matchLabels: { app: 'web' } }, egress: [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }] }, { ports: [{ port: 81, protocol: 'UDP' }] }] })], allowed: ['web>friend', 'web>api:81/udp'], dropped: ['web>api', 'web>stranger', 'web>api:81'] },
  'deny external egress traffic': { policies: [policy('p', { podSelector: {}, egress: [{ to: [{ namespaceSelector: {} }] }] })], allowed: ['web>api', 'web>stranger'], dropped: ['web>outside'] },
  'both sides have to agree': { policies: [policy('out', { podSelector: { matchLabels: { app: 'web' } }, egress: [{ to: [{ podSelector: { matchLabels: { role: 'back' } } }] }] }), policy('in', { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }] })], allowed: ['web>api', 'api>db'], dropped: ['web>db'] },
}

describe('NetworkPolicies', () => {
  for (const [what, { policies, allowed, dropped }] of Object.entries(recipes)) {
    test(what, async () => {
      const b = await bench()
      for (const each of policies) b.api.seed(networkPolicyKind, each)
      await b.kernel.runFor(1_000)
      const outcome: Record<string, boolean> = {}
      for (const path of [...allowed, ...dropped]) {
        const [, from, to, port, protocol] = /^([\w-]+)>([\w-]+?)(?::(\d+)(?:\/(\w+))?)?$/.exec(path)!
        outcome[path] = await reaches(b, from!, to!, Number(port ?? 80), (protocol ?? 'tcp') as Protocol)
      }
      expect(outcome).toEqual(Object.fromEntries([...allowed.map((path) => [path, true]), ...dropped.map((path) => [path, false])]))
    })
  }

  test('follow labels of pods and namespaces, and their own changes, and end with their deletion', async () => {
    const b = await bench()
    b.api.seed(networkPolicyKind, policy('p', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'friends' } } }] }] }))
    await b.kernel.runFor(1_000)
    expect([await reaches(b, 'stranger', 'web'), await reaches(b, 'friend', 'web')]).toEqual([false, true])
    b.api.mutate(namespaceKind, undefined, 'third', (namespace) => {
      namespace.metadata.labels = { team: 'friends' }
    })
    await b.kernel.runFor(1_000)
    expect(await reaches(b, 'stranger', 'web')).toBe(true)
    b.api.mutate(podKind, 'default', 'web', (pod: Pod) => {
      pod.metadata.labels = { app: 'free' }
    })
    await b.kernel.runFor(1_000)
    expect(await reaches(b, 'api', 'web')).toBe(true)
    b.api.mutate(networkPolicyKind, 'default', 'p', (each) => {
      each.spec!.podSelector = {}
    })
    await b.kernel.runFor(1_000)
    expect(await reaches(b, 'api', 'web')).toBe(false)
    b.api.remove(networkPolicyKind, 'default', 'p')
    await b.kernel.runFor(1_000)
    expect(await reaches(b, 'api', 'web')).toBe(true)
  })

  test('judge behind the translation of Services, and leave open connections alone', async () => {
    const b = await bench()
    b.service('db', { clusterIP: '10.96.7.7' })
    b.slice('db', ['db'])
    b.workers[0]!.start('kube-proxy', (process) => {
      void new KubeProxy(process, b.api, 'worker-1')
      return {}
    })
    await b.kernel.runFor(2_000)
    const open = await b.kernel.settle(b.pods.get('web')!.stack.dial({ address: '10.96.7.7', port: 80 }))
    b.api.seed(networkPolicyKind, policy('p', { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }] }))
    await b.kernel.runFor(1_000)
    const startedAt = b.kernel.now()
    expect(await reaches(b, 'web', '10.96.7.7')).toBe(false)
    expect(b.kernel.now() - startedAt).toBe(10_000)
    expect(open.closed).toBe(false)
  })
})
