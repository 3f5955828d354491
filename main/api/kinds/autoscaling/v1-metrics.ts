/** Metrics as autoscaling/v1 writes them into annotations, for what its own fields cannot say. The fields stand in the order in
 *  which Go writes them, because clients see the text. */
import type { LabelSelector, V2CrossVersionObjectReference, V2MetricIdentifier, V2MetricSpec, V2MetricStatus, V2MetricTarget, V2MetricValueStatus } from '../../generated/types.ts'

interface Named {
  readonly metricName?: string
  readonly selector?: LabelSelector
}

interface V1Metric {
  readonly type: string
  readonly object?: Named & { readonly target?: V2CrossVersionObjectReference; readonly targetValue?: string; readonly averageValue?: string }
  readonly pods?: Named & { readonly targetAverageValue?: string }
  readonly resource?: V1Resource
  readonly containerResource?: V1Resource & { readonly container?: string }
  readonly external?: { readonly metricName?: string; readonly metricSelector?: LabelSelector; readonly targetValue?: string; readonly targetAverageValue?: string }
}

interface V1Resource {
  readonly name?: string
  readonly targetAverageUtilization?: number
  readonly targetAverageValue?: string
}

interface V1Status {
  readonly type: string
  readonly object?: Named & { readonly target?: V2CrossVersionObjectReference; readonly currentValue?: string; readonly averageValue?: string }
  readonly pods?: Named & { readonly currentAverageValue?: string }
  readonly resource?: V1ResourceStatus
  readonly containerResource?: V1ResourceStatus & { readonly container?: string }
  readonly external?: { readonly metricName?: string; readonly metricSelector?: LabelSelector; readonly currentValue?: string; readonly currentAverageValue?: string }
}

interface V1ResourceStatus {
  readonly name?: string
  readonly currentAverageUtilization?: number
  readonly currentAverageValue?: string
}

const zero = '0'

/** An object without its undefined fields. */
function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

function reference({ kind = '', name = '', apiVersion }: Partial<V2CrossVersionObjectReference> = {}): V2CrossVersionObjectReference {
  return { kind, name, ...(apiVersion ? { apiVersion } : {}) }
}

export function metricToV1({ type, object, pods, resource, containerResource, external }: V2MetricSpec): V1Metric {
  return given({
    type,
    object: object && given({ target: reference(object.describedObject), metricName: object.metric.name, targetValue: object.target.value ?? zero, selector: object.metric.selector, averageValue: object.target.averageValue }),
    pods: pods && given({ metricName: pods.metric.name, targetAverageValue: pods.target.averageValue ?? zero, selector: pods.metric.selector }),
    resource: resource && given({ name: resource.name, targetAverageUtilization: resource.target.averageUtilization, targetAverageValue: resource.target.averageValue }),
    containerResource: containerResource && given({ name: containerResource.name, targetAverageUtilization: containerResource.target.averageUtilization, targetAverageValue: containerResource.target.averageValue, container: containerResource.container }),
    external: external && given({ metricName: external.metric.name, metricSelector: external.metric.selector, targetValue: external.target.value, targetAverageValue: external.target.averageValue }),
  }) as V1Metric
}

export function metricFromV1({ type, object, pods, resource, containerResource, external }: V1Metric): V2MetricSpec {
  const metric: V2MetricSpec = { type }
  if (object) {
    const target: V2MetricTarget = given({ type: object.averageValue === undefined ? 'Value' : 'AverageValue', value: object.targetValue ?? zero, averageValue: object.averageValue }) as V2MetricTarget
    metric.object = { describedObject: reference(object.target), metric: identifier(object.metricName, object.selector), target }
  }
  if (pods) metric.pods = { metric: identifier(pods.metricName, pods.selector), target: { type: 'AverageValue', averageValue: pods.targetAverageValue ?? zero } }
  if (resource) metric.resource = { name: resource.name ?? '', target: resourceTarget(resource) }
  if (containerResource) metric.containerResource = { name: containerResource.name ?? '', container: containerResource.container ?? '', target: resourceTarget(containerResource) }
  if (external) {
    const target = given({ type: external.targetValue === undefined ? 'AverageValue' : 'Value', value: external.targetValue, averageValue: external.targetAverageValue }) as V2MetricTarget
    metric.external = { metric: identifier(external.metricName, external.metricSelector), target }
  }
  return metric
}

function identifier(name = '', selector: LabelSelector | undefined): V2MetricIdentifier {
  return { name, ...(selector ? { selector } : {}) }
}

function resourceTarget({ targetAverageUtilization, targetAverageValue }: V1Resource): V2MetricTarget {
  return given({ type: targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization', averageValue: targetAverageValue, averageUtilization: targetAverageUtilization }) as V2MetricTarget
}

export function statusToV1({ type, object, pods, resource, containerResource, external }: V2MetricStatus): V1Status {
  const resourceStatus = (name: string, { averageUtilization, averageValue = zero }: V2MetricValueStatus): V1ResourceStatus => given({ name, currentAverageUtilization: averageUtilization, currentAverageValue: averageValue }) as V1ResourceStatus
  return given({
    type,
    object: object && given({ target: reference(object.describedObject), metricName: object.metric.name, currentValue: object.current.value ?? zero, selector: object.metric.selector, averageValue: object.current.averageValue }),
    pods: pods && given({ metricName: pods.metric.name, currentAverageValue: pods.current.averageValue ?? zero, selector: pods.metric.selector }),
    resource: resource && resourceStatus(resource.name, resource.current),
    containerResource: containerResource && { ...resourceStatus(containerResource.name, containerResource.current), container: containerResource.container },
    external: external && given({ metricName: external.metric.name, metricSelector: external.metric.selector, currentValue: external.current.value ?? zero, currentAverageValue: external.current.averageValue }),
  }) as V1Status
}

export function statusFromV1({ type, object, pods, resource, containerResource, external }: V1Status): V2MetricStatus {
  const status: V2MetricStatus = { type }
  const current = (fields: { value?: string; averageValue?: string | undefined; averageUtilization?: number | undefined }): V2MetricValueStatus => given(fields) as V2MetricValueStatus
  if (object) status.object = { describedObject: reference(object.target), metric: identifier(object.metricName, object.selector), current: current({ value: object.currentValue ?? zero, averageValue: object.averageValue }) }
  if (pods) status.pods = { metric: identifier(pods.metricName, pods.selector), current: current({ averageValue: pods.currentAverageValue ?? zero }) }
  const resourceCurrent = ({ currentAverageUtilization, currentAverageValue = zero }: V1ResourceStatus): V2MetricValueStatus => current({ averageValue: currentAverageValue, averageUtilization: currentAverageUtilization })
  if (resource) status.resource = { name: resource.name ?? '', current: resourceCurrent(resource) }
  if (containerResource) status.containerResource = { name: containerResource.name ?? '', container: containerResource.container ?? '', current: resourceCurrent(containerResource) }
  if (external) status.external = { metric: identifier(external.metricName, external.metricSelector), current: current({ value: external.currentValue ?? zero, averageValue: external.currentAverageValue }) }
  return status
}
