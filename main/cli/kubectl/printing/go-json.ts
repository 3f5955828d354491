/** JSON as kubectl prints objects: four spaces, and Go's escapes for HTML's characters. Keys are sorted, except in objects that
 *  kubectl holds as Go structs (`asStruct`), whose fields come in the order of their declaration. */
export function printJson(value: unknown): string {
  return `${escapeHtml(JSON.stringify(asSorted(value), null, 4) ?? 'null')}\n`
}

/** The value with keys in the order in which kubectl would marshal them. */
export function asSorted(value: unknown): unknown {
  return typeof value === 'object' && value !== null && structs.has(value) ? value : sorted(value)
}

const structs = new WeakSet<object>()

/** Marks the copy as a struct too when the original is one. */
export function alike<T extends object>(copy: T, original: object): T {
  return structs.has(original) ? asStruct(copy) : copy
}

/** Marks an object as one whose key order is that of a Go struct already. */
export function asStruct<T extends object>(object: T): T {
  structs.add(object)
  return object
}

/** The same on one line, as Go's json.Marshal of a map. */
export function compactJson(value: unknown): string {
  return escapeHtml(JSON.stringify(sorted(value)) ?? 'null')
}

/** A copy with every object's keys in byte order, as Go marshals maps. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const source = value as Record<string, unknown>
  return Object.fromEntries(Object.keys(source).sort().filter((key) => source[key] !== undefined).map((key) => [key, sorted(source[key])]))
}

function escapeHtml(text: string): string {
  return text.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
