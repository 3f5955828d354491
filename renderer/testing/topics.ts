import type { LoggedRequest, RequestsView } from '../api-server/requests.ts'
import type { ControllerView, Reconcile } from '../controllers/controller-view.ts'
import type { EtcdView } from '../etcd/etcd-view.ts'
import type { CriView, KubeletPod, ProxyView } from '../nodes/node-views.ts'
import type { Decision, QueuesView } from '../scheduler/scheduler-views.ts'
import type { FakeCluster, FakeObject } from './fake-cluster.ts'

/** What processes show under their topics, in the shapes of the real components. */
export function fakeTopics(cluster: FakeCluster): (processId: string, topic: string) => unknown {
  return (processId, topic) => {
    const machine = processId.slice(processId.indexOf('@') + 1)
    if (topic === 'requests') return requests(cluster)
    if (topic === 'etcd') return etcd(cluster)
    if (topic === 'controllers') return ['deployment', 'replicaset', 'endpointslice', 'namespace', 'node-lifecycle', 'serviceaccount'].map((name) => controller(cluster, `${name}-controller`).queue)
    if (topic.startsWith('controller/')) return controller(cluster, topic.slice('controller/'.length))
    if (topic === 'pods') return podsOn(cluster, machine).map(kubeletPod)
    if (topic === 'workers') return podsOn(cluster, machine).map((pod, index) => ({ uid: pod.metadata.uid, syncs: 4 + index }))
    if (topic === 'probes') return []
    if (topic === 'decisions') return decisions(cluster)
    if (topic === 'queues') return queues(cluster)
    if (topic === 'rules') return rules()
    if (topic === 'cri') return cri(cluster, machine)
    return undefined
  }
}

function podsOn(cluster: FakeCluster, machine: string): FakeObject[] {
  return cluster.list('', 'Pod').filter((pod) => (pod['spec'] as { nodeName?: string }).nodeName === machine)
}

function requests(cluster: FakeCluster): RequestsView {
  const made: readonly (readonly [string, string, string, string, string, string, number, number | undefined])[] = [
    ['POST', 'create', '/apis/apps/v1/namespaces/default/deployments?fieldManager=kubectl-client-side-apply&fieldValidation=Strict', 'deployments', 'kubernetes-admin', 'kubectl/v1.36.1 (linux/amd64)', 201, 6.2],
    ['POST', 'create', '/apis/apps/v1/namespaces/default/replicasets', 'replicasets', 'system:serviceaccount:kube-system:deployment-controller', 'kube-controller-manager/v1.36.1', 201, 5.4],
    ['POST', 'create', '/api/v1/namespaces/default/pods', 'pods', 'system:serviceaccount:kube-system:replicaset-controller', 'kube-controller-manager/v1.36.1', 201, 5.1],
    ['POST', 'create', '/api/v1/namespaces/default/pods/nginx-deployment-66b6c48dd5-bpcf4/binding', 'pods', 'system:kube-scheduler', 'kube-scheduler/v1.36.1', 201, 4.4],
    ['GET', 'watch', '/api/v1/pods?allowWatchBookmarks=true&watch=true', 'pods', 'system:node:worker-1', 'kubelet/v1.36.1', 200, undefined],
    ['GET', 'get', '/api/v1/namespaces/default/pods/missing', 'pods', 'kubernetes-admin', 'kubectl/v1.36.1 (linux/amd64)', 404, 1.1],
    ['PATCH', 'patch', '/api/v1/namespaces/default/pods/nginx-deployment-66b6c48dd5-bpcf4/status', 'pods', 'system:node:worker-1', 'kubelet/v1.36.1', 200, 6.1],
    ['PUT', 'update', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-1', 'leases', 'system:node:worker-1', 'kubelet/v1.36.1', 200, 3.2],
  ]
  const recent = Array.from({ length: 260 }, (_, index): LoggedRequest => {
    const [method, verb, path, resource, user, agent, code, durationMs] = made[(index * 5 + (index >> 3)) % made.length]!
    return { id: index, method, verb, path, resource, subresource: '', agent, source: '192.168.64.10', startedAt: cluster.now - (260 - index) * 90, user, code, ...(durationMs !== undefined && { durationMs: durationMs + (index % 7) * 0.3 }) }
  })
  return {
    recent,
    inflight: { reads: 0, writes: 1 },
    watches: 41,
    counts: [
      { verb: 'update', resource: 'leases.coordination.k8s.io', count: 412 },
      { verb: 'get', resource: 'nodes', count: 98 },
      { verb: 'patch', resource: 'pods/status', count: 61 },
      { verb: 'list', resource: 'pods', count: 33 },
      { verb: 'create', resource: 'events', count: 52 },
      { verb: 'create', resource: 'pods', count: 13 },
      { verb: 'create', resource: 'pods/binding', count: 9 },
      { verb: 'watch', resource: 'services', count: 12 },
    ],
  }
}

function etcd(cluster: FakeCluster): EtcdView {
  return {
    name: 'controlplane', memberId: '8e9e05c52164694d', version: '3.6.6', leader: '8e9e05c52164694d', raftTerm: 2, appliedIndex: 1_410, revision: cluster.revision, compactRevision: 812, keys: 342, dbSizeBytes: 2_441_216, dbSizeInUseBytes: 1_830_912, quotaBytes: 2_147_483_648, alarms: [],
    wal: { segments: 1, bytes: 1_204_000, bytesWritten: 1_204_000, fsyncs: 1_388, fsyncMeanMs: 1.4, fsyncNewestMs: Array.from({ length: 60 }, (_, index) => 1.2 + ((index * 7) % 5) * 0.3) },
    snapshot: { taken: 0, lastIndex: 0, lastBytes: 0 },
    watchers: { synced: 29, unsynced: 0, targets: [] },
    leases: { count: 31 },
    operations: Array.from({ length: 50 }, (_, index) => ({ time: cluster.now - index * 120, revision: cluster.revision - index, type: index % 4 === 3 ? 'range' : 'txn', key: ['/registry/leases/kube-node-lease/worker-1', '/registry/pods/default/nginx-deployment-66b6c48dd5-bpcf4', '/registry/events/default/nginx.18a3', '/registry/services/specs/default/'][index % 4]!, outcome: index % 4 === 3 ? '3 keys' : 'put' })),
  }
}

const keyOf: Readonly<Record<string, string>> = { 'deployment-controller': 'default/nginx-deployment', 'replicaset-controller': 'default/nginx-deployment-66b6c48dd5', 'endpointslice-controller': 'default/nginx-service', 'node-lifecycle-controller': 'worker-2' }

function controller(cluster: FakeCluster, name: string): ControllerView {
  const failing = name === 'node-lifecycle-controller'
  const run = (index: number): Reconcile => ({ key: keyOf[name] ?? 'default', at: cluster.now - index * 900, durationMs: 3 + index, span: 101 + index, ...(failing && index === 0 && { error: 'Operation cannot be fulfilled on nodes "worker-2": the object has been modified; please apply your changes to the latest version and try again' }) })
  const runs = Array.from({ length: 14 }, (_, index) => run(index))
  return {
    name, noun: name.replace('-controller', ''), workers: 5, running: true, reconciles: 214, failures: failing ? 1 : 0,
    queue: { depth: name.startsWith('replica') ? 2 : 0, processing: name.startsWith('replica') ? 1 : 0, waiting: 0, adds: 230, retries: failing ? 1 : 0, queueDuration: { count: 214, sum: 60, max: 4, last: 0.2 }, workDuration: { count: 214, sum: 900, max: 40, last: 5 } },
    lastReconciles: runs,
    lastErrors: runs.filter((entry) => entry.error),
  }
}

function kubeletPod(pod: FakeObject): KubeletPod {
  const status = pod['status'] as { phase: string; podIP?: string; containerStatuses?: KubeletPod['containers'] }
  return { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name, uid: pod.metadata.uid, state: 'sync', static: false, phase: status.phase, podIP: status.podIP ?? '', containers: status.containerStatuses ?? [] }
}

function cri(cluster: FakeCluster, machine: string): CriView {
  const pods = podsOn(cluster, machine)
  return {
    identity: 'containerd://2.2.1', total: 96, failed: 1,
    calls: Array.from({ length: 40 }, (_, index) => ({ time: cluster.now - (40 - index) * 800, method: ['RunPodSandbox', 'PullImage', 'CreateContainer', 'StartContainer', 'ContainerStatus'][index % 5]!, about: index % 5 === 1 ? 'nginx:1.14.2' : 'default/nginx-deployment', durationMs: [210, 1_180, 34, 340, 0.4][index % 5]!, ...(index === 31 && { error: 'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/ngnix:latest"' }) })),
    sandboxes: pods.map((pod) => ({ id: `s${pod.metadata.uid}`, pod: `${pod.metadata.namespace}/${pod.metadata.name}`, state: 'ready', ips: ['10.244.1.5'], ageMs: 60_000 })),
    containers: pods.map((pod) => ({ id: `c${pod.metadata.uid}`, sandboxId: `s${pod.metadata.uid}`, name: 'main', attempt: 0, image: (pod['spec'] as { containers: { image: string }[] }).containers[0]!.image, state: 'running', exitCode: 0, reason: '', cpuMs: 84, memoryBytes: 9_400_000 })),
    images: [
      { id: 'sha256:aa', repoTags: ['docker.io/library/nginx:1.14.2'], sizeBytes: 44_710_000 },
      { id: 'sha256:bb', repoTags: ['registry.k8s.io/pause:3.10.1'], sizeBytes: 320_000 },
      { id: 'sha256:cc', repoTags: ['registry.k8s.io/kube-proxy:v1.36.1'], sizeBytes: 29_100_000 },
    ],
  }
}

function decisions(cluster: FakeCluster): readonly Decision[] {
  const nodes = cluster.list('', 'Node').map((node) => node.metadata.name).slice(0, 12)
  const weights = { TaintToleration: 3, NodeAffinity: 2, NodeResourcesFit: 1, PodTopologySpread: 2, NodeResourcesBalancedAllocation: 1, ImageLocality: 1 }
  const pods = cluster.list('', 'Pod').filter((pod) => pod.metadata.namespace === 'default').slice(0, 60)
  return pods
    .map((pod, index): Decision => {
      const node = (pod['spec'] as { nodeName?: string }).nodeName ?? ''
      const scored = node
        ? nodes.slice(1).map((name, place) => {
            const plugins = Object.entries(weights).map(([plugin, weight], at) => ({ plugin, weight, raw: 10 + at, normalized: (40 + place * 13 + at * 17) % 101, weighted: ((40 + place * 13 + at * 17) % 101) * weight }))
            return { node: name, total: plugins.reduce((sum, each) => sum + each.weighted, 0) + (name === node ? 400 : 0), plugins }
          })
        : []
      const taint = { node: 'controlplane', plugin: 'TaintToleration', reasons: ['node(s) had untolerated taint(s)'], resolvable: false }
      return {
        id: index + 1, time: cluster.now - (pods.length - index) * 450, pod: `${pod.metadata.namespace}/${pod.metadata.name}`, attempt: node ? 1 : 4, profile: 'default-scheduler', waitedMs: 1.4 + index, outcome: node ? 'bound' : 'unschedulable', node,
        message: node ? '' : '0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.',
        nodeCount: nodes.length, evaluated: nodes.length, feasible: scored.length, rejected: node ? [taint] : [taint, ...nodes.slice(1).map((name) => ({ node: name, plugin: 'NodeResourcesFit', reasons: ['Insufficient cpu'], resolvable: true }))],
        scored: scored.sort((a, b) => b.total - a.total), more: { rejected: 0, scored: 0 }, nominatedNode: '',
        explained: nodes.map((name) => explained(name, node !== '')),
        ...(node ? {} : { queue: 'unschedulable', wakes: [{ plugin: 'NodeResourcesFit', events: ['AssignedPodDelete', 'NodeAdd', 'NodeAllocatableChange'] }], preemption: nodes.slice(1).map((name) => ({ node: name, victims: [], violations: 0, reason: 'No preemption victims found for incoming pod' })) }),
      }
    })
    .reverse()
}

function explained(name: string, fits: boolean): NonNullable<Decision['explained']>[number] {
  const tainted = name === 'controlplane'
  const verdict = (plugin: string, reason?: string): NonNullable<Decision['explained']>[number]['verdicts'][number] => ({ plugin, verdict: reason ? 'rejected' : 'passed', reasons: reason ? [reason] : [], resolvable: plugin === 'NodeResourcesFit' })
  const verdicts = [verdict('NodeUnschedulable'), verdict('NodeName'), verdict('TaintToleration', tainted ? 'node(s) had untolerated taint(s)' : undefined), { plugin: 'NodePorts', verdict: 'skipped' as const, reasons: [], resolvable: true }, verdict('NodeResourcesFit', fits || tainted ? undefined : 'Insufficient cpu')]
  return { node: name, verdicts, changes: tainted ? ['remove the taint node-role.kubernetes.io/control-plane:NoSchedule, or tolerate it'] : fits ? [] : ['1500m more cpu free'] }
}

function queues(cluster: FakeCluster): QueuesView {
  const waiting = cluster.list('', 'Pod').filter((pod) => !(pod['spec'] as { nodeName?: string }).nodeName).map((pod) => ({ pod: `${pod.metadata.namespace}/${pod.metadata.name}`, attempts: 4 }))
  return { active: [], backoff: waiting.slice(0, 1), unschedulable: waiting.slice(1) }
}

function rules(): ProxyView {
  const rule = (name: string, address: string, port: number, protocol: string, endpoints: readonly string[]) => ({ name, protocol, clusterIPs: [address], port, nodePort: 0, endpoints: endpoints.map((endpoint, index) => ({ address: endpoint, port, local: index === 0 })) })
  return {
    mode: 'iptables', syncs: 9, syncedAt: Date.parse('2027-03-01T09:04:00Z'),
    services: [rule('default/kubernetes:https', '10.96.0.1', 443, 'tcp', ['192.168.64.10']), rule('kube-system/kube-dns:dns', '10.96.0.10', 53, 'udp', ['10.244.1.2', '10.244.2.2']), rule('default/nginx-service', '10.104.18.7', 80, 'tcp', ['10.244.1.5', '10.244.2.5', '10.244.3.4'])],
    iptables: '*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y\nCOMMIT\n',
  }
}
