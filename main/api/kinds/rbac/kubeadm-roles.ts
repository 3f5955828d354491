/** What kubeadm adds for joining nodes, its administrators and its add-ons. */
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../../generated/types.ts'
import { account, clusterRole, clusterRoleBinding, group, role, roleBinding, rule, user } from './policy-rule.ts'

const joining = 'system:bootstrappers:kubeadm:default-node-token'
const csrs = 'system:certificates.k8s.io:certificatesigningrequests'
const system = 'kube-system'

export function kubeadmClusterRoles(): ClusterRole[] {
  return [
    clusterRole('kubeadm:get-nodes', [rule('get', '', 'nodes')], undefined, false),
    clusterRole('system:coredns', [rule('list,watch', '', 'endpoints,services,pods,namespaces'), rule('list,watch', 'discovery.k8s.io', 'endpointslices')], undefined, false),
  ]
}

export function kubeadmClusterRoleBindings(): ClusterRoleBinding[] {
  return [
    clusterRoleBinding('kubeadm:cluster-admins', 'cluster-admin', [group('kubeadm:cluster-admins')], false),
    clusterRoleBinding('kubeadm:get-nodes', 'kubeadm:get-nodes', [group(joining)], false),
    clusterRoleBinding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', [group(joining)], false),
    clusterRoleBinding('kubeadm:node-autoapprove-bootstrap', `${csrs}:nodeclient`, [group(joining)], false),
    clusterRoleBinding('kubeadm:node-autoapprove-certificate-rotation', `${csrs}:selfnodeclient`, [group('system:nodes')], false),
    clusterRoleBinding('kubeadm:node-proxier', 'system:node-proxier', [account(system, 'kube-proxy')], false),
    clusterRoleBinding('system:coredns', 'system:coredns', [account(system, 'coredns')], false),
  ]
}

export function kubeadmRoles(): Role[] {
  const reader = (namespace: string, name: string, map: string): Role => role(namespace, name, [rule('get', '', 'configmaps', map)], false)
  return [
    reader(system, 'kube-proxy', 'kube-proxy'),
    reader(system, 'kubeadm:kubelet-config', 'kubelet-config'),
    reader(system, 'kubeadm:nodes-kubeadm-config', 'kubeadm-config'),
    reader('kube-public', 'kubeadm:bootstrap-signer-clusterinfo', 'cluster-info'),
  ]
}

export function kubeadmRoleBindings(): RoleBinding[] {
  const nodes = [group('system:nodes'), group(joining)]
  return [
    roleBinding(system, 'kube-proxy', 'kube-proxy', [group(joining)], false),
    roleBinding(system, 'kubeadm:kubelet-config', 'kubeadm:kubelet-config', nodes, false),
    roleBinding(system, 'kubeadm:nodes-kubeadm-config', 'kubeadm:nodes-kubeadm-config', nodes, false),
    roleBinding('kube-public', 'kubeadm:bootstrap-signer-clusterinfo', 'kubeadm:bootstrap-signer-clusterinfo', [user('system:anonymous')], false),
  ]
}
