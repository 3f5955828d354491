import { matchesFields as matches, parseFieldSelector } from '../../machinery/fields.ts'
import { matchesSelector, parseSelector } from '../../machinery/labels.ts'
import type { KubeObject } from '../../machinery/object.ts'

export function matchesLabels(selector: string | undefined, object: KubeObject): boolean {
  return !selector || matchesSelector(parseSelector(selector), object.metadata.labels)
}

/** Any path may be selected; an absent field is the empty text. */
export function matchesFields(selector: string | undefined, object: KubeObject): boolean {
  if (!selector) return true
  return matches(parseFieldSelector(selector), (field) => {
    let value: unknown = object
    for (const step of field.split('.')) value = (value as Record<string, unknown> | undefined)?.[step]
    return String(value ?? '')
  })
}
