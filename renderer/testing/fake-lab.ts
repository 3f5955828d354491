import { BridgeError } from '../../preload/contract/bridge.ts'
import type { FramePort, LabFrame } from '../../preload/contract/frames.ts'
import type { LabState } from '../../preload/contract/lab.ts'
import type { MachineryView, MessageBatch, MessageFlow, PathEnd } from '../../preload/contract/observe.ts'
import { serveWindow } from '../../preload/contract/serve.ts'
import type { LabServices } from '../../preload/contract/services.ts'
import type { Settings } from '../../preload/contract/settings.ts'
import type { TerminalEvent, TerminalSession } from '../../preload/contract/terminal.ts'
import type { TimeState } from '../../preload/contract/time.ts'
import type { FakeCluster } from './fake-cluster.ts'
import { startOfTime } from './scenarios.ts'
import { fakeTopics } from './topics.ts'
import { fakeTraces } from './traces.ts'

/** A lab that only looks like one, for tests and screenshots of the window. */
export interface FakeLab {
  readonly port: FramePort
  readonly cluster: FakeCluster
  /** Sends one batch of made-up traffic. */
  traffic(step: number): void
  setSettings(settings: Settings): void
  /** Everything the window asked for, by name. */
  readonly asked: string[]
  disconnect(): void
}

const controlPlane = ['kube-apiserver', 'etcd', 'kube-scheduler', 'kube-controller-manager']
const topicsOf: Readonly<Record<string, readonly string[]>> = {
  'kube-apiserver': ['requests'],
  etcd: ['etcd'],
  'kube-scheduler': ['queues', 'decisions'],
  'kube-controller-manager': ['deployment-controller', 'replicaset-controller', 'endpointslice-controller', 'namespace-controller', 'node-lifecycle-controller', 'serviceaccount-controller'].map((name) => `controller/${name}`).concat('controllers'),
  kubelet: ['pods', 'workers', 'probes'],
  containerd: ['cri'],
  'kube-proxy': ['rules'],
}

export function fakeLab(cluster: FakeCluster, options: { readonly paused?: boolean; readonly phase?: LabState['phase'] } = {}): FakeLab {
  let toWindow: (frame: LabFrame) => void = () => {}
  let tellState: (state: 'open' | 'closed') => void = () => {}
  const asked: string[] = []
  let settings: Settings = {}
  const settingsListeners = new Set<(settings: Settings) => void>()
  const batchListeners = new Set<(batch: MessageBatch) => void>()
  const sessions: TerminalSession[] = []
  const outputs = new Map<string, (event: TerminalEvent) => void>()
  let time: TimeState = { now: cluster.now, epoch: startOfTime, paused: options.paused ?? false, speed: 1, behindMs: 0, executed: 48_211 }
  const timeListeners = new Set<(state: TimeState) => void>()
  const changeTime = (change: Partial<TimeState>): TimeState => {
    time = { ...time, ...change }
    for (const listener of timeListeners) listener(time)
    return time
  }

  const nodes = cluster.list('', 'Node').map((node) => node.metadata.name)
  const machinery: MachineryView = {
    partitions: [],
    machines: nodes.map((name, index) => ({
      name,
      address: `192.168.64.${10 + index}`,
      poweredOn: true,
      processes: [...(index === 0 ? controlPlane : []), 'kubelet', 'containerd', 'kube-proxy'].map((process) => ({ id: `${process}@${name}`, name: process, startedAt: startOfTime, topics: topicsOf[process] ?? [] })),
    })),
  }
  const labState: LabState = {
    name: 'standard', phase: options.phase ?? 'ready', version: '0.1.0', kubernetesVersion: 'v1.36.1', host: 'server', platform: 'linux', server: 'https://127.0.0.1:41231', kubeconfigPath: '~/.orrery/standard/kubeconfig', nodes, startupMs: 842, seed: 7, ephemeral: false,
  }
  const topics = fakeTopics(cluster)
  const traces = fakeTraces(cluster)
  const prompt = '\x1b[1;33mcontrolplane\x1b[0m:\x1b[1;34m~\x1b[0m$ '

  const once = <T>(value: T) => (_: unknown, emit: (event: T) => void) => {
    emit(value)
    return () => {}
  }
  const unsupported = () => {
    throw new BridgeError({ code: 'unsupported', message: 'the fake lab does not do that' })
  }
  const services: LabServices = {
    calls: {
      'api.request': ({ method, path, headers, body }) => {
        asked.push(`${method} ${path}`)
        const answer = cluster.request(method, path, headers?.['accept'] ?? '', body === undefined ? undefined : parseBody(body))
        return { status: answer.status, headers: {}, body: JSON.stringify(answer.body) }
      },
      'etcd.range': ({ prefix, values }) => {
        const keys = etcdKeys(cluster).filter((key) => key.startsWith(prefix))
        return { revision: cluster.revision, count: keys.length, keys: keys.map((key) => ({ key, createRevision: 900, modRevision: 1_012, version: 3, lease: '0', valueBytes: 812, ...(values && { value: '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"nginx","namespace":"default"}}' }) })) }
      },
      'observe.rootOf': ({ spanId }) => ({ rootId: spanId }),
      'packet.trace': ({ machine, pod, name, port, protocol }) => {
        asked.push(`packet ${protocol} ${pod ?? machine} ${name}:${port}`)
        return {
          outcome: 'connected',
          steps: [
            { part: 'lookup', machine, text: `dns 10.96.0.10: ${name}.svc.cluster.local: NOERROR A 10.96.7.7` },
            { part: 'open', machine, text: `${pod ?? machine} (10.244.1.5) opens ${protocol} 10.96.7.7:${port}` },
            { part: 'rule', machine, text: `10.96.7.7:${port} is the cluster IP of default/web (iptables)` },
            { part: 'backend', machine, text: 'endpoint 10.244.2.9:80 chosen of 3' },
            { part: 'arrival', machine: 'worker-2', text: `arrives from ${machine} for 10.244.2.9:80` },
            { part: 'listener', machine: 'worker-2', text: 'default/web-1 listens on 80 and sees 10.244.1.5' },
            { part: 'reply', machine, text: `replies come back the same way, from 10.244.2.9:80 turned back into 10.96.7.7:${port}` },
          ],
        }
      },
      'time.pause': () => changeTime({ paused: true }),
      'time.resume': () => changeTime({ paused: false }),
      'time.step': (by) => changeTime({ now: time.now + ('durationMs' in by ? by.durationMs : 1), executed: time.executed + 1 }),
      'time.setSpeed': ({ speed }) => changeTime({ speed }),
      'terminal.open': ({ target }) => {
        const session: TerminalSession = { id: `t${sessions.length + 1}`, target, title: target.kind === 'shell' ? 'shell' : target.kind === 'node' ? target.machine : `${target.namespace}/${target.pod}` }
        sessions.push(session)
        return session
      },
      'terminal.list': () => sessions,
      'terminal.write': ({ id, data }) => {
        asked.push(`type ${data}`)
        outputs.get(id)?.({ type: 'data', data })
        return null
      },
      'terminal.resize': () => null,
      'terminal.close': ({ id }) => {
        sessions.splice(sessions.findIndex((session) => session.id === id), 1)
        return null
      },
      'lab.restart': () => labState,
      'lab.reset': () => labState,
      'lab.openExternal': () => null,
      'settings.set': (change) => {
        settings = { ...settings, ...(change as Settings) }
        for (const listener of settingsListeners) listener(settings)
        return settings
      },
      'faults.powerOff': unsupported,
      'faults.powerOn': unsupported,
      'faults.partition': unsupported,
      'faults.heal': unsupported,
      'faults.kill': unsupported,
      'faults.terminateInstance': unsupported,
      'faults.cloudTrouble': unsupported,
    },
    streams: {
      'api.watch': ({ path, accept }, emit, end) => {
        asked.push(`WATCH ${path}`)
        const stop = cluster.watch(path, accept ?? '', emit)
        if (!stop) end(new BridgeError({ code: 'not-found', message: 'no such resource', status: { code: 404 } }))
        return stop ?? (() => {})
      },
      'api.stream': once('2027/03/01 09:03:14 [notice] 1#1: using the "epoll" event method\n2027/03/01 09:03:14 [notice] 1#1: nginx/1.14.2\n2027/03/01 09:03:14 [notice] 1#1: start worker processes\n10.244.2.5 - - [01/Mar/2027:09:03:58 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/8.5.0" "-"\n'),
      'observe.machinery': once(machinery),
      'observe.messages': (_, emit) => {
        batchListeners.add(emit)
        return () => batchListeners.delete(emit)
      },
      'observe.topic': ({ processId, topic }, emit, end) => {
        const value = topics(processId, topic)
        if (value === undefined) end(new BridgeError({ code: 'not-found', message: `${processId} shows no ${topic}` }))
        else emit({ time: cluster.now, value })
        return () => {}
      },
      'observe.journal': ({ processId }, emit) => {
        emit([
          { time: cluster.now - 9_000, level: 'info', text: `"Starting" component="${processId.split('@')[0]}" version="v1.36.1"` },
          { time: cluster.now - 6_200, level: 'info', text: '"Attempting to acquire leader lease" lock="kube-system/kube-scheduler"' },
          { time: cluster.now - 6_100, level: 'info', text: '"Successfully acquired lease" lock="kube-system/kube-scheduler"' },
          { time: cluster.now - 1_400, level: 'warning', text: '"Unable to fetch pod log stats" err="path does not exist" pod="default/nginx"' },
          { time: cluster.now - 700, level: 'error', text: '"Error syncing pod, skipping" err="failed to \\"StartContainer\\" with CrashLoopBackOff" pod="default/payments"' },
        ])
        return () => {}
      },
      'observe.traces': (_, emit) => {
        emit(traces.summaries)
        return () => {}
      },
      'observe.trace': ({ rootId }, emit, end) => {
        const spans = traces.spans.get(rootId)
        if (spans) emit(spans)
        else end(new BridgeError({ code: 'not-found', message: 'that trace was forgotten' }))
        return () => {}
      },
      'time.state': (_, emit) => {
        emit(time)
        timeListeners.add(emit)
        return () => timeListeners.delete(emit)
      },
      'terminal.output': ({ id }, emit) => {
        outputs.set(id, emit)
        emit({ type: 'data', data: shellText(prompt) })
        return () => outputs.delete(id)
      },
      'lab.state': once(labState),
      'settings.state': (_, emit) => {
        emit(settings)
        settingsListeners.add(emit)
        return () => settingsListeners.delete(emit)
      },
    },
  }

  const served = serveWindow(services, (frame) => {
    const copy = JSON.parse(JSON.stringify(frame)) as LabFrame
    queueMicrotask(() => toWindow(copy))
  })
  return {
    cluster,
    asked,
    port: {
      send: (frame) => served.receive(JSON.parse(JSON.stringify(frame))),
      onFrame: (handler) => (toWindow = handler),
      onState: (handler) => {
        tellState = handler
        handler('open')
      },
    },
    traffic: (step) => {
      const flows = madeUpTraffic(cluster, nodes, step)
      for (const listener of batchListeners) listener({ time: cluster.now + step * 100, flows, dropped: 0 })
    },
    setSettings: (next) => {
      settings = next
      for (const listener of settingsListeners) listener(settings)
    },
    disconnect: () => tellState('closed'),
  }
}

function etcdKeys(cluster: FakeCluster): string[] {
  return (['Namespace', 'Node', 'Pod', 'Service'] as const).flatMap((kind) => cluster.list('', kind).map((object) => `/registry/${kind === 'Node' ? 'minions' : `${kind.toLowerCase()}s`}/${object.metadata.namespace ? `${object.metadata.namespace}/` : ''}${object.metadata.name}`)).sort()
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', resourceVersion: '0' } }
  }
}

function shellText(prompt: string): string {
  return `${prompt}kubectl apply -f nginx-deployment.yaml\r\ndeployment.apps/nginx-deployment created\r\n${prompt}kubectl get pods\r\nNAME                                READY   STATUS    RESTARTS   AGE\r\nnginx-deployment-66b6c48dd5-bg6xk   1/1     \x1b[32mRunning\x1b[0m   0          65s\r\nnginx-deployment-66b6c48dd5-lp2df   1/1     \x1b[32mRunning\x1b[0m   0          65s\r\nnginx-deployment-66b6c48dd5-z9q4m   1/1     \x1b[32mRunning\x1b[0m   0          65s\r\n${prompt}`
}

function madeUpTraffic(cluster: FakeCluster, nodes: readonly string[], step: number): MessageFlow[] {
  const api: PathEnd = { machine: 'controlplane', process: 'kube-apiserver' }
  const etcd: PathEnd = { machine: 'controlplane', process: 'etcd' }
  const flow = (from: PathEnd, to: PathEnd, kind: MessageFlow['kind'], label: string, user = false, count = 1): MessageFlow => ({ from, to, kind, label, count, bytes: 900, sentAt: cluster.now + step * 37, transitMs: 0.3, spanId: 1, user })
  const flows: MessageFlow[] = []
  const worker = nodes[1 + (step % Math.max(1, nodes.length - 1))]
  if (!worker) return flows
  flows.push(flow({ machine: worker, process: 'kubelet' }, api, 'heartbeat', `PUT /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${worker}`))
  if (step % 2 === 0) flows.push(flow({ machine: '', process: 'kubectl' }, api, 'write', 'POST /apis/apps/v1/namespaces/default/deployments', true), flow(api, etcd, 'storage', 'txn /registry/deployments/default/nginx', true))
  if (step % 3 === 0) flows.push(flow(api, { machine: 'controlplane', process: 'kube-controller-manager' }, 'watch', 'ADDED Deployment', true), flow({ machine: 'controlplane', process: 'kube-controller-manager' }, api, 'write', 'POST /api/v1/namespaces/default/pods', true))
  if (step % 3 === 1) flows.push(flow(api, { machine: 'controlplane', process: 'kube-scheduler' }, 'watch', 'ADDED Pod', true), flow({ machine: 'controlplane', process: 'kube-scheduler' }, api, 'write', 'POST /api/v1/namespaces/default/pods/nginx/binding', true))
  flows.push(flow(api, { machine: worker, process: 'kubelet' }, 'watch', 'MODIFIED Pod', true), flow({ machine: worker, process: 'kubelet' }, { machine: worker, process: 'containerd' }, 'cri', 'RunPodSandbox'))
  flows.push(flow({ machine: worker, process: 'kubelet' }, api, 'read', 'GET /api/v1/namespaces/default/configmaps/kube-root-ca.crt'), flow(api, { machine: worker, process: 'kube-proxy' }, 'watch', 'MODIFIED EndpointSlice'))
  const pods = cluster.list('', 'Pod').filter((pod) => pod.metadata.namespace === 'default').slice(0, 40)
  const a = pods[step % Math.max(1, pods.length)]
  const b = pods[(step * 5 + 3) % Math.max(1, pods.length)]
  if (a && b && a !== b) flows.push(flow(podEnd(a), podEnd(b), 'traffic', 'GET /'))
  return flows
}

function podEnd(pod: { readonly metadata: { readonly name: string; readonly namespace?: string }; readonly [field: string]: unknown }): PathEnd {
  return { machine: (pod['spec'] as { nodeName?: string }).nodeName ?? '', process: '', pod: `${pod.metadata.namespace}/${pod.metadata.name}` }
}
