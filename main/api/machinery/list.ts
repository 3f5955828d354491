/** Lists as the API returns them. */
import type { ListMeta } from '../generated/types.ts'
import type { KubeList, KubeObject } from './object.ts'

/** A list of a kind: `DeploymentList` of `apps/v1`. Items keep their own apiVersion and kind. */
export function listOf<T extends KubeObject>(apiVersion: string, kind: string, items: T[], metadata: ListMeta = {}): KubeList<T> {
  return { kind: `${kind}List`, apiVersion, metadata, items }
}

/** Whether a decoded body is a list (has items). */
export function isList(value: unknown): value is KubeList {
  return typeof value === 'object' && value !== null && Array.isArray((value as { items?: unknown }).items)
}
