import type { PodSpec, PodTemplateSpec } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { formatLabelSelector } from '../../../api/machinery/labels.ts'
import { describeContainers } from './containers.ts'
import type { Description } from './description.ts'
import { describeAnnotations, describeLabels, describeTolerations } from './labels.ts'
import { describeVolumes } from './volumes.ts'

/** `Pod Template:` of whatever makes pods. */
export function describePodTemplate(out: Description, template: PodTemplateSpec | undefined): void {
  out.write(0, 'Pod Template:\n')
  if (!template) return out.write(1, '<unset>')
  const { metadata, spec } = template
  describeLabels(out, '  Labels', metadata?.labels)
  if (Object.keys(metadata?.annotations ?? {}).length > 0) describeAnnotations(out, '  Annotations', metadata?.annotations)
  if (spec?.serviceAccountName) out.write(1, `Service Account:\t${spec.serviceAccountName}\n`)
  if (spec?.initContainers?.length) describeContainers(out, 'Init Containers', spec.initContainers, [], undefined, '  ')
  describeContainers(out, 'Containers', spec?.containers ?? [], [], undefined, '  ')
  describeVolumes(out, spec?.volumes, '  ')
  describeSpreadConstraints(out, spec?.topologySpreadConstraints, '  ')
  if (spec?.priorityClassName) out.write(1, `Priority Class Name:\t${spec.priorityClassName}\n`)
  describeLabels(out, '  Node-Selectors', spec?.nodeSelector)
  describeTolerations(out, '  Tolerations', spec?.tolerations)
}

export function describeSpreadConstraints(out: Description, constraints: PodSpec['topologySpreadConstraints'], indent = ''): void {
  if (!constraints?.length) return
  out.write(0, `${indent}Topology Spread Constraints:\t`)
  const sorted = [...constraints].sort((a, b) => compareBytes(a.topologyKey, b.topologyKey))
  sorted.forEach(({ topologyKey, whenUnsatisfiable, maxSkew, labelSelector }, index) => {
    out.write(0, `${index === 0 ? '' : `${indent}\t`}${topologyKey}:${whenUnsatisfiable} when max skew ${maxSkew} is exceeded${labelSelector ? ` for selector ${formatLabelSelector(labelSelector)}` : ''}\n`)
  })
}
