/** What of a pod may change, through each of its endpoints. */
import type { Container, ContainerStatus, Pod, PodSpec, Toleration } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { jsonEqual, semanticEqual } from '../../machinery/equality.ts'
import { inclusiveRangeError, isDns1123Subdomain } from '../../machinery/names.ts'
import { unifiedDiff } from './pod-diff.ts'
import { podQosClass } from './pod-qos.ts'
import { validatePodAnytime } from './pod-validation.ts'

const specPath = fieldPath('spec')
const int32Max = 2147483647
const noSpec: PodSpec = { containers: [] }

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
]

/** Updates of the pod itself: images, the deadline, more tolerations, fewer scheduling gates; nothing else. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = validatePodAnytime(pod)
  const spec = pod.spec ?? noSpec
  const was = old.spec ?? noSpec
  // Most updates are of metadata; the spec is then the same and there is nothing to explain.
  if (jsonEqual(spec, was)) return errors
  for (const field of ['containers', 'initContainers'] as const) {
    const list = imageErrors(spec[field], was[field], specPath.child(field))
    errors.push(...list)
    if ((spec[field]?.length ?? 0) !== (was[field]?.length ?? 0)) return errors
  }
  const deadline = deadlineErrors(spec, was)
  if (deadline.length > 0) return [...errors, ...deadline]
  errors.push(...tolerationErrors(spec.tolerations ?? [], was.tolerations ?? []), ...schedulingGateErrors(spec, was))
  const munged = withUpdatable(spec, was)
  if (!semanticEqual(munged, was)) errors.push(fieldForbidden(specPath, `pod updates may not change fields other than ${updatable.join(',')}\n${unifiedDiff(munged, was)}`))
  return errors
}

function imageErrors(containers: readonly Container[] | undefined, old: readonly Container[] | undefined, path: FieldPath): FieldError[] {
  if ((containers?.length ?? 0) !== (old?.length ?? 0)) return [fieldForbidden(path, 'pod updates may not add or remove containers')]
  return (containers ?? []).flatMap(({ image = '' }, index) => {
    const at = path.index(index).child('image')
    if (image === '') return [fieldRequired(at)]
    return image !== image.trim() && image !== old?.[index]?.image ? [fieldInvalid(at, image, 'must not have leading or trailing whitespace')] : []
  })
}

function deadlineErrors(spec: PodSpec, was: PodSpec): FieldError[] {
  const at = specPath.child('activeDeadlineSeconds')
  const [is, before] = [spec.activeDeadlineSeconds, was.activeDeadlineSeconds]
  if (is === undefined) return before === undefined ? [] : [fieldInvalid(at, null, 'must not update from a positive integer to nil value')]
  if (is < 0 || is > int32Max) return [fieldInvalid(at, is, inclusiveRangeError(0, int32Max))]
  return before !== undefined && before < is ? [fieldInvalid(at, is, 'must be less than or equal to previous value')] : []
}

function tolerationErrors(tolerations: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  const kept = old.every((one) => tolerations.some((other) => jsonEqual({ ...one, tolerationSeconds: 0 }, { ...other, tolerationSeconds: 0 })))
  return kept ? [] : [fieldForbidden(specPath.child('tolerations'), 'existing toleration can not be modified except its tolerationSeconds')]
}

function schedulingGateErrors(spec: PodSpec, was: PodSpec): FieldError[] {
  const old = new Set((was.schedulingGates ?? []).map((gate) => gate.name))
  return (spec.schedulingGates ?? []).flatMap((gate, index) => (old.has(gate.name) ? [] : [fieldForbidden(specPath.child('schedulingGates').index(index).child('name'), 'only deletion is allowed, but found new scheduling gate \'' + gate.name + '\'')]))
}

/** The new spec with every field that may change put back, to be compared with the old one. */
function withUpdatable(spec: PodSpec, was: PodSpec): PodSpec {
  const images = (containers: Container[] | undefined, old: Container[] | undefined) => containers?.map((container, index) => ({ ...container, image: old?.[index]?.image }))
  const munged: PodSpec = { ...spec, containers: images(spec.containers, was.containers) ?? [], activeDeadlineSeconds: was.activeDeadlineSeconds, tolerations: was.tolerations, schedulingGates: was.schedulingGates }
  if (spec.initContainers) munged.initContainers = images(spec.initContainers, was.initContainers)
  if ((was.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) munged.terminationGracePeriodSeconds = was.terminationGracePeriodSeconds
  if (was.schedulingGates?.length) {
    // A gated pod may still be narrowed to fewer nodes.
    if (Object.entries(was.nodeSelector ?? {}).every(([key, value]) => spec.nodeSelector?.[key] === value)) munged.nodeSelector = was.nodeSelector
    if (!was.affinity?.nodeAffinity) munged.affinity = was.affinity
  }
  return JSON.parse(JSON.stringify(munged)) as PodSpec
}

/** Updates of the status: the node stays, and containers that are done for good stay done. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const at = fieldPath('status')
  const errors: FieldError[] = []
  if ((pod.spec?.nodeName ?? '') !== (old.spec?.nodeName ?? '')) errors.push(fieldForbidden(at.child('nodeName'), 'may not be changed directly'))
  const nominated = pod.status?.nominatedNodeName
  if (nominated) for (const message of isDns1123Subdomain(nominated)) errors.push(fieldInvalid(at.child('nominatedNodeName'), nominated, message))
  const restarts = pod.spec?.restartPolicy ?? 'Always'
  errors.push(...transitionErrors(pod.status?.containerStatuses, old.status?.containerStatuses, at.child('containerStatuses'), restarts, () => true))
  const sidecars = new Set((pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always').map((container) => container.name))
  errors.push(...transitionErrors(pod.status?.initContainerStatuses, old.status?.initContainerStatuses, at.child('initContainerStatuses'), restarts === 'Always' ? 'OnFailure' : restarts, (name) => !sidecars.has(name)))
  return errors
}

function transitionErrors(statuses: readonly ContainerStatus[] | undefined, old: readonly ContainerStatus[] | undefined, path: FieldPath, restartPolicy: string, applies: (name: string) => boolean): FieldError[] {
  if (restartPolicy === 'Always') return []
  return (old ?? []).flatMap((before) => {
    const ended = before.state?.terminated
    if (!ended || !applies(before.name) || (restartPolicy === 'OnFailure' && ended.exitCode !== 0)) return []
    const index = (statuses ?? []).findIndex((status) => status.name === before.name)
    return index >= 0 && !statuses?.[index]?.state?.terminated ? [fieldForbidden(path.index(index).child('state'), 'may not be transitioned to non-terminated state')] : []
  })
}

/** Ephemeral containers may be added, never changed or removed. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = validatePodAnytime(pod)
  const path = specPath.child('ephemeralContainers')
  const containers = pod.spec?.ephemeralContainers ?? []
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const index = containers.findIndex((container) => container.name === before.name)
    if (index < 0) errors.push(fieldForbidden(path, `existing ephemeral containers "${before.name}" may not be removed\n`))
    else if (!semanticEqual(containers[index], before)) errors.push(fieldForbidden(path, `existing ephemeral containers "${before.name}" may not be changed\n${unifiedDiff(containers[index], before)}`))
  }
  return errors
}

/** Resizing: cpu and memory only, within the same class of service. */
export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  const errors = validatePodAnytime(pod)
  const spec = pod.spec ?? noSpec
  const before = old.status?.qosClass ?? podQosClass(old.spec ?? noSpec)
  const after = podQosClass(spec)
  if (after !== before) errors.push(fieldInvalid(specPath, after, 'Pod QOS Class may not change as a result of resizing'))
  for (const field of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (spec[field] ?? []).entries()) {
      const was = old.spec?.[field]?.[index]?.resources ?? {}
      const at = specPath.child(field).index(index).child('resources')
      for (const list of ['limits', 'requests'] as const) {
        const names = new Set([...Object.keys(was[list] ?? {}), ...Object.keys(container.resources?.[list] ?? {})])
        for (const name of names) {
          if (name !== 'cpu' && name !== 'memory' && was[list]?.[name] !== container.resources?.[list]?.[name]) errors.push(fieldForbidden(at, 'only cpu and memory resources are mutable'))
          else if (was[list]?.[name] !== undefined && container.resources?.[list]?.[name] === undefined) errors.push(fieldForbidden(at.child(list), `resource ${list} cannot be removed`))
        }
      }
    }
  }
  return errors
}
