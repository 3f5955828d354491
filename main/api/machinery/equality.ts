/** Semantic equality of API values: absent, undefined, null and empty are told apart only where Kubernetes does. */
import { parseQuantity } from './quantity.ts'

/** Deep equality where absent equals undefined and empty lists and maps equal absent ones (upstream's Semantic.DeepEqual on
 *  decoded objects). Quantities are compared as text: see `quantitiesEqual` for by value. */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return isEmpty(a) && isEmpty(b)
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!semanticEqual(a[i], b[i])) return false
    return true
  }
  if (Array.isArray(b)) return false
  const left = a as { readonly [key: string]: unknown }
  const right = b as { readonly [key: string]: unknown }
  for (const key in left) if (!semanticEqual(left[key], right[key])) return false
  for (const key in right) if (left[key] === undefined && !isEmpty(right[key])) return false
  return true
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return value.length === 0
  for (const key in value as object) if ((value as { [key: string]: unknown })[key] !== undefined) return false
  return true
}

/** Exact deep equality of JSON values (undefined fields count as absent). */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!jsonEqual(a[i], b[i])) return false
    return true
  }
  if (Array.isArray(b)) return false
  const left = a as { readonly [key: string]: unknown }
  const right = b as { readonly [key: string]: unknown }
  for (const key in left) if (left[key] !== undefined && !(key in right && jsonEqual(left[key], right[key]))) return false
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false
  return true
}

/** Equal by value: `1000m` and `1`. Texts that are no quantities are compared as they are. */
export function quantitiesEqual(a: string, b: string): boolean {
  if (a === b) return true
  const [left, right] = [parseQuantity(a), parseQuantity(b)]
  return left !== undefined && right !== undefined && left.nano === right.nano
}
