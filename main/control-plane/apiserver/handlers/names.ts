import type { KubeObject } from '../../../api/machinery/object.ts'
import { badRequest } from '../../../api/machinery/status-error.ts'

/** An object's namespace has to be the request's; an absent one becomes it. */
export function checkNamespace(object: KubeObject, namespace: string): void {
  const { metadata } = object
  if (namespace === '') delete metadata.namespace
  else if (!metadata.namespace) metadata.namespace = namespace
  else if (metadata.namespace !== namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
}

/** Checks that an object that was sent, or that a patch made, is the one that the URL names. */
export function withNameChecked(object: KubeObject, name: string, namespace: string): void {
  checkNamespace(object, namespace)
  const { metadata } = object
  if (!metadata.name) throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (metadata.name !== name) throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
}
