/** The admission plugins that a kubeadm cluster of Kubernetes 1.36 has on, in the order in which they run (after upstream's
 *  AllOrderedPlugins), whether or not this server has each of them from its start: a plugin finds its place by its name,
 *  whenever it is plugged in. */
const order = [
  'NamespaceLifecycle',
  'LimitRanger',
  'ServiceAccount',
  'NodeRestriction',
  'TaintNodesByCondition',
  'PodSecurity',
  'Priority',
  'DefaultTolerationSeconds',
  'DefaultStorageClass',
  'StorageObjectInUseProtection',
  'PersistentVolumeClaimResize',
  'RuntimeClass',
  'CertificateApproval',
  'CertificateSigning',
  'ClusterTrustBundleAttest',
  'CertificateSubjectRestriction',
  'DefaultIngressClass',
  'PodTopologyLabels',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionWebhook',
  'ResourceQuota',
  // No plugins upstream: the registries of roles, policies, claims and bindings check around their writes.
  'RBACEscalationCheck',
  'PolicyReferenceCheck',
  'DeviceAdminAccessCheck',
] as const

export type AdmissionPluginName = (typeof order)[number]

/** The place of a plugin among all others. */
export function placeOf(name: AdmissionPluginName): number {
  return order.indexOf(name)
}
