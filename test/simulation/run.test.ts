import { Agent, request } from 'node:https'
import { describe, expect, test } from 'vitest'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import type { Deployment, Pod } from '../../main/api/generated/types.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import type { RecordedInput } from '../../main/kernel/input-log.ts'
import { openConsole } from '../../main/cluster/console.node.ts'
import { openEdge } from '../../main/cluster/edge.node.ts'
import { openEtcdEdge } from '../../main/cluster/etcd-edge.node.ts'
import { createPki } from '../../main/control-plane/apiserver/pki.node.ts'
import { runThroughConsole } from './console-client.ts'
import { replayRun } from '../../main/cluster/replay.ts'
import { bootedLab, createLab, type SimulatedLab } from './simulated-lab.ts'

const nginx = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'nginx-deployment', namespace: 'default' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'nginx' } },
    template: { metadata: { labels: { app: 'nginx' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14', ports: [{ containerPort: 80 }] }] } },
  },
} as Deployment

async function readyPods(lab: SimulatedLab): Promise<Pod[]> {
  return (await lab.client.list(podKind, { namespace: 'default', labelSelector: 'app=nginx' })).items.filter(isPodReady)
}

async function deployed(lab: SimulatedLab): Promise<void> {
  await lab.settle(lab.client.create(deploymentKind, nginx))
  await lab.until(async () => (await readyPods(lab)).length === 3, 120_000, 'three pods Ready')
}

describe('a whole cluster', () => {
  test('becomes Ready and runs a Deployment on its workers', async () => {
    const lab = await bootedLab()
    await deployed(lab)
    const nodes = new Set((await lab.settle(readyPods(lab))).map((pod) => pod.spec!.nodeName))
    expect([...nodes].every((name) => name?.startsWith('worker-'))).toBe(true)
    expect(nodes.size).toBeGreaterThan(1)
  })

  test('the same seed gives the same trace twice, another seed another one', async () => {
    const digest = async (seed: number): Promise<string> => {
      const lab = await bootedLab({ seed })
      await deployed(lab)
      return lab.traceDigest()
    }
    const first = await digest(7)
    expect(await digest(7)).toBe(first)
    expect(await digest(8)).not.toBe(first)
  })

  test('a live run’s recorded inputs, replayed with its seed, give that run’s trace', async () => {
    const live = await withoutTester(11)
    const { cluster } = live
    const send = (method: string, path: string, body?: object): void => {
      cluster.gateway.send({ method, path, headers: { 'user-agent': 'kubectl/v1.36.1', 'content-type': 'application/json' }, ...(body ? { body: new TextEncoder().encode(JSON.stringify(body)) } : {}) }, { onHead: () => {}, onData: () => {}, onEnd: () => {} })
    }
    send('POST', '/apis/apps/v1/namespaces/default/deployments', nginx)
    await cluster.kernel.runFor(7_000)
    send('PATCH', '/nowhere')
    send('DELETE', '/apis/apps/v1/namespaces/default/deployments/nginx-deployment')
    await cluster.kernel.runFor(500)
    cluster.fault({ type: 'powerOff', machine: 'worker-2' })
    await cluster.kernel.runFor(20_000)
    const recorded = [...cluster.kernel.inputs.recorded]
    expect(recorded.map((input) => input.label)).toEqual(['api', 'api', 'api', 'fault'])

    const again = createLab({ seed: 11 })
    stopTester(again)
    again.cluster.boot()
    replayRun(again.cluster, recorded.map((input) => JSON.parse(JSON.stringify(input)) as RecordedInput))
    await again.cluster.kernel.runUntil(cluster.kernel.now())
    expect(again.cluster.kernel.executed).toBe(cluster.kernel.executed)
    expect(again.traceDigest()).toBe(live.traceDigest())
  })
})

describe('a run paced by the wall clock', () => {
  test('is replayed from its inputs, event for event, though they came when they came', async () => {
    const live = createLab({ seed: 21 })
    stopTester(live)
    const { cluster } = live
    const pki = await createPki({ now: Date.now() })
    const edge = await openEdge(cluster, pki, 0)
    const etcd = await openEtcdEdge(cluster, pki)
    const console = await openConsole(cluster)
    const agent = new Agent({ keepAlive: true, ca: pki.ca.certificate, cert: pki.admin.certificate, key: pki.admin.key })
    const statuses: number[] = []
    const send = (method: string, path: string, body?: object): Promise<void> =>
      new Promise((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port: edge.port, method, path, agent, headers: { 'content-type': 'application/json' } }, (response) => {
          statuses.push(response.statusCode!)
          response.resume()
          response.on('end', resolve)
        })
        sent.on('error', reject)
        sent.end(body && JSON.stringify(body))
      })
    cluster.boot()
    cluster.pacer.setSpeed(20)
    cluster.pacer.resume(cluster.kernel.now() + 15_000)
    await cluster.ready
    await send('POST', '/apis/apps/v1/namespaces/default/deployments', nginx)
    const asked = Promise.all([send('GET', '/api/v1/pods'), send('GET', '/api/v1/nodes')])
    cluster.fault({ type: 'kill', processId: 'kube-scheduler@controlplane' })
    await asked
    expect(await runThroughConsole(console, 'worker-1', ['systemctl', 'restart', 'kubelet'])).toEqual({ exit: 0, lost: false })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await send('DELETE', '/apis/apps/v1/namespaces/default/deployments/nginx-deployment')
    await new Promise((resolve) => setTimeout(resolve, 100))
    etcd.close()
    await Promise.all([edge.close(), console.close()])
    agent.destroy()
    cluster.pacer.stop()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(statuses).toEqual([201, 200, 200, 200])
    const lived = live.soFar()
    const recorded = JSON.parse(JSON.stringify(cluster.kernel.inputs.recorded)) as RecordedInput[]
    expect(recorded.map((input) => input.label)).toEqual(expect.arrayContaining(['apiserver', 'fault', 'console']))

    const again = createLab({ seed: 21 })
    stopTester(again)
    again.cluster.boot()
    replayRun(again.cluster, recorded)
    await again.cluster.kernel.runUntil(Infinity, lived.executed)
    expect(again.traceDigest()).toBe(lived.digest)
  })
})

/** A booted lab in which nothing but recorded inputs comes from outside. */
async function withoutTester(seed: number): Promise<SimulatedLab> {
  const lab = createLab({ seed })
  stopTester(lab)
  lab.cluster.boot()
  await lab.cluster.kernel.runFor(30_000)
  return lab
}

function stopTester(lab: SimulatedLab): void {
  lab.cluster.machines.get('controlplane')!.process('tester')!.crash()
}
