/** The TARGETS column of autoscalers, and a word or two of it for the window. */
import type { V2MetricSpec, V2MetricStatus, V2MetricTarget, V2MetricValueStatus } from '../../generated/types.ts'

const shownMax = 2
const unknown = '<unknown>'

/** `cpu: 12%/80%, 5/10 + 1 more...`: the first two metrics, each as current/target. */
export function metricTargetsText(specs: readonly V2MetricSpec[] | undefined, statuses: readonly V2MetricStatus[] | undefined): string {
  if (!specs?.length) return '<none>'
  const texts = specs.map((spec, index) => metricText(spec, statuses?.[index]))
  const shown = texts.slice(0, shownMax).join(', ')
  return texts.length > shownMax ? `${shown} + ${texts.length - shownMax} more...` : shown
}

function metricText(spec: V2MetricSpec, status: V2MetricStatus | undefined): string {
  switch (spec.type) {
    case 'External':
      return valueText(spec.external?.target, status?.external?.current)
    case 'Object':
      return valueText(spec.object?.target, status?.object?.current)
    case 'Pods':
      return `${status?.pods ? (status.pods.current.averageValue ?? '0') : unknown}/${spec.pods?.target.averageValue ?? '0'}`
    case 'Resource':
      return `${spec.resource?.name}: ${resourceText(spec.resource?.target, status?.resource?.current)}`
    case 'ContainerResource':
      return `${spec.containerResource?.name}: ${resourceText(spec.containerResource?.target, status?.containerResource?.current)}`
    default:
      return '<unknown type>'
  }
}

function valueText(target: V2MetricTarget | undefined, current: V2MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`
  return `${current ? (current.value ?? '0') : unknown}/${target?.value ?? '0'}`
}

function resourceText(target: V2MetricTarget | undefined, current: V2MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) return `${current ? (current.averageValue ?? '0') : unknown}/${target.averageValue}`
  const percent = (value: number | undefined, otherwise: string): string => (value === undefined ? otherwise : `${value}%`)
  return `${percent(current?.averageUtilization, unknown)}/${percent(target?.averageUtilization, '<auto>')}`
}
