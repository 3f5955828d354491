import { FakeCluster, type NewObject } from './fake-cluster.ts'

/** Clusters to look at. Each is deterministic: the same name gives the same objects. */
export type ScenarioName = 'empty' | 'standard' | 'busy' | 'broken' | 'huge'

export const startOfTime = Date.parse('2027-03-01T09:00:00Z')

export function scenario(name: ScenarioName): FakeCluster {
  const cluster = new FakeCluster(startOfTime)
  if (name === 'empty') return cluster
  const workers = name === 'busy' ? 6 : name === 'huge' ? 1_000 : 3
  for (const namespace of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace } }, status: { phase: 'Active' } })
  }
  const nodes = ['controlplane', ...Array.from({ length: workers }, (_, index) => `worker-${index + 1}`)]
  for (const [index, node] of nodes.entries()) addNode(cluster, node, index, !(name === 'broken' && node === 'worker-2'))
  cluster.now += 12_000
  for (const component of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) addPod(cluster, 'kube-system', `${component}-controlplane`, 'controlplane', component, { tier: 'control-plane', component })
  for (const [index, node] of nodes.entries()) {
    if (index > 200) break
    addPod(cluster, 'kube-system', `kube-proxy-${suffix(index)}`, node, 'registry.k8s.io/kube-proxy:v1.36.1', { 'k8s-app': 'kube-proxy' })
  }
  for (const index of [0, 1]) addPod(cluster, 'kube-system', `coredns-7c65d6cfc9-${suffix(index + 60)}`, nodes[index + 1]!, 'registry.k8s.io/coredns/coredns:v1.13.1', { 'k8s-app': 'kube-dns' })
  addService(cluster, 'default', 'kubernetes', '10.96.0.1', 443, {})
  addService(cluster, 'kube-system', 'kube-dns', '10.96.0.10', 53, { 'k8s-app': 'kube-dns' })
  cluster.now += 180_000
  const replicas = name === 'busy' ? 280 : name === 'huge' ? 2_400 : 3
  addDeployment(cluster, 'default', 'nginx-deployment', 'nginx:1.14.2', 'nginx', replicas, nodes.slice(1), name)
  addService(cluster, 'default', 'nginx-service', '10.104.18.7', 80, { app: 'nginx' })
  if (name === 'broken') breakThings(cluster)
  cluster.now += 65_000
  return cluster
}

function suffix(index: number): string {
  const letters = 'bcdfghjklmnpqrstvwxz2456789'
  return Array.from({ length: 5 }, (_, place) => letters[(index * 7 + place * 11 + index * index * (place + 3)) % letters.length]).join('')
}

function addNode(cluster: FakeCluster, name: string, index: number, ready: boolean): void {
  const at = new Date(cluster.now).toISOString()
  cluster.put({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', ...(index === 0 && { 'node-role.kubernetes.io/control-plane': '' }) } },
    spec: { podCIDR: `10.244.${index}.0/24` },
    status: {
      capacity: { cpu: '4', memory: '8Gi', pods: '110' },
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      addresses: [{ type: 'InternalIP', address: `192.168.64.${10 + index}` }, { type: 'Hostname', address: name }],
      conditions: [
        { type: 'MemoryPressure', status: ready ? 'False' : 'Unknown', reason: ready ? 'KubeletHasSufficientMemory' : 'NodeStatusUnknown', message: ready ? 'kubelet has sufficient memory available' : 'Kubelet stopped posting node status.', lastTransitionTime: at },
        { type: 'DiskPressure', status: ready ? 'False' : 'Unknown', reason: ready ? 'KubeletHasNoDiskPressure' : 'NodeStatusUnknown', message: ready ? 'kubelet has no disk pressure' : 'Kubelet stopped posting node status.', lastTransitionTime: at },
        { type: 'Ready', status: ready ? 'True' : 'Unknown', reason: ready ? 'KubeletReady' : 'NodeStatusUnknown', message: ready ? 'kubelet is posting ready status' : 'Kubelet stopped posting node status.', lastTransitionTime: at },
      ],
      nodeInfo: { kubeletVersion: 'v1.36.1', osImage: 'Debian GNU/Linux 12 (bookworm)', kernelVersion: '6.1.0-40-amd64', containerRuntimeVersion: 'containerd://2.2.1', architecture: 'amd64', operatingSystem: 'linux' },
    },
  })
}

type PodState = 'running' | 'pending' | 'crash' | 'pull' | 'creating'

function addPod(cluster: FakeCluster, namespace: string, name: string, node: string, image: string, labels: Record<string, string>, state: PodState = 'running', owner?: { readonly kind: string; readonly name: string; readonly uid: string }): NewObject {
  const at = new Date(cluster.now).toISOString()
  const waiting = {
    running: undefined,
    pending: undefined,
    creating: { reason: 'ContainerCreating' },
    crash: { reason: 'CrashLoopBackOff', message: `back-off 40s restarting failed container=main pod=${name}_${namespace}` },
    pull: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` },
  }[state]
  const ready = state === 'running'
  const pod: NewObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, ...(owner && { ownerReferences: [{ apiVersion: 'apps/v1', ...owner, controller: true, blockOwnerDeletion: true }] }) },
    spec: { ...(node && { nodeName: node }), serviceAccountName: 'default', containers: [{ name: 'main', image }] },
    status: {
      phase: ready || state === 'crash' ? 'Running' : 'Pending',
      ...(node && { hostIP: '192.168.64.11', podIP: `10.244.1.${(cluster.revision % 240) + 2}` }),
      startTime: at,
      conditions: node
        ? [
            { type: 'PodScheduled', status: 'True', lastTransitionTime: at },
            { type: 'Initialized', status: 'True', lastTransitionTime: at },
            { type: 'ContainersReady', status: ready ? 'True' : 'False', reason: ready ? undefined : 'ContainersNotReady', message: ready ? undefined : 'containers with unready status: [main]', lastTransitionTime: at },
            { type: 'Ready', status: ready ? 'True' : 'False', reason: ready ? undefined : 'ContainersNotReady', message: ready ? undefined : 'containers with unready status: [main]', lastTransitionTime: at },
          ]
        : [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.', lastTransitionTime: at }],
      ...(node && { containerStatuses: [{ name: 'main', image, imageID: '', ready, restartCount: state === 'crash' ? 5 : 0, state: waiting ? { waiting } : { running: { startedAt: at } } }] }),
    },
  }
  cluster.put(pod)
  return pod
}

function addService(cluster: FakeCluster, namespace: string, name: string, clusterIP: string, port: number, selector: Record<string, string>): void {
  cluster.put({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP], selector, ports: [{ port, protocol: 'TCP', targetPort: port }] }, status: { loadBalancer: {} } })
  const pods = cluster.list('', 'Pod').filter((pod) => Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => (pod.metadata['labels'] as Record<string, string> | undefined)?.[key] === value))
  cluster.put({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${suffix(port)}`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port, protocol: 'TCP' }],
    endpoints: pods.slice(0, 100).map((pod) => {
      const spec = pod['spec'] as { nodeName?: string }
      const status = pod['status'] as { podIP?: string; conditions: { type: string; status: string }[] }
      const ready = status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
      return { addresses: [status.podIP ?? ''], conditions: { ready, serving: ready, terminating: false }, nodeName: spec.nodeName, targetRef: { kind: 'Pod', namespace, name: pod.metadata.name } }
    }),
  })
}

function addDeployment(cluster: FakeCluster, namespace: string, name: string, image: string, app: string, replicas: number, nodes: readonly string[], style: ScenarioName): void {
  const labels = { app }
  const template = { metadata: { labels }, spec: { containers: [{ name: app, image, ports: [{ containerPort: 80 }] }] } }
  const deployment = cluster.put({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels, generation: 1, annotations: { 'deployment.kubernetes.io/revision': '1' } }, spec: { replicas, selector: { matchLabels: labels }, template, strategy: { type: 'RollingUpdate' } }, status: {} })
  const hash = '66b6c48dd5'
  const set = cluster.put({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: `${name}-${hash}`, namespace, labels: { ...labels, 'pod-template-hash': hash }, generation: 1, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid: deployment.metadata.uid, controller: true, blockOwnerDeletion: true }] },
    spec: { replicas, selector: { matchLabels: { ...labels, 'pod-template-hash': hash } }, template },
    status: { replicas, readyReplicas: replicas, observedGeneration: 1 },
  })
  let ready = 0
  for (let index = 0; index < replicas; index++) {
    const state: PodState = style === 'busy' ? (index % 17 === 0 ? 'creating' : index % 41 === 0 ? 'crash' : 'running') : style === 'huge' && index % 311 === 5 ? 'crash' : 'running'
    if (state === 'running') ready++
    addPod(cluster, namespace, `${name}-${hash}-${suffix(index)}${index >= 40 ? index.toString(36) : ''}`.slice(0, 60), nodes[(index * 7) % nodes.length]!, image, { ...labels, 'pod-template-hash': hash }, state, { kind: 'ReplicaSet', name: set.metadata.name, uid: set.metadata.uid })
  }
  const at = new Date(cluster.now).toISOString()
  cluster.put({
    ...deployment,
    metadata: { ...deployment.metadata },
    status: {
      observedGeneration: 1,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: ready,
      availableReplicas: ready,
      conditions: [
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.', lastTransitionTime: at },
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: `ReplicaSet "${set.metadata.name}" has successfully progressed.`, lastTransitionTime: at },
      ],
    },
  })
  addEvent(cluster, { kind: 'Deployment', namespace, name }, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${set.metadata.name} from 0 to ${replicas}`, 'deployment-controller', 1)
}

function addEvent(cluster: FakeCluster, about: { readonly kind: string; readonly namespace: string; readonly name: string }, type: string, reason: string, message: string, component: string, count: number): void {
  const at = new Date(cluster.now).toISOString()
  cluster.put({ apiVersion: 'v1', kind: 'Event', metadata: { name: `${about.name}.${cluster.revision.toString(16)}`, namespace: about.namespace || 'default' }, involvedObject: { ...about, apiVersion: 'v1' }, type, reason, message, count, firstTimestamp: at, lastTimestamp: at, source: { component } })
}

function breakThings(cluster: FakeCluster): void {
  const crash = { kind: 'Pod', namespace: 'default', name: 'payments-5d9c7b6f4-x2x7q' }
  addPod(cluster, 'default', crash.name, 'worker-1', 'crasher:1.0', { app: 'payments' }, 'crash')
  addEvent(cluster, crash, 'Normal', 'Scheduled', `Successfully assigned default/${crash.name} to worker-1`, 'default-scheduler', 1)
  addEvent(cluster, crash, 'Normal', 'Pulled', 'Container image "crasher:1.0" already present on machine', 'kubelet', 5)
  addEvent(cluster, crash, 'Warning', 'BackOff', `Back-off restarting failed container main in pod ${crash.name}_default`, 'kubelet', 9)
  addPod(cluster, 'default', 'frontend-7f5b8d9c6-9kzlm', 'worker-3', 'ngnix:latest', { app: 'frontend' }, 'pull')
  addPod(cluster, 'default', 'frontend-7f5b8d9c6-hh2vd', 'worker-1', 'ngnix:latest', { app: 'frontend' }, 'pull')
  for (const index of [3, 4, 5]) addPod(cluster, 'default', `batch-runner-${suffix(index)}`, '', 'busybox:1.36', { app: 'batch' }, 'pending')
}
