import type { ControllerDefinition } from '../../api/client/controller.ts'
import { attachDetachController } from './attach-detach/attach-detach-controller.ts'
import { bootstrapSignerController } from './bootstrap-tokens/bootstrap-signer-controller.ts'
import { tokenCleanerController } from './bootstrap-tokens/token-cleaner-controller.ts'
import { certificateApprovingController } from './certificate-signing-request/certificate-approving-controller.ts'
import { certificateCleanerController } from './certificate-signing-request/certificate-cleaner-controller.ts'
import { certificateSigningController } from './certificate-signing-request/certificate-signing-controller.ts'
import { clusterRoleAggregationController } from './cluster-role-aggregation/cluster-role-aggregation-controller.ts'
import { cronJobController } from './cron-job/cron-job-controller.ts'
import { daemonSetController } from './daemon-set/daemon-set-controller.ts'
import { deploymentController } from './deployment/deployment-controller.ts'
import { disruptionController } from './disruption/disruption-controller.ts'
import { endpointSliceMirroringController } from './endpoint-slice-mirroring/endpoint-slice-mirroring-controller.ts'
import { endpointSliceController } from './endpoint-slice/endpoint-slice-controller.ts'
import { endpointsController } from './endpoints/endpoints-controller.ts'
import { ephemeralVolumeController } from './ephemeral-volume/ephemeral-volume-controller.ts'
import { garbageCollectorController } from './garbage-collector/garbage-collector-controller.ts'
import { horizontalPodAutoscalerController } from './horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts'
import { jobController } from './job/job-controller.ts'
import type { KubeControllerManagerOptions } from './kube-controller-manager.ts'
import { legacyServiceAccountTokenCleaner } from './legacy-service-account-token-cleaner/legacy-service-account-token-cleaner.ts'
import { namespaceController } from './namespace/namespace-controller.ts'
import { nodeIpamController } from './node-ipam/node-ipam-controller.ts'
import { nodeLifecycleController } from './node-lifecycle/node-lifecycle-controller.ts'
import { persistentVolumeBinderController } from './persistent-volume-binder/persistent-volume-binder-controller.ts'
import { persistentVolumeExpanderController } from './persistent-volume-expander/persistent-volume-expander-controller.ts'
import { podGarbageCollector } from './pod-garbage-collector/pod-garbage-collector.ts'
import { replicaSetController } from './replica-set/replica-set-controller.ts'
import { replicationControllerController } from './replica-set/replication-controller-controller.ts'
import { resourceClaimController } from './resource-claim/resource-claim-controller.ts'
import { resourceQuotaController } from './resource-quota/resource-quota-controller.ts'
import { rootCertificatePublisher } from './service-account/root-certificate-publisher.ts'
import { serviceAccountController } from './service-account/service-account-controller.ts'
import { tokensController } from './service-account/tokens-controller.ts'
import { serviceCidrController } from './service-cidr/service-cidr-controller.ts'
import { statefulSetController } from './stateful-set/stateful-set-controller.ts'
import { taintEvictionController } from './taint-eviction/taint-eviction-controller.ts'
import { ttlController } from './ttl/ttl-controller.ts'
import { ttlAfterFinishedController } from './ttl-after-finished/ttl-after-finished-controller.ts'
import { validatingAdmissionPolicyStatusController } from './validating-admission-policy-status/validating-admission-policy-status-controller.ts'
import { persistentVolumeClaimProtectionController } from './volume-protection/persistent-volume-claim-protection-controller.ts'
import { persistentVolumeProtectionController } from './volume-protection/persistent-volume-protection-controller.ts'
import { volumeAttributesClassProtectionController } from './volume-protection/volume-attributes-class-protection-controller.ts'

/** Every controller of the manager, in the order in which they are started. */
export function controllersOf(options: KubeControllerManagerOptions): ControllerDefinition[] {
  const { signToken, rootCertificate } = options
  return [
    ...(signToken === undefined || rootCertificate === undefined ? [] : [tokensController({ sign: signToken, rootCertificate })]),
    serviceAccountController,
    ...(options.rootCertificate === undefined ? [] : [rootCertificatePublisher(options.rootCertificate)]),
    ...(options.allocateNodeCidrs === false ? [] : [nodeIpamController(options.clusterCidr ?? '10.244.0.0/16', options.nodeCidrMaskSize ?? 24)]),
    nodeLifecycleController(options.nodeMonitorGracePeriodMs === undefined ? {} : { gracePeriodMs: options.nodeMonitorGracePeriodMs }),
    taintEvictionController,
    resourceQuotaController,
    namespaceController,
    daemonSetController,
    deploymentController,
    replicaSetController,
    replicationControllerController,
    statefulSetController,
    jobController,
    cronJobController,
    ttlAfterFinishedController,
    disruptionController,
    horizontalPodAutoscalerController,
    endpointsController,
    endpointSliceController,
    endpointSliceMirroringController,
    garbageCollectorController,
    clusterRoleAggregationController,
    ...(options.certificateAuthority === undefined ? [] : [certificateSigningController(options.certificateAuthority)]),
    certificateApprovingController,
    certificateCleanerController,
    serviceCidrController,
    ttlController,
    bootstrapSignerController,
    tokenCleanerController,
    legacyServiceAccountTokenCleaner(),
    attachDetachController,
    persistentVolumeBinderController,
    persistentVolumeClaimProtectionController,
    persistentVolumeProtectionController,
    persistentVolumeExpanderController,
    volumeAttributesClassProtectionController,
    ephemeralVolumeController,
    resourceClaimController,
    validatingAdmissionPolicyStatusController,
    podGarbageCollector(options.terminatedPodsMax),
  ]
}
