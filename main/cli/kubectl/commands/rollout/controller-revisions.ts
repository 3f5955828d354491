import { jsonEqual } from '../../../../api/machinery/equality.ts'
import type { JsonObject } from '../../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'
import type { CommandContext } from '../../command.ts'
import { listObjects } from '../../resources/objects.ts'
import type { Info } from '../../resources/visit.ts'
import { definitionOf } from '../../typed.ts'
import type { Revision, Template } from './history.ts'
import type { Workload } from './status.ts'

interface ControllerRevision extends KubeObject {
  readonly revision?: number
  /** A strategic merge patch of the workload. */
  readonly data?: JsonObject
}

export interface StoredRevision extends Revision {
  readonly patch: JsonObject
}

/** The revisions of a daemon set or stateful set, oldest first: each with the pod template that it stands for. */
export async function storedRevisions(context: CommandContext, info: Info): Promise<StoredRevision[]> {
  const { applyStrategicMergePatch } = await import('../../../../api/machinery/strategic-merge-patch.ts')
  const resource = await context.factory.mapper().byKind('apps/v1', 'ControllerRevision')
  const labels = (info.object as unknown as Workload).spec?.selector?.matchLabels ?? {}
  const labelSelector = Object.keys(labels).sort().map((key) => `${key}=${labels[key]}`).join(',')
  const revisions = await listObjects<ControllerRevision>(context, resource, info.namespace, { labelSelector })
  const definition = definitionOf(info.object.apiVersion ?? '', info.object.kind ?? '')!
  return revisions
    .filter((revision) => revision.metadata?.ownerReferences?.some((owner) => owner.controller && owner.uid === info.object.metadata?.uid))
    .map((object) => {
      const patch = object.data ?? {}
      const then = applyStrategicMergePatch(info.object as unknown as JsonObject, patch, definition) as { spec?: { template?: Template } }
      return { number: object.revision ?? 0, object, patch, template: then.spec?.template ?? {}, shown: then as unknown as KubeObject }
    })
    .sort((a, b) => a.number - b.number)
}

/** The revision to go back to: the one named, or the last but one. */
export function storedRollback(revisions: readonly StoredRevision[], to: number): StoredRevision {
  if (to > 0) {
    const found = revisions.find(({ number }) => number === to)
    if (!found) throw new CliError(`unable to find specified revision ${to} in history`)
    return found
  }
  const previous = revisions.at(-2)
  if (!previous) throw new CliError('no last revision to roll back to')
  return previous
}

/** Whether the workload's template is that of the revision already. */
export function isCurrent(info: Info, { template }: StoredRevision): boolean {
  return jsonEqual((info.object as { spec?: { template?: object } }).spec?.template ?? {}, template)
}
