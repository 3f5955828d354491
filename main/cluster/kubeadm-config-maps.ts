import { formatYaml } from '../api/machinery/codec/yaml-format.ts'
import type { ConfigMap } from '../api/generated/types.ts'
import { kubeletConfiguration } from './node-files.ts'
import type { ClusterSpec } from './spec.ts'

const systemNamespace = 'kube-system'

/** What kubeadm leaves in the cluster for those who join and for its own upgrades: its configuration, every kubelet's, and where the
 *  cluster is and whose certificates to believe, which anybody may read. Their roles come with the API server's policy. `server` is the URL of
 *  the control-plane endpoint, `caCertificate` PEM. */
export function kubeadmConfigMaps(spec: ClusterSpec, server: string, caCertificate: string): ConfigMap[] {
  return [
    configMap(systemNamespace, 'kubeadm-config', { ClusterConfiguration: formatYaml(clusterConfiguration(spec, server)) }),
    configMap(systemNamespace, 'kubelet-config', { kubelet: formatYaml(kubeletConfiguration(spec)) }),
    configMap('kube-public', 'cluster-info', { kubeconfig: formatYaml(clusterInfo(server, caCertificate)) }),
  ]
}

function configMap(namespace: string, name: string, data: Readonly<Record<string, string>>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { ...data } }
}

/** A kubeconfig without a user: who reads it brings a token. */
function clusterInfo(server: string, caCertificate: string): object {
  return {
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': btoa(caCertificate), server }, name: '' }],
    contexts: null,
    'current-context': '',
    kind: 'Config',
    users: null,
  }
}

function clusterConfiguration(spec: ClusterSpec, server: string): object {
  return {
    apiServer: {},
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    caCertificateValidityPeriod: '87600h0m0s',
    certificateValidityPeriod: '8760h0m0s',
    certificatesDir: '/etc/kubernetes/pki',
    clusterName: spec.name,
    ...(spec.loadBalancerAddress === undefined ? {} : { controlPlaneEndpoint: server.slice('https://'.length) }),
    controllerManager: {},
    dns: {},
    encryptionAlgorithm: 'ECDSA-P256',
    etcd: { local: { dataDir: '/var/lib/etcd' } },
    imageRepository: 'registry.k8s.io',
    kind: 'ClusterConfiguration',
    kubernetesVersion: spec.kubernetesVersion,
    networking: { dnsDomain: spec.clusterDomain, podSubnet: spec.podCidr, serviceSubnet: spec.serviceCidr },
    proxy: {},
    scheduler: {},
  }
}
