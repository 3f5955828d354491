import type { ApiObject } from '../api/object.ts'

/** Names of an object's containers, those that run the longest first; empty for what has none. */
export function containersOf(object: ApiObject): readonly string[] {
  const spec = object.spec as { containers?: readonly { name: string }[]; initContainers?: readonly { name: string }[] } | undefined
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((container) => container.name)
}
