/** All kinds that the API server knows by itself. Custom resources are added at run time beside these. */
import { mutatingAdmissionPolicyKind } from './admissionregistration/mutating-admission-policy.ts'
import { mutatingAdmissionPolicyBindingKind } from './admissionregistration/mutating-admission-policy-binding.ts'
import { mutatingWebhookConfigurationKind } from './admissionregistration/mutating-webhook-configuration.ts'
import { validatingAdmissionPolicyKind } from './admissionregistration/validating-admission-policy.ts'
import { validatingAdmissionPolicyBindingKind } from './admissionregistration/validating-admission-policy-binding.ts'
import { validatingWebhookConfigurationKind } from './admissionregistration/validating-webhook-configuration.ts'
import { customResourceDefinitionKind } from './apiextensions/custom-resource-definition.ts'
import { apiServiceKind } from './apiregistration/api-service.ts'
import { controllerRevisionKind } from './apps/controller-revision.ts'
import { daemonSetKind } from './apps/daemon-set.ts'
import { deploymentKind } from './apps/deployment.ts'
import { replicaSetKind } from './apps/replica-set.ts'
import { statefulSetKind } from './apps/stateful-set.ts'
import { selfSubjectReviewKind, tokenReviewKind } from './authentication/reviews.ts'
import { localSubjectAccessReviewKind, selfSubjectAccessReviewKind, selfSubjectRulesReviewKind, subjectAccessReviewKind } from './authorization/reviews.ts'
import { horizontalPodAutoscalerKind } from './autoscaling/horizontal-pod-autoscaler.ts'
import { horizontalPodAutoscalerV1Kind } from './autoscaling/horizontal-pod-autoscaler-v1.ts'
import { cronJobKind } from './batch/cron-job.ts'
import { jobKind } from './batch/job.ts'
import { certificateSigningRequestKind } from './certificates/certificate-signing-request.ts'
import { leaseKind } from './coordination/lease.ts'
import { bindingKind } from './core/binding.ts'
import { componentStatusKind } from './core/component-status.ts'
import { configMapKind } from './core/config-map.ts'
import { endpointsKind } from './core/endpoints.ts'
import { eventKind } from './core/event.ts'
import { limitRangeKind } from './core/limit-range.ts'
import { namespaceKind } from './core/namespace.ts'
import { nodeKind } from './core/node.ts'
import { persistentVolumeKind } from './core/persistent-volume.ts'
import { persistentVolumeClaimKind } from './core/persistent-volume-claim.ts'
import { podKind } from './core/pod.ts'
import { podTemplateKind } from './core/pod-template.ts'
import { replicationControllerKind } from './core/replication-controller.ts'
import { resourceQuotaKind } from './core/resource-quota.ts'
import { secretKind } from './core/secret.ts'
import { serviceAccountKind } from './core/service-account.ts'
import { serviceKind } from './core/service.ts'
import { endpointSliceKind } from './discovery/endpoint-slice.ts'
import { eventsEventKind } from './events/event.ts'
import { flowSchemaKind } from './flowcontrol/flow-schema.ts'
import { priorityLevelConfigurationKind } from './flowcontrol/priority-level-configuration.ts'
import type { Kind } from './kind.ts'
import { ingressClassKind } from './networking/ingress-class.ts'
import { ingressKind } from './networking/ingress.ts'
import { ipAddressKind } from './networking/ip-address.ts'
import { networkPolicyKind } from './networking/network-policy.ts'
import { serviceCIDRKind } from './networking/service-cidr.ts'
import { runtimeClassKind } from './node/runtime-class.ts'
import { podDisruptionBudgetKind } from './policy/pod-disruption-budget.ts'
import { clusterRoleBindingKind } from './rbac/cluster-role-binding.ts'
import { clusterRoleKind } from './rbac/cluster-role.ts'
import { roleBindingKind } from './rbac/role-binding.ts'
import { roleKind } from './rbac/role.ts'
import { deviceClassKind } from './resource/device-class.ts'
import { resourceClaimTemplateKind } from './resource/resource-claim-template.ts'
import { resourceClaimKind } from './resource/resource-claim.ts'
import { resourceSliceKind } from './resource/resource-slice.ts'
import { priorityClassKind } from './scheduling/priority-class.ts'
import { csiDriverKind } from './storage/csi-driver.ts'
import { csiNodeKind } from './storage/csi-node.ts'
import { csiStorageCapacityKind } from './storage/csi-storage-capacity.ts'
import { storageClassKind } from './storage/storage-class.ts'
import { volumeAttachmentKind } from './storage/volume-attachment.ts'
import { volumeAttributesClassKind } from './storage/volume-attributes-class.ts'

/** In the order of `kubectl api-resources`: core first, then by group. */
export const builtInKinds: readonly Kind[] = [
  bindingKind,
  componentStatusKind,
  configMapKind,
  endpointsKind,
  eventKind,
  limitRangeKind,
  namespaceKind,
  nodeKind,
  persistentVolumeKind,
  persistentVolumeClaimKind,
  podKind,
  podTemplateKind,
  replicationControllerKind,
  resourceQuotaKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
  mutatingAdmissionPolicyKind,
  mutatingAdmissionPolicyBindingKind,
  mutatingWebhookConfigurationKind,
  validatingAdmissionPolicyKind,
  validatingAdmissionPolicyBindingKind,
  validatingWebhookConfigurationKind,
  customResourceDefinitionKind,
  apiServiceKind,
  controllerRevisionKind,
  daemonSetKind,
  deploymentKind,
  replicaSetKind,
  statefulSetKind,
  selfSubjectReviewKind,
  tokenReviewKind,
  localSubjectAccessReviewKind,
  selfSubjectAccessReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
  horizontalPodAutoscalerKind,
  horizontalPodAutoscalerV1Kind,
  cronJobKind,
  jobKind,
  certificateSigningRequestKind,
  leaseKind,
  endpointSliceKind,
  eventsEventKind,
  flowSchemaKind,
  priorityLevelConfigurationKind,
  ingressClassKind,
  ingressKind,
  ipAddressKind,
  networkPolicyKind,
  serviceCIDRKind,
  runtimeClassKind,
  podDisruptionBudgetKind,
  clusterRoleBindingKind,
  clusterRoleKind,
  roleBindingKind,
  roleKind,
  deviceClassKind,
  resourceClaimTemplateKind,
  resourceClaimKind,
  resourceSliceKind,
  priorityClassKind,
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  storageClassKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
]

let byKind: ReadonlyMap<string, Kind> | undefined
let byResource: ReadonlyMap<string, Kind> | undefined

/** The built-in kind of that group and name, in the version that comes first; or undefined. */
export function kindFor(group: string, kind: string): Kind | undefined {
  byKind ??= new Map([...builtInKinds].reverse().map((each) => [`${each.group}/${each.kind}`, each]))
  return byKind.get(`${group}/${kind}`)
}

/** The built-in kind served at that group, version and plural, or undefined. */
export function kindForResource(group: string, version: string, plural: string): Kind | undefined {
  byResource ??= new Map(builtInKinds.map((each) => [`${each.group}/${each.version}/${each.plural}`, each]))
  return byResource.get(`${group}/${version}/${plural}`)
}
