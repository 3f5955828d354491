/** What the pod endpoints beside the main one may change. */
import type { Container, Pod } from '../../generated/types.ts'
import { keepAllButStatus } from '../spec-and-status.ts'

/** status: everything else stays, owner references and deletion too; the class of service is decided once. */
export function preparePodStatus(pod: Pod, old: Pod): void {
  keepAllButStatus(pod, old)
  if (old.metadata.deletionTimestamp) pod.metadata.deletionTimestamp = old.metadata.deletionTimestamp
  else delete pod.metadata.deletionTimestamp
  if (old.metadata.ownerReferences) pod.metadata.ownerReferences = old.metadata.ownerReferences
  else delete pod.metadata.ownerReferences
  const qosClass = pod.status?.qosClass || old.status?.qosClass
  if (qosClass) pod.status = { ...pod.status, qosClass }
}

/** ephemeralcontainers: only those are taken from the request. */
export function keepNonEphemeral(pod: Pod, old: Pod): void {
  const { ephemeralContainers } = pod.spec ?? {}
  pod.metadata = { ...old.metadata, ...(pod.metadata.managedFields ? { managedFields: pod.metadata.managedFields } : {}) }
  pod.spec = { ...(old.spec ?? { containers: [] }) }
  if (ephemeralContainers) pod.spec.ephemeralContainers = ephemeralContainers
  else delete pod.spec.ephemeralContainers
  pod.status = old.status ?? {}
}

/** resize: resources and resize policies of containers are taken from the request, matched by name. */
export function keepNonResized(pod: Pod, old: Pod): void {
  const asked = new Map([...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map((container) => [container.name, container]))
  const resized = (container: Container): Container => {
    const wanted = asked.get(container.name)
    if (!wanted) return container
    return { ...container, resources: wanted.resources ?? {}, ...(wanted.resizePolicy ? { resizePolicy: wanted.resizePolicy } : {}) }
  }
  const spec = old.spec ?? { containers: [] }
  const { containers = [] } = spec
  pod.metadata = { ...old.metadata, ...(pod.metadata.managedFields ? { managedFields: pod.metadata.managedFields } : {}) }
  pod.spec = { ...spec, containers: containers.map(resized), ...(spec.initContainers ? { initContainers: spec.initContainers.map(resized) } : {}) }
  pod.status = old.status ?? {}
}
