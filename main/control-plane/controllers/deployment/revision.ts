import type { ReplicaSet } from '../../../api/generated/types.ts'

export const revisionAnnotation = 'deployment.kubernetes.io/revision'

/** The revision that a ReplicaSet carries; 0 without one. */
export function revisionOf(set: ReplicaSet): number {
  return integerOf(set.metadata.annotations?.[revisionAnnotation]) ?? 0
}

export function integerOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined
}
