import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runOurs, runReal } from './tools.ts'

/** `top` against a metrics API that always measures the same. */
const node = (name: string, cpu: string, memory: string): object => ({ metadata: { name, creationTimestamp: null }, timestamp: '2026-01-01T00:00:00Z', window: '10s', usage: { cpu, memory } })
const pod = (namespace: string, name: string, ...containers: (readonly [string, string, string])[]): object => ({
  metadata: { namespace, name },
  timestamp: '2026-01-01T00:00:00Z',
  window: '10s',
  containers: containers.map(([container, cpu, memory]) => ({ name: container, usage: { cpu, memory } })),
})
const nodes = [node('w1', '123456789n', '512Mi'), node('w2', '1500m', '1Gi'), node('a0', '0', '100Ki')]
const pods = [pod('default', 'p2', ['x', '10m', '10Mi'], ['y', '1n', '1Mi']), pod('default', 'p1', ['a', '250m', '300Mi']), pod('other', 'z', ['a', '1', '3Gi'])]
const machines = ['w1', 'w2', 'a0', 'lost'].map((name) => ({ metadata: { name }, status: { capacity: { cpu: '4', memory: '8Gi' }, allocatable: { cpu: '3800m', memory: '7Gi' } } }))
const api = 'metrics.k8s.io/v1beta1'
const list = (kind: string, apiVersion: string, items: readonly object[]): object => ({ kind, apiVersion, metadata: {}, items })
const version = { groupVersion: api, version: 'v1beta1' }

const answers: Readonly<Record<string, object>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [{ name: 'metrics.k8s.io', versions: [version], preferredVersion: version }] },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'v1', resources: [] },
  [`/apis/${api}`]: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: api, resources: [] },
  [`/apis/${api}/nodes`]: list('NodeMetricsList', api, nodes),
  [`/apis/${api}/nodes/w1`]: { ...nodes[0], kind: 'NodeMetrics', apiVersion: api },
  [`/apis/${api}/pods`]: list('PodMetricsList', api, pods),
  [`/apis/${api}/namespaces/default/pods`]: list('PodMetricsList', api, pods.slice(0, 2)),
  [`/apis/${api}/namespaces/default/pods/p1`]: { ...pods[1], kind: 'PodMetrics', apiVersion: api },
  [`/apis/${api}/namespaces/none/pods`]: list('PodMetricsList', api, []),
  [`/apis/${api}/namespaces/young/pods`]: list('PodMetricsList', api, []),
  '/api/v1/nodes': list('NodeList', 'v1', machines),
  '/api/v1/nodes/w1': { ...machines[0], kind: 'Node', apiVersion: 'v1' },
  '/api/v1/namespaces/none/pods': list('PodList', 'v1', []),
  '/api/v1/namespaces/young/pods': list('PodList', 'v1', [{ metadata: { name: 'y', namespace: 'young', creationTimestamp: '2026-01-01T00:00:00Z' } }]),
}

let server: Server
let address = ''
beforeAll(async () => {
  server = createServer((request, response) => {
    const found = answers[request.url!.split('?')[0]!]
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'the server could not find the requested resource', reason: 'NotFound', details: {}, code: 404 }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())

it.each([
  'top nodes', 'top node w1', 'top nodes --sort-by=cpu', 'top nodes --sort-by=memory --no-headers', 'top nodes --show-capacity', 'top nodes --sort-by=x', 'top node nope', 'top node w1 w2', 'top node w1 -l a=b',
  'top pods', 'top pods -A', 'top pods --containers', 'top pods -A --containers --sort-by=cpu', 'top pods --sum', 'top pods -A --sum --containers', 'top pods --sort-by=memory', 'top pod p1', 'top pod p1 p2', 'top pod nope', 'top pods -n none', 'top pods -n young', 'top pods --sum --no-headers',
])('%s', async (line) => {
  const invocation = { argv: [`--server=${address}`, ...line.split(' ')], kubeconfig: '/dev/null', folder: tmpdir() }
  const [real, ours] = (await Promise.all([runReal(invocation), runOurs(invocation)])).map((outcome) => ({ ...outcome, err: outcome.err.replace(/age: .*/, 'age: AGE') }))
  expect(ours).toEqual(real)
})
