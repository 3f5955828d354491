import type { ApiClient } from '../../../api/client/contract.ts'
import type { ControllerRevision } from '../../../api/generated/types.ts'
import { controllerRevisionKind } from '../../../api/kinds/apps/controller-revision.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { controllerReference, type KubeObject } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'

export const revisionHashLabel = 'controller-revision-hash'

/** A revision that holds `data`, named after its hash. */
export function revisionOf(owner: KubeObject, labels: Readonly<Record<string, string>> | undefined, hash: string, revision: number, data: unknown): ControllerRevision {
  const { name, namespace, annotations } = owner.metadata
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      namespace: namespace ?? '',
      labels: { ...labels, [revisionHashLabel]: hash },
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  }
}

/** Oldest first. */
export function sortedRevisions(revisions: readonly ControllerRevision[]): ControllerRevision[] {
  return [...revisions].sort((a, b) => a.revision - b.revision || compareBytes(a.metadata.name, b.metadata.name))
}

/** The newest revision with this data. */
export function matchingRevision(revisions: readonly ControllerRevision[], data: unknown): ControllerRevision | undefined {
  return sortedRevisions(revisions).reverse().find((revision) => semanticEqual(revision.data, data))
}

/** Deletes the oldest revisions beyond `limit` that are not `live`. */
export async function trimRevisions(client: ApiClient, old: readonly ControllerRevision[], live: ReadonlySet<string>, limit: number): Promise<void> {
  const idle = sortedRevisions(old).filter((revision) => !live.has(revision.metadata.name) && !live.has(revision.metadata.labels?.[revisionHashLabel] ?? ''))
  for (const { metadata } of idle.slice(0, Math.max(0, idle.length - limit))) {
    await client.delete(controllerRevisionKind, metadata.name, metadata.namespace).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
}
