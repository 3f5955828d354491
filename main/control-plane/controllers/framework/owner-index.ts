import type { Informer } from '../../../api/client/contract.ts'
import { controllerOf, type KubeObject } from '../../../api/machinery/object.ts'

const index = 'controller'

/** Indexes objects by the uid of their managing controller, and those without one by namespace. Call before start. */
export function indexByController<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(index, (object) => [controllerOf(object)?.uid ?? orphansOf(object.metadata.namespace)])
}

/** What the owner of that uid manages. */
export function controlledBy<T extends KubeObject>(informer: Informer<T>, uid: string): readonly T[] {
  return informer.byIndex(index, uid)
}

/** Objects of the namespace that nobody manages. */
export function orphansIn<T extends KubeObject>(informer: Informer<T>, namespace: string | undefined): readonly T[] {
  return informer.byIndex(index, orphansOf(namespace))
}

function orphansOf(namespace: string | undefined): string {
  return `orphans/${namespace ?? ''}`
}
