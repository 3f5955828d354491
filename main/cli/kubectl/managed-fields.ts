import type { KubeObject } from '../../api/machinery/object.ts'
import { isObject } from '../../api/machinery/json-value.ts'

interface Entry {
  readonly manager?: string
  readonly operation?: string
  readonly subresource?: string
  readonly fieldsV1?: object
}

/** managedFields with what client-side apply owned handed to the server-side manager, as client-go's csaupgrade does; undefined
 *  when there is nothing to hand over. */
export function migratedManagers(object: KubeObject, from: string, to: string): Entry[] | undefined {
  const entries = (object.metadata?.managedFields ?? []) as Entry[]
  const isOld = (entry: Entry): boolean => entry.manager === from && entry.operation === 'Update' && !entry.subresource
  const old = entries.filter(isOld)
  if (old.length === 0) return undefined
  const owned = old.reduce<object>((fields, entry) => union(fields, entry.fieldsV1 ?? {}), {})
  const kept = entries.filter((entry) => !isOld(entry))
  const at = kept.findIndex((entry) => entry.manager === to && entry.operation === 'Apply' && !entry.subresource)
  if (at < 0) return [{ ...old[0]!, manager: to, operation: 'Apply', fieldsV1: owned }, ...kept]
  return kept.map((entry, index) => (index === at ? { ...entry, fieldsV1: union(entry.fieldsV1 ?? {}, owned) } : entry))
}

function union(a: object, b: object): object {
  const result: Record<string, unknown> = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const known = result[key]
    result[key] = isObject(known) && isObject(value) ? union(known, value) : value
  }
  return result
}
