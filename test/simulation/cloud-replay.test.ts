import { expect, test } from 'vitest'
import type { Deployment, Service } from '../../main/api/generated/types.ts'
import { standardSpec, withCloud } from '../../main/cluster/spec.ts'
import { replayRun } from '../../main/cluster/replay.ts'
import { trafficLabel, type TrafficInput } from '../../main/cluster/outside-traffic.ts'
import type { RecordedInput } from '../../main/kernel/input-log.ts'
import { createLab, type SimulatedLab } from './simulated-lab.ts'

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14', ports: [{ containerPort: 80 }] }] } } },
} as Deployment
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 80 }] } } as Service

function untouchedLab(): SimulatedLab {
  const lab = createLab({ spec: withCloud(standardSpec('cloud', 17)) })
  lab.cluster.machines.get('controlplane')!.process('tester')!.crash()
  lab.cluster.boot()
  return lab
}

test('a run with a load balancer asked from outside and an instance given back is lived again from its inputs', async () => {
  const live = untouchedLab()
  const { cluster } = live
  const send = (path: string, body: object): void => {
    cluster.gateway.send({ method: 'POST', path, headers: { 'user-agent': 'kubectl/v1.36.1', 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify(body)) }, { onHead: () => {}, onData: () => {}, onEnd: () => {} })
  }
  let heard = ''
  const put = (input: TrafficInput): void => cluster.gateway.enter(trafficLabel, input, () => cluster.traffic.apply(input, { onData: (bytes) => void (heard += new TextDecoder().decode(bytes)), onEnd: () => {} }))
  await cluster.kernel.runFor(20_000)
  send('/apis/apps/v1/namespaces/default/deployments', deployment)
  send('/api/v1/namespaces/default/services', service)
  await cluster.kernel.runFor(20_000)
  const [balancer] = cluster.cloud!.provider.loadBalancers()
  put({ type: 'open', id: 1, to: { address: balancer!.address, port: 80 } })
  put({ type: 'data', id: 1, bytes: btoa('GET / HTTP/1.1\r\nHost: web\r\n\r\n') })
  await cluster.kernel.runFor(1_000)
  expect(heard).toContain('Welcome to nginx!')
  put({ type: 'close', id: 1 })
  cluster.fault({ type: 'terminateInstance', instance: 'worker-3' })
  await cluster.kernel.runFor(60_000)
  put({ type: 'open', id: 2, to: { address: balancer!.address, port: 81 } })
  cluster.fault({ type: 'cloudTrouble', trouble: { latencyMs: 300, errorRate: 0.5, operations: [] } })
  await cluster.kernel.runFor(20_000)
  expect(cluster.cloud!.provider.loadBalancers()[0]!.targets).toEqual(['worker-1', 'worker-2'])
  const recorded = JSON.parse(JSON.stringify(cluster.kernel.inputs.recorded)) as RecordedInput[]
  expect(recorded.map(({ label }) => label)).toEqual(['api', 'api', 'traffic', 'traffic', 'traffic', 'fault', 'traffic', 'fault'])

  const again = untouchedLab()
  replayRun(again.cluster, recorded)
  await again.cluster.kernel.runUntil(cluster.kernel.now())
  expect(again.cluster.kernel.executed).toBe(cluster.kernel.executed)
  expect(again.traceDigest()).toBe(live.traceDigest())
  expect(again.cluster.cloud!.provider.instances()).toEqual(cluster.cloud!.provider.instances())
})
