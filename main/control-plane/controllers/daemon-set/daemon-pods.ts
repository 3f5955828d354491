import type { DaemonSet, Node, Pod, PodSpec, PodTemplateSpec, Toleration } from '../../../api/generated/types.ts'
import { matchesRequiredNodeAffinity } from '../../../api/machinery/node-selector.ts'
import { schedulingEffects, untoleratedTaint } from '../../../api/machinery/taints.ts'
import { parseTime } from '../../../api/machinery/time.ts'
import { revisionHashLabel } from '../framework/controller-revisions.ts'
import { affinityPinnedTo, pinnedNode } from '../framework/node-pin.ts'
import { podFromTemplate } from '../framework/pod-control.ts'

const templateGenerationAnnotation = 'deprecated.daemonset.template.generation'
const templateGenerationLabel = 'pod-template-generation'

const taintsBorne: readonly (readonly [key: string, effect: string])[] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
]

/** A daemon pod bears the taints that say what its node suffers from. */
export function withDaemonTolerations(spec: PodSpec): PodSpec {
  const borne = spec.hostNetwork ? [...taintsBorne, ['node.kubernetes.io/network-unavailable', 'NoSchedule'] as const] : taintsBorne
  const tolerations: Toleration[] = [...(spec.tolerations ?? [])]
  for (const [key, effect] of borne) {
    const made: Toleration = { key, operator: 'Exists', effect }
    const index = tolerations.findIndex((each) => each.key === key && each.effect === effect && each.operator === 'Exists' && (each.value ?? '') === '')
    if (index < 0) tolerations.push(made)
    else tolerations[index] = made
  }
  return { ...spec, tolerations }
}

const borneBy = new WeakMap<DaemonSet, PodSpec>()

/** The set's pod spec with daemon tolerations, remembered per set: it is asked for every node. */
function daemonSpec(set: DaemonSet): PodSpec {
  let spec = borneBy.get(set)
  if (!spec) borneBy.set(set, (spec = withDaemonTolerations(set.spec?.template.spec ?? { containers: [] })))
  return spec
}

/** The template as pods get it: tolerations, and labels that say which revision it is. */
export function daemonTemplate(set: DaemonSet, hash: string): PodTemplateSpec {
  const template = set.spec!.template
  const generation = set.metadata.annotations?.[templateGenerationAnnotation]
  const labels = { ...template.metadata?.labels, ...(generation ? { [templateGenerationLabel]: generation } : {}), [revisionHashLabel]: hash }
  return { ...template, metadata: { ...template.metadata, labels }, spec: daemonSpec(set) }
}

/** The pod for one node: pinned by affinity, bound by the scheduler. */
export function daemonPod(set: DaemonSet, template: PodTemplateSpec, nodeName: string): Pod {
  return podFromTemplate(set, { ...template, spec: { ...template.spec!, affinity: affinityPinnedTo(template.spec!.affinity, nodeName) } })
}

/** Whether a node should have a daemon pod, and whether one that is there may stay. */
export function daemonFits(set: DaemonSet, node: Node): DaemonFit {
  // Asked for every node at every sync, and most of both are as they were.
  let known = fits.get(node)
  if (known?.template !== set.spec?.template || !known) fits.set(node, (known = { template: set.spec?.template, fit: fitOf(set, node) }))
  return known.fit
}

interface DaemonFit {
  readonly run: boolean
  readonly stay: boolean
}

const fits = new WeakMap<Node, { readonly template: PodTemplateSpec | undefined; readonly fit: DaemonFit }>()

function fitOf(set: DaemonSet, node: Node): DaemonFit {
  const spec = daemonSpec(set)
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return { run: false, stay: false }
  if (!matchesRequiredNodeAffinity({ apiVersion: 'v1', kind: 'Pod', metadata: set.metadata, spec }, node)) return { run: false, stay: false }
  const { taints } = node.spec ?? {}
  if (untoleratedTaint(taints, spec.tolerations, schedulingEffects)) return { run: false, stay: !untoleratedTaint(taints, spec.tolerations, ['NoExecute']) }
  return { run: true, stay: true }
}

/** Pods by the node that they are on or made for. */
export function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>()
  for (const pod of pods) {
    const node = pinnedNode(pod.spec)
    if (node === undefined) continue
    const list = byNode.get(node)
    if (list) list.push(pod)
    else byNode.set(node, [pod])
  }
  return byNode
}

/** Whether the pod is of the set's present template. */
export function isUpdated(pod: Pod, hash: string): boolean {
  return pod.metadata.labels?.[revisionHashLabel] === hash
}

/** Bound ones first, then oldest, then by name. */
export function byAge(a: Pod, b: Pod): number {
  return (
    Number(Boolean(b.spec?.nodeName)) - Number(Boolean(a.spec?.nodeName)) ||
    (parseTime(a.metadata.creationTimestamp) ?? 0) - (parseTime(b.metadata.creationTimestamp) ?? 0) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  )
}
