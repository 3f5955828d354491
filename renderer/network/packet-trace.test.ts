import { afterEach, expect, it } from 'vitest'
import type { ApiObject } from '../api/object.ts'
import { useNavigation } from '../app/navigation.ts'
import { settle, show, withLab } from '../testing/mount.ts'
import Network from './Network.vue'
import { outcomeSentence, packetCommand, packetSources, stepMark } from './packet-question.ts'

afterEach(() => (document.body.innerHTML = ''))

const pod = (namespace: string, name: string, spec: object, status: object): ApiObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec, status })
const running = { phase: 'Running', podIP: '10.244.1.2' }

it('offers running pods before nodes, and sends for a pod of the host network from its node', () => {
  const node: ApiObject = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker-1' } }
  const sources = packetSources([node], [pod('kube-system', 'proxy', { nodeName: 'worker-1', hostNetwork: true }, running), pod('default', 'web', { nodeName: 'worker-1' }, running), pod('default', 'new', {}, { phase: 'Pending' })])
  expect(sources).toEqual([
    { label: 'default/web', machine: 'worker-1', pod: 'default/web' },
    { label: 'kube-system/proxy', machine: 'worker-1' },
    { label: 'worker-1', machine: 'worker-1' },
  ])
})

it('says how it ends and what stopped it', () => {
  const policy = { part: 'policy', machine: 'worker-1', text: 'dropped: ingress of default/web is isolated by closed, and no rule allows it' } as const
  expect(outcomeSentence({ outcome: 'timeout', steps: [policy] })).toBe('Nobody answers and it times out: a NetworkPolicy does not allow it.')
  expect(outcomeSentence({ outcome: 'refused', steps: [{ part: 'rule', machine: 'w', text: 'rejected: it has no endpoints' }] })).toBe('It is refused at once: the service’s rules turn it away.')
  expect(outcomeSentence({ outcome: 'refused', steps: [] })).toContain('nothing listens there')
  expect([stepMark('policy', policy.text), stepMark('lookup', 'dns 10.96.0.10: web: NXDOMAIN'), stepMark('reply', '')]).toEqual(['failed', 'unknown', 'completed'])
  expect(packetCommand({ machine: 'worker-1', pod: 'default/web', name: 'dns', port: 53, protocol: 'udp' })).toBe('ssh worker-1 packet-trace -u --from default/web dns 53')
})

it('takes a service over from the table, follows a packet to it and lists the hops', async () => {
  const lab = withLab()
  const network = show(Network)
  await settle()
  const button = (text: string) => network.findAll('button').find((each) => each.text() === text)!
  await button('Trace a packet').trigger('click')
  await settle()
  expect(useNavigation().place.path[0]).toBe('trace')
  const [from, to, port] = network.findAll('form input')
  expect((from!.element as HTMLInputElement).value).not.toBe('')
  expect((to!.element as HTMLInputElement).value).toMatch(/^[\w-]+\.[\w-]+$/)
  await from!.setValue('nobody')
  expect(network.find('form button').attributes('disabled')).toBeDefined()
  expect(network.text()).toContain('No such pod or node')
  await from!.setValue('worker-1')
  await port!.setValue('80')
  await network.find('form').trigger('submit')
  await settle()
  expect(lab.asked.filter((asked) => asked.startsWith('packet '))).toEqual([expect.stringMatching(/^packet tcp worker-1 .*:80$/)])
  expect(network.find('.outcome').text()).toBe('It arrives, and the reply comes back.')
  expect(network.findAll('[aria-label=Hops] li .part').map((part) => part.text())).toEqual(['Name lookup', 'Sent', 'Rule', 'Backend', 'Crosses', 'Received', 'Reply'])
  expect(network.text()).toContain('ssh worker-1 packet-trace ')
  network.unmount()
})
