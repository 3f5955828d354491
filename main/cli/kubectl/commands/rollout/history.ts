import { jsonEqual } from '../../../../api/machinery/equality.ts'
import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'
import type { CommandContext } from '../../command.ts'
import { align } from '../../printing/tab-writer.ts'
import { listObjects } from '../../resources/objects.ts'
import type { Info } from '../../resources/visit.ts'
import type { Workload } from './status.ts'

export const revisionAnnotation = 'deployment.kubernetes.io/revision'
const changeCauseAnnotation = 'kubernetes.io/change-cause'
const hashLabel = 'pod-template-hash'

export interface Template {
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> }
  readonly spec?: object
}
export interface Revision {
  readonly number: number
  readonly object: KubeObject
  readonly template: Template
  /** What -o prints of it; the object itself without. */
  readonly shown?: KubeObject
}

/** The revisions of a deployment, oldest first, by its replica sets. */
export async function revisionsOf(context: CommandContext, info: Info): Promise<Revision[]> {
  const resource = await context.factory.mapper().byKind('apps/v1', 'ReplicaSet')
  const labels = (info.object as Workload).spec?.selector?.matchLabels ?? {}
  const labelSelector = Object.keys(labels).sort().map((key) => `${key}=${labels[key]}`).join(',')
  const sets = await listObjects<KubeObject & { spec?: { template?: Template } }>(context, resource, info.namespace, { labelSelector })
  return sets
    .filter((set) => set.metadata?.ownerReferences?.some((owner) => owner.controller && owner.uid === info.object.metadata?.uid))
    .map((set) => ({ number: Number(set.metadata?.annotations?.[revisionAnnotation] ?? 0), object: set, template: set.spec?.template ?? {} }))
    .sort((a, b) => a.number - b.number)
}

/** `REVISION  CHANGE-CAUSE` and a line for each. */
export function historyTable(revisions: readonly Revision[]): string {
  const rows = revisions.map(({ number, object }) => [String(number), object.metadata?.annotations?.[changeCauseAnnotation] || '<none>'])
  return align([['REVISION', 'CHANGE-CAUSE'], ...rows], 0, 2)
}

export function withoutHash(template: Template): Template {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** Equal but for the hash that the controller adds. */
export function sameTemplate(a: Template, b: Template): boolean {
  return jsonEqual(withoutHash(a), withoutHash(b))
}

/** The revision to go back to: the one named, or the last but one. */
export function rollbackRevision(revisions: readonly Revision[], to: number, name: string): Revision {
  if (to > 0) {
    const found = revisions.find((revision) => revision.number === to)
    if (!found) throw new CliError(`unable to find specified revision ${to} in history`)
    return found
  }
  const previous = revisions.at(-2)
  if (!previous) throw new CliError(`no rollout history found for deployment ${JSON.stringify(name)}`)
  return previous
}
