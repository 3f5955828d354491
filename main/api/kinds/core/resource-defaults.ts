import { canonicalQuantity } from '../../machinery/quantity.ts'

const known = new Map<string, string>()
const knownMax = 2000

/** A quantity in the text that Go would write: `1000m` -> `1`, `0.5` -> `500m`. Remembers what it has seen. */
export function canonical(text: string | number): string {
  const key = String(text)
  let made = known.get(key)
  if (made === undefined) {
    made = canonicalQuantity(key)
    if (known.size >= knownMax) known.clear()
    known.set(key, made)
  }
  return made
}

/** Puts the amounts of a resource list in canonical form. May change `list`. */
export function canonicalizeResources(list: { [resource: string]: string } | undefined): void {
  for (const name in list) {
    const made = canonical(list[name] as string)
    if (made !== list[name]) list[name] = made
  }
}
