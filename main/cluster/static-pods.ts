import type { KubeObject } from '../api/machinery/object.ts'
import type { ClusterSpec, MachineSpec } from './spec.ts'

/** The manifests that kubeadm writes to /etc/kubernetes/manifests of a control-plane node: file name -> pod. The kubelet
 *  runs them without asking anyone, which is how the control plane comes to be. etcd has one member, on the first of them. */
export function controlPlaneManifests(spec: ClusterSpec, machine: MachineSpec): Record<string, KubeObject> {
  const first = spec.machines.find(({ role }) => role === 'control-plane')!
  return {
    ...(machine.name === first.name ? { 'etcd.yaml': etcd(machine) } : {}),
    'kube-apiserver.yaml': apiServer(spec, machine, machine.name === first.name ? '127.0.0.1' : first.address),
    'kube-controller-manager.yaml': controllerManager(spec),
    'kube-scheduler.yaml': scheduler(spec),
    ...(spec.cloud ? { 'cloud-controller-manager.yaml': cloudControllerManager(spec) } : {}),
  }
}

interface ComponentFacts {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly cpu: string
  readonly memory?: string
  readonly probe: { readonly host: string; readonly port: number; readonly live: string; readonly ready: string; readonly scheme: 'HTTP' | 'HTTPS' }
  readonly hostPaths: readonly { readonly name: string; readonly path: string; readonly file?: boolean }[]
  readonly annotations?: Readonly<Record<string, string>>
}

function staticPod(facts: ComponentFacts): KubeObject {
  const { host, port, live, ready, scheme } = facts.probe
  const httpGet = (path: string): object => ({ host, path, port, scheme })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: facts.name, namespace: 'kube-system', labels: { component: facts.name, tier: 'control-plane' }, ...(facts.annotations ? { annotations: { ...facts.annotations } } : {}) },
    spec: {
      containers: [
        {
          name: facts.name,
          image: facts.image,
          imagePullPolicy: 'IfNotPresent',
          command: facts.command,
          resources: { requests: { cpu: facts.cpu, ...(facts.memory ? { memory: facts.memory } : {}) } },
          startupProbe: { httpGet: httpGet(live), failureThreshold: 24, initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 15 },
          livenessProbe: { httpGet: httpGet(live), failureThreshold: 8, initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 15 },
          readinessProbe: { httpGet: httpGet(ready), failureThreshold: 3, periodSeconds: 1, timeoutSeconds: 15 },
          volumeMounts: facts.hostPaths.map(({ name, path }) => ({ name, mountPath: path, readOnly: name !== 'etcd-data' })),
        },
      ],
      hostNetwork: true,
      priority: 2000001000,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes: facts.hostPaths.map(({ name, path, file }) => ({ name, hostPath: { path, type: file ? 'FileOrCreate' : 'DirectoryOrCreate' } })),
    },
  } as KubeObject
}

function etcd(machine: MachineSpec): KubeObject {
  const client = `https://${machine.address}:2379`
  return staticPod({
    name: 'etcd',
    image: 'registry.k8s.io/etcd:3.6.6-0',
    cpu: '100m',
    memory: '100Mi',
    annotations: { 'kubeadm.kubernetes.io/etcd.advertise-client-urls': client },
    command: [
      'etcd',
      `--advertise-client-urls=${client}`,
      '--cert-file=/etc/kubernetes/pki/etcd/server.crt',
      '--client-cert-auth=true',
      '--data-dir=/var/lib/etcd',
      '--key-file=/etc/kubernetes/pki/etcd/server.key',
      `--listen-client-urls=https://127.0.0.1:2379,${client}`,
      '--listen-metrics-urls=http://127.0.0.1:2381',
      `--name=${machine.name}`,
      '--snapshot-count=10000',
      '--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
    ],
    probe: { host: '127.0.0.1', port: 2381, live: '/livez', ready: '/readyz', scheme: 'HTTP' },
    hostPaths: [
      { name: 'etcd-data', path: '/var/lib/etcd' },
      { name: 'etcd-certs', path: '/etc/kubernetes/pki/etcd' },
    ],
  })
}

function apiServer(spec: ClusterSpec, machine: MachineSpec, etcdAddress: string): KubeObject {
  return staticPod({
    name: 'kube-apiserver',
    image: `registry.k8s.io/kube-apiserver:${spec.kubernetesVersion}`,
    cpu: '250m',
    annotations: { 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': `${machine.address}:6443` },
    command: [
      'kube-apiserver',
      `--advertise-address=${machine.address}`,
      '--allow-privileged=true',
      '--authorization-mode=Node,RBAC',
      '--client-ca-file=/etc/kubernetes/pki/ca.crt',
      '--enable-admission-plugins=NodeRestriction',
      `--etcd-servers=https://${etcdAddress}:2379`,
      '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
      '--secure-port=6443',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-cluster-ip-range=${spec.serviceCidr}`,
      '--tls-cert-file=/etc/kubernetes/pki/apiserver.crt',
      '--tls-private-key-file=/etc/kubernetes/pki/apiserver.key',
    ],
    probe: { host: machine.address, port: 6443, live: '/livez', ready: '/readyz', scheme: 'HTTPS' },
    hostPaths: [
      { name: 'ca-certs', path: '/etc/ssl/certs' },
      { name: 'k8s-certs', path: '/etc/kubernetes/pki' },
    ],
  })
}

function controllerManager(spec: ClusterSpec): KubeObject {
  return staticPod({
    name: 'kube-controller-manager',
    image: `registry.k8s.io/kube-controller-manager:${spec.kubernetesVersion}`,
    cpu: '200m',
    command: [
      'kube-controller-manager',
      '--allocate-node-cidrs=true',
      '--authentication-kubeconfig=/etc/kubernetes/controller-manager.conf',
      '--bind-address=127.0.0.1',
      ...(spec.cloud ? ['--cloud-provider=external'] : []),
      `--cluster-cidr=${spec.podCidr}`,
      `--cluster-name=${spec.name}`,
      '--controllers=*,bootstrapsigner,tokencleaner',
      '--kubeconfig=/etc/kubernetes/controller-manager.conf',
      '--leader-elect=true',
      `--service-cluster-ip-range=${spec.serviceCidr}`,
      '--use-service-account-credentials=true',
    ],
    probe: { host: '127.0.0.1', port: 10257, live: '/healthz', ready: '/healthz', scheme: 'HTTPS' },
    hostPaths: [
      { name: 'k8s-certs', path: '/etc/kubernetes/pki' },
      { name: 'kubeconfig', path: '/etc/kubernetes/controller-manager.conf', file: true },
    ],
  })
}

function scheduler(spec: ClusterSpec): KubeObject {
  return staticPod({
    name: 'kube-scheduler',
    image: `registry.k8s.io/kube-scheduler:${spec.kubernetesVersion}`,
    cpu: '100m',
    command: [
      'kube-scheduler',
      '--authentication-kubeconfig=/etc/kubernetes/scheduler.conf',
      '--bind-address=127.0.0.1',
      '--kubeconfig=/etc/kubernetes/scheduler.conf',
      '--leader-elect=true',
    ],
    probe: { host: '127.0.0.1', port: 10259, live: '/livez', ready: '/readyz', scheme: 'HTTPS' },
    hostPaths: [{ name: 'kubeconfig', path: '/etc/kubernetes/scheduler.conf', file: true }],
  })
}

function cloudControllerManager(spec: ClusterSpec): KubeObject {
  return staticPod({
    name: 'cloud-controller-manager',
    image: `registry.k8s.io/cloud-controller-manager:${spec.kubernetesVersion}`,
    cpu: '100m',
    command: [
      'cloud-controller-manager',
      '--authentication-kubeconfig=/etc/kubernetes/cloud-controller-manager.conf',
      '--bind-address=127.0.0.1',
      '--cloud-provider=orrery',
      `--cluster-cidr=${spec.podCidr}`,
      `--cluster-name=${spec.name}`,
      '--configure-cloud-routes=true',
      '--kubeconfig=/etc/kubernetes/cloud-controller-manager.conf',
      '--leader-elect=true',
    ],
    probe: { host: '127.0.0.1', port: 10258, live: '/healthz', ready: '/healthz', scheme: 'HTTPS' },
    hostPaths: [{ name: 'kubeconfig', path: '/etc/kubernetes/cloud-controller-manager.conf', file: true }],
  })
}
