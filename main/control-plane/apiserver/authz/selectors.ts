import { parseFieldSelector } from '../../../api/machinery/fields.ts'
import { parseSelector } from '../../../api/machinery/labels.ts'
import type { Attributes } from './attributes.ts'

/** The selectors of a request as authorizers see them. What cannot be parsed narrows nothing: the handler refuses it later. */
export function selectorsOf(fields: string, labels: string): Pick<Attributes, 'fieldSelector' | 'labelSelector'> | undefined {
  if (fields === '' && labels === '') return undefined
  const fieldSelector = parsed(() => parseFieldSelector(fields).terms)
  const labelSelector = parsed(() => parseSelector(labels).requirements)
  return { ...(fieldSelector?.length ? { fieldSelector } : {}), ...(labelSelector?.length ? { labelSelector } : {}) }
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
