import type { Pod, PodSpec, RuntimeClass, Toleration } from '../../../api/generated/types.ts'
import { quantitiesEqual, semanticEqual } from '../../../api/machinery/equality.ts'
import { isAbout, refused } from './admission.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'

export interface RuntimeClassParts {
  readonly cached: (name: string) => RuntimeClass | undefined
  readonly read: (name: string) => Promise<RuntimeClass | undefined>
}

/** Gives pods the overhead of their runtime class and makes them run where it is to be had. Follows upstream's RuntimeClass plugin. */
export function runtimeClassAdmission(parts: RuntimeClassParts): AdmissionPlugin {
  const withClass = (attributes: AdmissionAttributes, act: (runtimeClass: RuntimeClass | undefined) => void): void | Promise<void> => {
    const name = (attributes.object as Pod).spec?.runtimeClassName
    if (!name) return act(undefined)
    const known = parts.cached(name)
    if (known) return act(known)
    return parts.read(name).then((found) => {
      if (!found) throw refused(attributes, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`)
      act(found)
    })
  }
  return {
    name: 'RuntimeClass',
    handles: (attributes) => isAbout(attributes, '', 'pods') && attributes.operation === 'CREATE',
    admit: (attributes) =>
      withClass(attributes, (runtimeClass) => {
        const { spec } = attributes.object as Pod
        if (!spec || !runtimeClass) return
        setOverhead(attributes, spec, runtimeClass)
        setScheduling(attributes, spec, runtimeClass)
      }),
    validate: (attributes) =>
      withClass(attributes, (runtimeClass) => {
        const overhead = (attributes.object as Pod).spec?.overhead
        if (runtimeClass?.overhead) {
          if (!sameAmounts(overhead, runtimeClass.overhead.podFixed)) throw refused(attributes, 'pod rejected: Pod\'s Overhead doesn\'t match RuntimeClass\'s defined Overhead')
        } else if (overhead && Object.keys(overhead).length > 0) throw refused(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
      }),
  }
}

function setOverhead(attributes: AdmissionAttributes, spec: PodSpec, { overhead }: RuntimeClass): void {
  if (!overhead) return
  if (spec.overhead && Object.keys(spec.overhead).length > 0 && !sameAmounts(spec.overhead, overhead.podFixed)) throw refused(attributes, 'pod rejected: Pod\'s Overhead doesn\'t match RuntimeClass\'s defined Overhead')
  spec.overhead = { ...overhead.podFixed }
}

function setScheduling(attributes: AdmissionAttributes, spec: PodSpec, { scheduling }: RuntimeClass): void {
  if (!scheduling) return
  const wanted = scheduling.nodeSelector ?? {}
  if (Object.keys(wanted).length > 0) {
    for (const key in wanted) {
      const own = spec.nodeSelector?.[key]
      if (own !== undefined && own !== wanted[key]) throw refused(attributes, `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${wanted[key]}; pod.spec.nodeSelector[${key}] = ${own}`)
    }
    spec.nodeSelector = { ...spec.nodeSelector, ...wanted }
  }
  const more = scheduling.tolerations ?? []
  if (more.length > 0) spec.tolerations = mergedTolerations([...(spec.tolerations ?? []), ...more])
}

/** Each toleration once, without those that another one includes. */
function mergedTolerations(all: readonly Toleration[]): Toleration[] {
  const kept: Toleration[] = []
  for (const [index, toleration] of all.entries()) {
    if (kept.some((other) => semanticEqual(other, toleration))) continue
    if (all.some((other, i) => i !== index && includes(other, toleration) && !semanticEqual(other, toleration))) continue
    kept.push(toleration)
  }
  return kept
}

/** Whether everything that `small` tolerates, `large` does too. */
function includes(large: Toleration, small: Toleration): boolean {
  if (semanticEqual(large, small)) return true
  if ((large.key ?? '') !== (small.key ?? '') && (large.key ?? '') !== '') return false
  if (large.effect && large.effect !== small.effect) return false
  if (large.effect === 'NoExecute' && large.tolerationSeconds !== undefined && (small.tolerationSeconds === undefined || small.tolerationSeconds > large.tolerationSeconds)) return false
  if (large.operator === 'Exists') return true
  return (small.operator ?? 'Equal') === 'Equal' && (large.operator ?? 'Equal') === 'Equal' && (large.key ?? '') === (small.key ?? '') && (large.value ?? '') === (small.value ?? '')
}

function sameAmounts(a: Readonly<Record<string, string>> | undefined, b: Readonly<Record<string, string>> | undefined): boolean {
  const names = Object.keys(a ?? {})
  return names.length === Object.keys(b ?? {}).length && names.every((name) => b?.[name] !== undefined && quantitiesEqual(a![name]!, b[name]))
}
