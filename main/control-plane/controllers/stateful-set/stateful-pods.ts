import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet, Volume } from '../../../api/generated/types.ts'
import { revisionHashLabel } from '../framework/controller-revisions.ts'
import { podFromTemplate } from '../framework/pod-control.ts'

const podNameLabel = 'statefulset.kubernetes.io/pod-name'
const podIndexLabel = 'apps.kubernetes.io/pod-index'

export function startOf(set: StatefulSet): number {
  return set.spec?.ordinals?.start ?? 0
}

export function replicasOf(set: StatefulSet): number {
  return set.spec?.replicas ?? 1
}

/** The ordinal of a pod that belongs to the set by its name; undefined for any other. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`
  const rest = pod.metadata.name.startsWith(prefix) ? pod.metadata.name.slice(prefix.length) : ''
  return /^(0|[1-9]\d*)$/.test(rest) ? Number(rest) : undefined
}

export function revisionNameOf(pod: Pod): string {
  return pod.metadata.labels?.[revisionHashLabel] ?? ''
}

/** The pod of one ordinal: its name, its host name and its storage stay the same however often it is made. */
export function statefulPod(set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Pod {
  const pod = podFromTemplate(set, template)
  const name = `${set.metadata.name}-${ordinal}`
  const { generateName: _, ...metadata } = pod.metadata
  const claims = claimVolumes(set, ordinal)
  const claimed = new Set(claims.map((volume) => volume.name))
  const volumes = [...(pod.spec?.volumes ?? []).filter((volume) => !claimed.has(volume.name)), ...claims]
  const serviceName = set.spec?.serviceName
  return {
    ...pod,
    metadata: { ...metadata, name, labels: { ...metadata.labels, [podNameLabel]: name, [podIndexLabel]: String(ordinal), [revisionHashLabel]: revision } },
    spec: { ...pod.spec!, hostname: name, ...(serviceName ? { subdomain: serviceName } : {}), ...(volumes.length > 0 ? { volumes } : {}) },
  }
}

function claimVolumes(set: StatefulSet, ordinal: number): Volume[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((claim) => ({ name: claim.metadata.name, persistentVolumeClaim: { claimName: claimNameOf(set, claim, ordinal) } }))
}

function claimNameOf(set: StatefulSet, claim: PersistentVolumeClaim, ordinal: number): string {
  return `${claim.metadata.name}-${set.metadata.name}-${ordinal}`
}

/** The claims of one ordinal. */
export function claimsOf(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((claim) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...claim.metadata, name: claimNameOf(set, claim, ordinal), namespace: set.metadata.namespace ?? '', labels: { ...claim.metadata.labels, ...set.spec?.selector.matchLabels } },
    ...(claim.spec ? { spec: claim.spec } : {}),
  }))
}
