import { FileInode, type DirectoryInode, type Inode } from '../node/runtime/files/inode.ts'
import type { Endpoint } from '../kernel/network.ts'
import { formatYaml } from '../api/machinery/codec/yaml-format.ts'
import type { ClusterOptions } from './cluster-options.ts'
import type { ClusterSpec, MachineSpec } from './spec.ts'

export const kubeletConfigPath = '/var/lib/kubelet/config.yaml'
export const kubeletFlagsPath = '/var/lib/kubelet/kubeadm-flags.env'
export const kubeletKubeconfigPath = '/etc/kubernetes/kubelet.conf'
export const kubeletDropInPath = '/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf'

export interface NodeFileFacts {
  readonly options: ClusterOptions
  readonly machine: MachineSpec
  /** Where this machine's components find the API server. */
  readonly server: Endpoint
  /** Known once the node is registered. */
  readonly podCidr: () => string | undefined
}

/** What kubeadm, the packages and the network plug-in leave on a machine, where nothing stands yet. The kubelet reads its own
 *  configuration from here once it is there. */
export function plantNodeFiles(root: DirectoryInode, facts: NodeFileFacts): void {
  const { options, machine, server } = facts
  const { spec } = options
  const controlPlane = machine.role === 'control-plane'
  const plant = (path: string, text: string, mode = 0o644): void => {
    if (!isThere(root, path)) root.plant(path, new FileInode(text, { mode, mtime: options.epoch }))
  }
  const kubeconfig = (user: string, credentials: Readonly<Record<string, string>>): string =>
    formatYaml({
      apiVersion: 'v1',
      clusters: [{ cluster: { 'certificate-authority-data': btoa(options.caCertificate), server: `https://${server.address}:${server.port}` }, name: 'kubernetes' }],
      contexts: [{ context: { cluster: 'kubernetes', user }, name: `${user}@kubernetes` }],
      'current-context': `${user}@kubernetes`,
      kind: 'Config',
      users: [{ name: user, user: { ...credentials } }],
    })
  plant('etc/hosts', `127.0.0.1\tlocalhost\n127.0.1.1\t${machine.name}\n${spec.machines.map(({ name, address }) => `${address}\t${name}\n`).join('')}\n::1\tlocalhost ip6-localhost ip6-loopback\n`)
  plant('etc/kubernetes/pki/ca.crt', options.caCertificate)
  plant(kubeletKubeconfigPath, kubeconfig(`system:node:${machine.name}`, { 'client-certificate': '/var/lib/kubelet/pki/kubelet-client-current.pem', 'client-key': '/var/lib/kubelet/pki/kubelet-client-current.pem' }), 0o600)
  plant(kubeletConfigPath, formatYaml(kubeletConfiguration(spec)))
  plant(kubeletFlagsPath, `KUBELET_KUBEADM_ARGS="${options.spec.cloud ? '--cloud-provider=external ' : ''}--node-ip=${machine.address}"\n`)
  plant('usr/lib/systemd/system/kubelet.service', '[Unit]\nDescription=kubelet: The Kubernetes Node Agent\nDocumentation=https://kubernetes.io/docs/\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\nStartLimitInterval=0\nRestartSec=10\n\n[Install]\nWantedBy=multi-user.target\n')
  plant(
    kubeletDropInPath,
    '# Note: This dropin only works with kubeadm and kubelet v1.11+\n[Service]\nEnvironment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"\nEnvironment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nEnvironmentFile=-/etc/default/kubelet\nExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS\n',
  )
  plant('usr/lib/systemd/system/containerd.service', '[Unit]\nDescription=containerd container runtime\nDocumentation=https://containerd.io\nAfter=network.target dbus.service\n\n[Service]\nExecStartPre=-/sbin/modprobe overlay\nExecStart=/usr/bin/containerd\nType=notify\nDelegate=yes\nKillMode=process\nRestart=always\nRestartSec=5\n\n[Install]\nWantedBy=multi-user.target\n')
  plant('etc/containerd/config.toml', "version = 3\nroot = '/var/lib/containerd'\nstate = '/run/containerd'\n\n[grpc]\n  address = '/run/containerd/containerd.sock'\n\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\n  sandbox = 'registry.k8s.io/pause:3.10.1'\n\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\n  default_runtime_name = 'runc'\n\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\n  runtime_type = 'io.containerd.runc.v2'\n\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n  SystemdCgroup = true\n\n[plugins.'io.containerd.cri.v1.runtime'.cni]\n  bin_dirs = ['/opt/cni/bin']\n  conf_dir = '/etc/cni/net.d'\n")
  const podCidr = facts.podCidr()
  if (podCidr !== undefined) {
    const conflist = { cniVersion: '1.0.0', name: 'kubernetes', plugins: [{ type: 'ptp', ipMasq: false, ipam: { type: 'host-local', dataDir: '/run/cni-ipam-state', routes: [{ dst: '0.0.0.0/0' }], ranges: [[{ subnet: podCidr }]] }, mtu: 1500 }, { type: 'portmap', capabilities: { portMappings: true } }] }
    plant('etc/cni/net.d/10-ptp.conflist', `${JSON.stringify(conflist, null, 2)}\n`)
  }
  if (!controlPlane) return
  const keys = options.keyPairs
  if (keys) {
    plant('etc/kubernetes/admin.conf', kubeconfig('kubernetes-admin', { 'client-certificate-data': btoa(keys.admin.certificate), 'client-key-data': btoa(keys.admin.key) }), 0o600)
    plant('etc/kubernetes/pki/ca.key', keys.ca.key, 0o600)
    plant('etc/kubernetes/pki/apiserver.crt', keys.server.certificate)
    plant('etc/kubernetes/pki/apiserver.key', keys.server.key, 0o600)
  }
  plant('etc/kubernetes/controller-manager.conf', kubeconfig('system:kube-controller-manager', {}), 0o600)
  plant('etc/kubernetes/scheduler.conf', kubeconfig('system:kube-scheduler', {}), 0o600)
}

/** The configuration that kubeadm gives every kubelet of the cluster. */
export function kubeletConfiguration(spec: ClusterSpec): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    authentication: { anonymous: { enabled: false }, webhook: { cacheTTL: '0s', enabled: true }, x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
    authorization: { mode: 'Webhook', webhook: { cacheAuthorizedTTL: '0s', cacheUnauthorizedTTL: '0s' } },
    cgroupDriver: 'systemd',
    clusterDNS: [spec.dnsAddress],
    clusterDomain: spec.clusterDomain,
    containerRuntimeEndpoint: 'unix:///var/run/containerd/containerd.sock',
    cpuManagerReconcilePeriod: '0s',
    evictionPressureTransitionPeriod: '0s',
    fileCheckFrequency: '0s',
    healthzBindAddress: '127.0.0.1',
    healthzPort: 10248,
    httpCheckFrequency: '0s',
    imageMaximumGCAge: '0s',
    imageMinimumGCAge: '0s',
    kind: 'KubeletConfiguration',
    logging: { flushFrequency: 0, options: { json: { infoBufferSize: '0' }, text: { infoBufferSize: '0' } }, verbosity: 0 },
    memorySwap: {},
    nodeStatusReportFrequency: '0s',
    nodeStatusUpdateFrequency: '0s',
    rotateCertificates: true,
    runtimeRequestTimeout: '0s',
    shutdownGracePeriod: '0s',
    shutdownGracePeriodCriticalPods: '0s',
    staticPodPath: '/etc/kubernetes/manifests',
    streamingConnectionIdleTimeout: '0s',
    syncFrequency: '0s',
    volumeStatsAggPeriod: '0s',
  }
}

/** An empty directory where a file belongs is what a mount of it left. */
function isThere(root: DirectoryInode, path: string): boolean {
  let inode: Inode | undefined = root
  for (const part of path.split('/').filter((each) => each !== '')) {
    if (inode?.kind !== 'directory') return false
    inode = (inode as DirectoryInode).get(part)
  }
  return inode !== undefined && !(inode.kind === 'directory' && inode.names().length === 0)
}
