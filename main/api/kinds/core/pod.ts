import type { Pod } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { keepStatus } from '../spec-and-status.ts'
import { mergePodLabelKeys } from './label-keys.ts'
import { podColumns, podRowConditions } from './pod-columns.ts'
import { defaultPod } from './pod-defaults.ts'
import { podHealth, podRelations } from './pod-health.ts'
import { podQosClass } from './pod-qos.ts'
import { keepNonEphemeral, keepNonResized, preparePodStatus } from './pod-subresources.ts'
import { validateEphemeralContainersUpdate, validatePodResize, validatePodStatusUpdate, validatePodUpdate } from './pod-update-validation.ts'
import { validatePod } from './pod-validation.ts'
import { podWarnings } from './pod-warnings.ts'

const eviction = { group: 'policy', version: 'v1', kind: 'Eviction', schema: 'io.k8s.api.policy.v1.Eviction' }
const binding = { group: '', version: 'v1', kind: 'Binding', schema: 'io.k8s.api.core.v1.Binding' }
const anyVerb = ['create', 'delete', 'get', 'patch', 'update'] as const

export const podKind = defineKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.core.v1.Pod',
  storagePrefix: 'pods',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    generationOf: (pod) => pod.spec,
    defaults: defaultPod,
    prepareForCreate(pod) {
      mergePodLabelKeys(pod)
      pod.status = { phase: 'Pending', qosClass: podQosClass(pod.spec ?? { containers: [] }) }
      if (pod.spec?.schedulingGates?.length) {
        pod.status.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' }]
      }
    },
    prepareForUpdate(pod, old) {
      keepStatus(pod, old)
    },
    validate: validatePod,
    validateUpdate: validatePodUpdate,
    warnings: podWarnings,
    gracePeriodSeconds: podGracePeriod,
  },
  subresources: [
    { type: 'status', prepareForUpdate: preparePodStatus, validateUpdate: validatePodStatusUpdate },
    { type: 'named', name: 'attach', verbs: ['create', 'get'] },
    { type: 'named', name: 'binding', verbs: ['create'], body: binding },
    { type: 'named', name: 'ephemeralcontainers', verbs: ['get', 'patch', 'update'], strategy: { prepareForUpdate: keepNonEphemeral, validateUpdate: validateEphemeralContainersUpdate } },
    { type: 'named', name: 'eviction', verbs: ['create'], body: eviction },
    { type: 'named', name: 'exec', verbs: ['create', 'get'] },
    { type: 'named', name: 'log', verbs: ['get'] },
    { type: 'named', name: 'portforward', verbs: ['create', 'get'] },
    { type: 'named', name: 'proxy', verbs: anyVerb },
    { type: 'named', name: 'resize', verbs: ['get', 'patch', 'update'], strategy: { prepareForUpdate: keepNonResized, validateUpdate: validatePodResize } },
  ],
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
    'spec.restartPolicy': (pod) => pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': (pod) => pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(pod.spec?.hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '',
    'status.podIP': (pod) => pod.status?.podIPs?.[0]?.ip ?? '',
    'status.podIPs': (pod) => pod.status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
  },
  columns: podColumns,
  rowConditions: podRowConditions,
  health: podHealth,
  relations: podRelations,
})

/** How long a pod gets to stop: what was asked for, else its own period; nothing when it never ran or has ended. */
function podGracePeriod(pod: Pod, requested: number | undefined): number {
  if (!pod.spec?.nodeName) return 0
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 0
  const period = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30
  return period < 0 ? 1 : period
}
