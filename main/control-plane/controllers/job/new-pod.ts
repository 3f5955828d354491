import type { Container, Job, Pod } from '../../../api/generated/types.ts'
import { podFromTemplate } from '../framework/pod-control.ts'
import { completionIndexKey, failureCountKey, ignoredFailureCountKey, trackingFinalizer } from './job-pods.ts'
import type { NewPod } from './plan.ts'

/** The server adds five characters to this. */
const generateNameLengthMax = 58
const indexVariable = 'JOB_COMPLETION_INDEX'

/** The pod that a Job makes: tracked, and told its index when it has one. */
export function podOf(job: Job, { index, failures, ignoredFailures }: NewPod): Pod {
  const pod = podFromTemplate(job, job.spec!.template)
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []).filter((name) => name !== trackingFinalizer), trackingFinalizer]
  if (index === undefined) return pod
  pod.metadata.generateName = indexedPrefix(job.metadata.name, index)
  pod.metadata.labels = { ...pod.metadata.labels, [completionIndexKey]: String(index) }
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [completionIndexKey]: String(index),
    ...(failures === undefined ? {} : { [failureCountKey]: String(failures) }),
    ...(ignoredFailures === undefined ? {} : { [ignoredFailureCountKey]: String(ignoredFailures) }),
  }
  const spec = pod.spec!
  pod.spec = {
    ...spec,
    hostname: spec.hostname || `${job.metadata.name}-${index}`,
    containers: spec.containers.map(withIndexVariable),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndexVariable) } : {}),
  }
  return pod
}

function indexedPrefix(name: string, index: number): string {
  const suffix = `-${index}-`
  return `${name.slice(0, generateNameLengthMax - suffix.length)}${suffix}`
}

function withIndexVariable(container: Container): Container {
  if (container.env?.some(({ name }) => name === indexVariable)) return container
  return { ...container, env: [...(container.env ?? []), { name: indexVariable, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${completionIndexKey}']` } } }] }
}
