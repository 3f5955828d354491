import type { DaemonSet, Deployment, Pod, ReplicaSet, ReplicationController, StatefulSet } from '../../../api/generated/types.ts'
import { canonicalJson } from '../../../api/machinery/hash.ts'
import { formatLabelSelector, formatSelector, selectorFromSet, selectorOf } from '../../../api/machinery/labels.ts'
import { controllerOf, isControlledBy, type KubeObject } from '../../../api/machinery/object.ts'
import { timeOr0 } from '../../../api/machinery/time.ts'
import { describeClaimTemplates } from './claim-templates.ts'
import { Description, timeText } from './description.ts'
import { readList, type Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'
import { describeAnnotations, describeLabels, labelLine } from './labels.ts'
import { describeController } from './pod.ts'
import { describePodTemplate } from './pod-template.ts'

function describeName(out: Description, { metadata }: KubeObject): void {
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
}

/** `2 Running / 0 Waiting / 0 Succeeded / 0 Failed` of the pods that the object controls. */
async function podCounts(object: KubeObject, labelSelector: string, around: Surroundings): Promise<string> {
  const pods = await readList<Pod>(around, `/api/v1/namespaces/${object.metadata.namespace ?? ''}/pods`, { labelSelector })
  const phases = pods.filter((pod) => controllerOf(pod)?.uid === object.metadata.uid).map((pod) => pod.status?.phase)
  const count = (phase: string): number => phases.filter((each) => each === phase).length
  return `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`
}

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
}

function describeConditions(out: Description, conditions: readonly Condition[] | undefined): void {
  if (!conditions?.length) return
  out.write(0, 'Conditions:\n  Type\tStatus\tReason\n')
  out.write(1, '----\t------\t------\n')
  for (const { type, status, reason = '' } of conditions) out.write(1, `${type} \t${status}\t${reason}\n`)
}

export async function describeDeployment(deployment: Deployment, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = deployment
  const [events, sets] = await Promise.all([eventsOf(deployment, around), replicaSetsOf(deployment, around)])
  const out = new Description()
  describeName(out, deployment)
  out.write(0, `CreationTimestamp:\t${timeText(metadata.creationTimestamp)}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Selector:\t${formatSelector(selectorOf(spec?.selector))}\n`)
  out.write(0, `Replicas:\t${spec?.replicas ?? 0} desired | ${status?.updatedReplicas ?? 0} updated | ${status?.replicas ?? 0} total | ${status?.availableReplicas ?? 0} available | ${status?.unavailableReplicas ?? 0} unavailable\n`)
  out.write(0, `StrategyType:\t${spec?.strategy?.type ?? ''}\n`)
  out.write(0, `MinReadySeconds:\t${spec?.minReadySeconds ?? 0}\n`)
  const rolling = spec?.strategy?.rollingUpdate
  if (rolling) out.write(0, `RollingUpdateStrategy:\t${rolling.maxUnavailable ?? '<nil>'} max unavailable, ${rolling.maxSurge ?? '<nil>'} max surge\n`)
  describePodTemplate(out, spec?.template)
  describeConditions(out, status?.conditions)
  if (sets && (sets.old.length > 0 || sets.current)) {
    out.write(0, `OldReplicaSets:\t${replicaSetsText(sets.old)}\n`)
    out.write(0, `NewReplicaSet:\t${replicaSetsText(sets.current ? [sets.current] : [])}\n`)
  }
  describeEvents(out, events, around.now)
  return out.toString()
}

/** The set of the present template and the others; undefined when they cannot be read. */
async function replicaSetsOf(deployment: Deployment, around: Surroundings): Promise<{ readonly old: ReplicaSet[]; readonly current: ReplicaSet | undefined } | undefined> {
  const path = `/apis/apps/v1/namespaces/${deployment.metadata.namespace ?? ''}/replicasets`
  const all = await readList<ReplicaSet>(around, path, { labelSelector: formatSelector(selectorOf(deployment.spec?.selector)) }).catch(() => undefined)
  if (!all) return undefined
  const owned = all.filter((set) => isControlledBy(set, deployment))
  const wanted = templateText(deployment.spec?.template)
  const current = [...owned].sort((a, b) => timeOr0(a.metadata.creationTimestamp) - timeOr0(b.metadata.creationTimestamp)).find((set) => templateText(set.spec?.template) === wanted)
  return { old: owned.filter((set) => set !== current), current }
}

/** A template without the label that only its ReplicaSet has. */
function templateText(template: NonNullable<ReplicaSet['spec']>['template']): string {
  const { 'pod-template-hash': _, ...labels } = template?.metadata?.labels ?? {}
  return canonicalJson({ ...template, metadata: { ...template?.metadata, labels } })
}

function replicaSetsText(sets: readonly ReplicaSet[]): string {
  return sets.map((set) => `${set.metadata.name} (${set.status?.replicas ?? 0}/${set.spec?.replicas ?? 0} replicas created)`).join(', ') || '<none>'
}

export async function describeReplicaSet(set: ReplicaSet, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = set
  const counts = await podCounts(set, formatSelector(selectorOf(spec?.selector)), around).catch((error: Error) => `error in fetching pods: ${error.message}`)
  const events = await eventsOf(set, around)
  const out = new Description()
  describeName(out, set)
  out.write(0, `Selector:\t${formatLabelSelector(spec?.selector)}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  describeController(out, set)
  out.write(0, `Replicas:\t${status?.replicas ?? 0} current / ${spec?.replicas ?? 0} desired\n`)
  out.write(0, `Pods Status:\t${counts}\n`)
  describePodTemplate(out, spec?.template)
  describeConditions(out, status?.conditions)
  describeEvents(out, events, around.now)
  return out.toString()
}

export async function describeReplicationController(controller: ReplicationController, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = controller
  const counts = await podCounts(controller, formatSelector(selectorFromSet(spec?.selector)), around)
  const events = await eventsOf(controller, around)
  const out = new Description()
  describeName(out, controller)
  out.write(0, `Selector:\t${labelLine(spec?.selector)}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Replicas:\t${status?.replicas ?? 0} current / ${spec?.replicas ?? 0} desired\n`)
  out.write(0, `Pods Status:\t${counts}\n`)
  describePodTemplate(out, spec?.template)
  describeConditions(out, status?.conditions)
  describeEvents(out, events, around.now)
  return out.toString()
}

export async function describeDaemonSet(set: DaemonSet, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = set
  const selector = formatSelector(selectorOf(spec?.selector))
  const counts = await podCounts(set, selector, around)
  const events = await eventsOf(set, around)
  const out = new Description()
  describeName(out, set)
  out.write(0, `Selector:\t${selector}\n`)
  out.write(0, `Node-Selector:\t${labelLine(spec?.template?.spec?.nodeSelector)}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Desired Number of Nodes Scheduled: ${status?.desiredNumberScheduled ?? 0}\n`)
  out.write(0, `Current Number of Nodes Scheduled: ${status?.currentNumberScheduled ?? 0}\n`)
  out.write(0, `Number of Nodes Scheduled with Up-to-date Pods: ${status?.updatedNumberScheduled ?? 0}\n`)
  out.write(0, `Number of Nodes Scheduled with Available Pods: ${status?.numberAvailable ?? 0}\n`)
  out.write(0, `Number of Nodes Misscheduled: ${status?.numberMisscheduled ?? 0}\n`)
  out.write(0, `Pods Status:\t${counts}\n`)
  describePodTemplate(out, spec?.template)
  describeEvents(out, events, around.now)
  return out.toString()
}

export async function describeStatefulSet(set: StatefulSet, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = set
  const selector = formatSelector(selectorOf(spec?.selector))
  const counts = await podCounts(set, selector, around)
  const events = await eventsOf(set, around)
  const out = new Description()
  describeName(out, set)
  out.write(0, `CreationTimestamp:\t${timeText(metadata.creationTimestamp)}\n`)
  out.write(0, `Selector:\t${selector}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Replicas:\t${spec?.replicas ?? 0} desired | ${status?.replicas ?? 0} total\n`)
  out.write(0, `Update Strategy:\t${spec?.updateStrategy?.type ?? ''}\n`)
  const rolling = spec?.updateStrategy?.rollingUpdate
  if (rolling?.partition !== undefined) {
    out.write(1, `Partition:\t${rolling.partition}\n`)
    if (rolling.maxUnavailable !== undefined) out.write(1, `MaxUnavailable:\t${rolling.maxUnavailable}\n`)
  }
  out.write(0, `Pods Status:\t${counts}\n`)
  describePodTemplate(out, spec?.template)
  describeClaimTemplates(out, spec?.volumeClaimTemplates)
  describeEvents(out, events, around.now)
  return out.toString()
}
