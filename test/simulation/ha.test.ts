import { request } from 'node:https'
import { describe, expect, test } from 'vitest'
import type { ConfigMap, Deployment, EndpointSlice, Lease, Pod } from '../../main/api/generated/types.ts'
import { restClient } from '../../main/api/client/rest-client.ts'
import { InformerSet } from '../../main/api/client/informer.ts'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { leaseKind } from '../../main/api/kinds/coordination/lease.ts'
import { configMapKind } from '../../main/api/kinds/core/config-map.ts'
import { nodeKind } from '../../main/api/kinds/core/node.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { endpointSliceKind } from '../../main/api/kinds/discovery/endpoint-slice.ts'
import { isAlreadyExists, isNotFound } from '../../main/api/machinery/status-error.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import { openEdge } from '../../main/cluster/edge.node.ts'
import { adminCertificate } from '../../main/cluster/gateway.ts'
import { replayRun } from '../../main/cluster/replay.ts'
import { haSpec } from '../../main/cluster/spec.ts'
import { createPki } from '../../main/control-plane/apiserver/pki.node.ts'
import { HttpClient } from '../../main/kernel/http.ts'
import type { RecordedInput } from '../../main/kernel/input-log.ts'
import type { Process } from '../../main/kernel/machine.ts'
import { bootedLab, createLab, type SimulatedLab } from './simulated-lab.ts'

const controlPlanes = ['controlplane', 'controlplane-2', 'controlplane-3']

const web = (replicas: number): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14', ports: [{ containerPort: 80 }] }] } },
  },
}) as Deployment

function booted(seed = 1): Promise<SimulatedLab> {
  return bootedLab({ spec: haSpec('ha', seed) })
}

/** As `lab.until`; a question that a dying server did not answer is asked again. */
function eventually(lab: SimulatedLab, condition: () => boolean | Promise<boolean>, limitMs: number, what: string): Promise<void> {
  return lab.until(async () => {
    try {
      return await condition()
    } catch {
      return false
    }
  }, limitMs, what)
}

async function readyPods(lab: SimulatedLab): Promise<Pod[]> {
  return (await lab.client.list(podKind, { namespace: 'default', labelSelector: 'app=web' })).items.filter((pod) => isPodReady(pod) && !pod.metadata.deletionTimestamp)
}

/** The machine whose process holds a lease, by the lease itself. */
async function holder(lab: SimulatedLab, name: string): Promise<string> {
  const lease = await lab.settle(lab.client.get(leaseKind, name, 'kube-system')) as Lease
  return lease.spec!.holderIdentity!.split('_')[0]!
}

/** The machines whose process says that it leads. */
function leaders(lab: SimulatedLab, component: string): string[] {
  return controlPlanes.filter((name) => (lab.cluster.machines.get(name)!.process(component)?.view('leader-election') as { isLeader: boolean } | undefined)?.isLeader)
}

async function serverAddresses(lab: SimulatedLab): Promise<string[]> {
  const slice = await lab.client.get(endpointSliceKind, 'kubernetes', 'default') as EndpointSlice
  return slice.endpoints!.map(({ addresses }) => addresses[0]!)
}

async function readyNodes(lab: SimulatedLab): Promise<string[]> {
  const { items } = await lab.client.list(nodeKind, {})
  return items.filter((node) => node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')).map((node) => node.metadata.name!)
}

/** A process on a machine, with a client of its own through the load balancer. */
function clientOn(lab: SimulatedLab, machine: string, name: string) {
  let process!: Process
  lab.cluster.machines.get(machine)!.start(name, (given) => {
    process = given
    return {}
  })
  return { process, client: restClient(new HttpClient(process, lab.cluster.server, adminCertificate), { userAgent: name }) }
}

/** Writes ConfigMaps one after the other until told to stop, again and again where the answer did not come; answers what was acknowledged. */
function writer(lab: SimulatedLab, machine: string, name: string): { readonly acknowledged: string[]; stop(): void } {
  const { process, client } = clientOn(lab, machine, name)
  const acknowledged: string[] = []
  let stopped = false
  void (async () => {
    for (let index = 0; !stopped; ) {
      const key = `${name}-${index}`
      try {
        await client.create(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: key, namespace: 'default' }, data: { index: String(index) } } as ConfigMap)
      } catch (error) {
        if (!isAlreadyExists(error)) {
          await process.clock.sleep(100)
          continue
        }
      }
      acknowledged.push(key)
      index++
      await process.clock.sleep(15)
    }
  })()
  return { acknowledged, stop: () => (stopped = true) }
}

/** What a client on a machine knows of the ConfigMaps in default by watching them, and every change that it heard of. */
function watcher(lab: SimulatedLab, machine: string, name: string): { readonly names: () => string[]; readonly added: string[] } {
  const { process, client } = clientOn(lab, machine, name)
  const informers = new InformerSet(process, client)
  const informer = informers.of(configMapKind, { namespace: 'default' })
  const added: string[] = []
  informer.onChange({ added: (object) => void added.push(object.metadata.name!) })
  informers.start()
  return { names: () => informer.list('default').map((object) => object.metadata.name!).filter((each) => each.startsWith('writer-')).sort(), added }
}

describe('three control-plane nodes', () => {
  test('become Ready with a server, a scheduler and a manager each, of which one leads', async () => {
    const lab = await booted()
    expect((await lab.settle(readyNodes(lab))).sort()).toEqual([...controlPlanes, 'worker-1', 'worker-2', 'worker-3'])
    const names = async (): Promise<string[]> => (await lab.client.list(podKind, { namespace: 'kube-system', labelSelector: 'tier=control-plane' })).items.map((pod) => pod.metadata.name!)
    await eventually(lab, async () => (await names()).length === 10, 30_000, 'ten static pods')
    expect((await lab.settle(names())).sort()).toEqual(['etcd-controlplane', ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].flatMap((name) => controlPlanes.map((machine) => `${name}-${machine}`))])
    for (const component of ['kube-scheduler', 'kube-controller-manager']) expect(leaders(lab, component)).toEqual([await holder(lab, component)])
    await eventually(lab, async () => (await serverAddresses(lab)).length === 3, 30_000, 'three servers behind the kubernetes Service')
    expect(await lab.settle(serverAddresses(lab))).toEqual(['192.168.64.10', '192.168.64.11', '192.168.64.12'])
    const identities = await lab.settle(lab.client.list(leaseKind, { namespace: 'kube-system', labelSelector: 'apiserver.kubernetes.io/identity=kube-apiserver' }))
    expect(identities.items.map((lease) => lease.metadata.labels!['kubernetes.io/hostname']).sort()).toEqual(controlPlanes)
  })

  test('give the same trace twice for a seed', async () => {
    const digest = async (seed: number): Promise<string> => {
      const lab = await booted(seed)
      await lab.settle(lab.client.create(deploymentKind, web(3)))
      await lab.cluster.kernel.runFor(2_000)
      lab.cluster.fault({ type: 'kill', processId: 'kube-apiserver@controlplane-2' })
      await eventually(lab, async () => (await readyPods(lab)).length === 3, 120_000, 'three pods Ready')
      return lab.traceDigest()
    }
    const first = await digest(5)
    expect(await digest(5)).toBe(first)
    expect(await digest(6)).not.toBe(first)
  })

  test('show what a command set off across servers as one tree', async () => {
    const lab = await booted()
    const spans: { parent: number; id: number; where: string }[] = []
    lab.cluster.kernel.trace.onSpan((span, phase) => {
      if (phase === 'start') spans.push(span)
    })
    let answered = false
    lab.cluster.gateway.send({ method: 'POST', path: '/apis/apps/v1/namespaces/default/deployments', headers: { 'user-agent': 'kubectl/v1.36.1' }, body: new TextEncoder().encode(JSON.stringify(web(3))) }, { onHead: () => (answered = true), onData: () => {}, onEnd: () => {} })
    await eventually(lab, async () => answered && (await readyPods(lab)).length === 3, 60_000, 'three pods Ready')
    const root = spans.find(({ where }) => where === 'kubectl@outside')!
    const below = new Set([root.id])
    for (const span of spans) if (below.has(span.parent)) below.add(span.id)
    const places = new Set(spans.filter(({ id }) => below.has(id)).map(({ where }) => where))
    expect([...places].filter((place) => place.startsWith('kube-apiserver@')).length).toBeGreaterThan(1)
    expect(places).toContain('etcd@controlplane')
    expect([...places].filter((place) => place.startsWith('kubelet@worker-')).length).toBeGreaterThan(0)
  })
})

describe('a recorded run with three servers', () => {
  test('is the same again, whichever server each input reached', async () => {
    const stopTester = (lab: SimulatedLab): void => lab.cluster.machines.get('controlplane')!.process('tester')!.crash()
    const live = createLab({ spec: haSpec('ha', 31) })
    stopTester(live)
    const { cluster } = live
    cluster.boot()
    await cluster.kernel.runFor(30_000)
    const pki = await createPki({ now: Date.now() })
    const edge = await openEdge(cluster, pki, 0)
    const statuses: number[] = []
    let broken = 0
    const send = (method: string, path: string, body?: object): Promise<void> =>
      new Promise((resolve) => {
        const sent = request({ host: '127.0.0.1', port: edge.port, method, path, agent: false, ca: pki.ca.certificate, cert: pki.admin.certificate, key: pki.admin.key, headers: { 'content-type': 'application/json' } }, (response) => {
          statuses.push(response.statusCode!)
          response.resume()
          response.on('error', () => broken++)
          response.on('close', resolve)
        })
        sent.on('error', () => {
          broken++
          resolve()
        })
        sent.end(body && JSON.stringify(body))
      })
    cluster.pacer.setSpeed(5)
    cluster.pacer.resume(cluster.kernel.now())
    const watches = Array.from({ length: 6 }, () => send('GET', '/api/v1/configmaps?watch=true'))
    await send('POST', '/apis/apps/v1/namespaces/default/deployments', web(2))
    for (const machine of controlPlanes) {
      cluster.fault({ type: 'kill', processId: `kube-apiserver@${machine}` })
      await send('GET', '/api/v1/nodes')
    }
    // Every watch was on one of the three, and broke with it.
    await Promise.all(watches)
    await send('GET', '/api/v1/pods')
    await edge.close()
    cluster.pacer.stop()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(broken).toBe(6)
    expect(statuses.sort()).toEqual([...Array<number>(6 + 4).fill(200), 201])
    const lived = live.soFar()
    const recorded = JSON.parse(JSON.stringify(cluster.kernel.inputs.recorded)) as RecordedInput[]
    const sources = recorded.filter(({ label }) => label === 'apiserver').length
    expect(sources).toBeGreaterThanOrEqual(11)

    const again = createLab({ spec: haSpec('ha', 31) })
    stopTester(again)
    again.cluster.boot()
    replayRun(again.cluster, recorded)
    await again.cluster.kernel.runUntil(Infinity, lived.executed)
    expect(again.traceDigest()).toBe(lived.digest)
  })
})

describe('when an API server dies under load', () => {
  test.each(controlPlanes)('%s: nothing acknowledged is lost, watchers go on, controllers converge', async (victim) => {
    const lab = await booted(11)
    const writers = ['worker-1', 'worker-2', 'worker-3', 'worker-1', 'worker-2', 'worker-3'].map((machine, index) => writer(lab, machine, `writer-${index}`))
    const watchers = ['worker-1', 'worker-2', 'worker-3'].map((machine, index) => watcher(lab, machine, `watcher-${index}`))
    await lab.settle(lab.client.create(deploymentKind, web(6)))
    await lab.cluster.kernel.runFor(1_500)
    let served = 0
    lab.cluster.network.onDelivery(({ dialer, fromDialer, to }) => {
      if (fromDialer && dialer.startsWith('writer-') && to.machine === victim) served++
    })
    await lab.cluster.kernel.runFor(500)
    expect(served).toBeGreaterThan(10)
    const before = writers.map(({ acknowledged }) => acknowledged.length)
    lab.cluster.fault({ type: 'kill', processId: `kube-apiserver@${victim}` })
    await lab.cluster.kernel.runFor(6_000)
    expect(writers.every(({ acknowledged }, index) => acknowledged.length > before[index]! + 100)).toBe(true)
    for (const { stop } of writers) stop()
    await lab.cluster.kernel.runFor(1_000)
    const acknowledged = writers.flatMap((each) => each.acknowledged).sort()
    const stored = (await lab.settle(lab.client.list(configMapKind, { namespace: 'default' }))).items.map((object) => object.metadata.name!).filter((name) => name.startsWith('writer-')).sort()
    expect(stored).toEqual(acknowledged)
    for (const { names, added } of watchers) {
      expect(names()).toEqual(stored)
      expect(added.length).toBe(new Set(added).size)
    }
    await eventually(lab, async () => (await readyPods(lab)).length === 6, 60_000, 'six pods Ready')
    await eventually(lab, () => controlPlanes.every((machine) => lab.cluster.machines.get(machine)!.process('kube-apiserver')), 60_000, 'the kubelet starting the server again')
    await eventually(lab, async () => (await serverAddresses(lab)).length === 3, 60_000, 'three servers behind the Service')
  })
})

describe('when a control-plane machine dies', () => {
  test('another scheduler and another manager take over from the one that led there', async () => {
    const lab = await booted()
    // The leaders sit beside etcd at first: they are killed until others lead, for who gets a lease that ran out is a matter of chance.
    for (const component of ['kube-scheduler', 'kube-controller-manager']) {
      for (let kills = 0; leaders(lab, component)[0] === 'controlplane'; kills++) {
        expect(kills).toBeLessThan(10)
        lab.cluster.fault({ type: 'kill', processId: `${component}@controlplane` })
        await eventually(lab, () => leaders(lab, component).length === 0, 60_000, `no ${component} leading`)
        await eventually(lab, () => leaders(lab, component).length === 1, 60_000, `a ${component} leading again`)
      }
    }
    const manager = await holder(lab, 'kube-controller-manager')
    expect(leaders(lab, 'kube-controller-manager')).toEqual([manager])
    lab.cluster.fault({ type: 'powerOff', machine: manager })
    await lab.settle(lab.client.create(deploymentKind, web(4)))
    await eventually(lab, async () => (await readyPods(lab)).length === 4, 60_000, 'four pods Ready')
    const next = await holder(lab, 'kube-controller-manager')
    expect(next).not.toBe(manager)
    expect(leaders(lab, 'kube-controller-manager')).toEqual([next])
    await eventually(lab, async () => !(await readyNodes(lab)).includes(manager), 120_000, `${manager} NotReady`)
    await eventually(lab, async () => (await serverAddresses(lab)).length === 2, 60_000, 'two servers behind the Service')
    expect(lab.cluster.loadBalancer!.isHealthy(manager)).toBe(false)
    lab.cluster.fault({ type: 'powerOn', machine: manager })
    await eventually(lab, async () => (await readyNodes(lab)).length === 6, 120_000, 'six nodes Ready')
    await eventually(lab, async () => (await serverAddresses(lab)).length === 3, 60_000, 'three servers behind the Service')
    expect(leaders(lab, 'kube-controller-manager')).toEqual([next])
  })

  test('the last one beside etcd carries the cluster', async () => {
    const lab = await booted()
    for (const machine of ['controlplane-2', 'controlplane-3']) lab.cluster.fault({ type: 'powerOff', machine })
    await lab.cluster.kernel.runFor(5_000)
    await lab.settle(lab.client.create(deploymentKind, web(3)))
    await eventually(lab, async () => (await readyPods(lab)).length === 3, 90_000, 'three pods Ready')
    for (const component of ['kube-scheduler', 'kube-controller-manager']) expect(leaders(lab, component)).toEqual(['controlplane'])
    await lab.settle(lab.client.delete(deploymentKind, 'web', 'default'))
    await eventually(lab, async () => (await lab.client.list(podKind, { namespace: 'default' })).items.length === 0, 60_000, 'no pods')
    await expect(lab.settle(lab.client.get(deploymentKind, 'web', 'default'))).rejects.toSatisfy(isNotFound)
  })

  test('everything waits for the one with etcd, and goes on with all that was acknowledged', async () => {
    const lab = await booted()
    const loading = writer(lab, 'worker-1', 'writer-0')
    await lab.cluster.kernel.runFor(2_000)
    lab.cluster.fault({ type: 'powerOff', machine: 'controlplane' })
    await lab.cluster.kernel.runFor(20_000)
    const before = loading.acknowledged.length
    expect(before).toBeGreaterThan(20)
    await lab.cluster.kernel.runFor(20_000)
    expect(loading.acknowledged.length).toBe(before)
    lab.cluster.fault({ type: 'powerOn', machine: 'controlplane' })
    const { client } = clientOn(lab, 'worker-2', 'onlooker')
    await eventually(lab, () => loading.acknowledged.length > before + 20, 120_000, 'writes going on')
    loading.stop()
    await lab.cluster.kernel.runFor(2_000)
    const names = new Set((await lab.settle(client.list(configMapKind, { namespace: 'default' }))).items.map((object) => object.metadata.name!))
    expect(loading.acknowledged.filter((name) => !names.has(name))).toEqual([])
    await eventually(lab, async () => (await client.list(nodeKind, {})).items.every((node) => node.status!.conditions!.some(({ type, status }) => type === 'Ready' && status === 'True')), 120_000, 'six nodes Ready')
    for (const component of ['kube-scheduler', 'kube-controller-manager']) await eventually(lab, () => leaders(lab, component).length === 1, 60_000, `one leading ${component}`)
  })

  test('one that is cut off from the others leads no more, and joins again', async () => {
    const lab = await booted()
    const others = (name: string): string[] => [...lab.cluster.machines.keys(), 'load-balancer'].filter((each) => each !== name)
    const cut = 'controlplane-3'
    for (const machine of others(cut)) lab.cluster.network.partition(cut, machine)
    await lab.cluster.kernel.runFor(90_000)
    expect(await lab.settle(readyNodes(lab))).not.toContain(cut)
    for (const component of ['kube-scheduler', 'kube-controller-manager']) expect(leaders(lab, component)).toHaveLength(1)
    for (const machine of others(cut)) lab.cluster.network.heal(cut, machine)
    await eventually(lab, async () => (await readyNodes(lab)).includes(cut), 120_000, `${cut} Ready`)
    await eventually(lab, async () => (await serverAddresses(lab)).length === 3, 60_000, 'three servers behind the Service')
  })
})
