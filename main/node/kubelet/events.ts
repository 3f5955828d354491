import type { EventRecorder } from '../../api/client/contract.ts'
import type { Container, Node, Pod } from '../../api/generated/types.ts'

/** Writes the kubelet's events: about pods, their containers and its node. */
export class KubeletEvents {
  readonly #recorder: EventRecorder
  readonly #nodeName: string

  constructor(recorder: EventRecorder, nodeName: string) {
    this.#recorder = recorder
    this.#nodeName = nodeName
  }

  pod(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.event(pod, type, reason, message, { host: this.#nodeName })
  }

  /** About one container: involvedObject.fieldPath names it. */
  container(pod: Pod, container: Pick<Container, 'name'>, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.event(pod, type, reason, message, { host: this.#nodeName, fieldPath: containerFieldPath(pod, container.name) })
  }

  /** About the node. Upstream names it by uid = name, because the Node may not exist yet. */
  node(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: this.#nodeName, uid: this.#nodeName } }
    this.#recorder.event(node, type, reason, message, { host: this.#nodeName })
  }
}

/** `spec.containers{nginx}`. */
export function containerFieldPath(pod: Pod, name: string): string {
  if (pod.spec?.initContainers?.some((each) => each.name === name)) return `spec.initContainers{${name}}`
  if (pod.spec?.ephemeralContainers?.some((each) => each.name === name)) return `spec.ephemeralContainers{${name}}`
  return `spec.containers{${name}}`
}

/** `name_namespace(uid)`, as upstream's format.Pod. */
export function podText(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
}
