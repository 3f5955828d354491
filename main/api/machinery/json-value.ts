/** JSON values and the few things everyone does with them. */

export type JsonObject = { [key: string]: unknown }

/** A JSON object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A deep copy of a JSON value; undefined fields are left out. Faster than structuredClone for plain JSON. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const list = new Array<unknown>(value.length)
    for (let i = 0; i < value.length; i++) list[i] = cloneJson(value[i] as unknown)
    return list as T
  }
  // A spread copies the object's shape as a whole; field by field it would be built up again each time.
  const copy = { ...value } as JsonObject
  for (const key in copy) {
    const item = copy[key]
    if (typeof item === 'object' && item !== null) copy[key] = cloneJson(item)
    else if (item === undefined) return cloneDefined(value as JsonObject) as T
  }
  return copy as T
}

/** A deep copy, but for the parts directly below the object that are the very same in `known`: those are shared with it. */
export function cloneBeside(value: JsonObject, known: JsonObject): JsonObject {
  const copy: JsonObject = { ...value }
  for (const key in copy) {
    const item = copy[key]
    if (typeof item === 'object' && item !== null && item !== known[key]) copy[key] = cloneJson(item)
  }
  return copy
}

/** cloneJson of an object with undefined fields. */
function cloneDefined(value: JsonObject): JsonObject {
  const copy: JsonObject = {}
  for (const key in value) {
    const item = value[key]
    if (item !== undefined) setOwn(copy, key, cloneJson(item))
  }
  return copy
}

/** Sets a field even when its name is `__proto__`. */
export function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** A field that the object itself has. */
export function getOwn(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Freezes a JSON value through and through; already frozen parts are not entered again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const key in value) deepFreeze(value[key])
  return value
}
