import type { KubeObject } from '../../../api/machinery/object.ts'
import { badRequest } from '../../../api/machinery/status-error.ts'

/** Checks that an object in a PUT or apply is the one that the URL names. */
export function withNameChecked(object: KubeObject, name: string, namespace: string): void {
  const { metadata } = object
  if (!metadata.name) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (metadata.name !== name) throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  if (namespace === '') {
    delete metadata.namespace
    return
  }
  if (metadata.namespace && metadata.namespace !== namespace) throw badRequest(`the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${namespace})`)
  metadata.namespace = namespace
}
