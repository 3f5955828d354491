import type { Informer } from '../../../api/client/contract.ts'
import type { Pod } from '../../../api/generated/types.ts'

const index = 'node'

/** Indexes pods by the node they are bound to. Call before start. */
export function indexByNode(pods: Informer<Pod>): void {
  pods.addIndex(index, (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []))
}

export function podsOnNode(pods: Informer<Pod>, nodeName: string): readonly Pod[] {
  return pods.byIndex(index, nodeName)
}
