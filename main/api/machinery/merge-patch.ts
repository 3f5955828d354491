/** JSON Merge Patch (RFC 7396): apply, and create in two and three ways. Arguments are never changed. */
import { jsonEqual } from './equality.ts'
import { getOwn, isObject, setOwn } from './json-value.ts'
import type { JsonObject } from './json-value.ts'

/** The patched value. Parts that the patch does not touch are shared with the target. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return isObject(target) ? patch : withoutNulls(patch)
  const result: JsonObject = isObject(target) ? { ...target } : {}
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === null) delete result[key]
    else if (value !== undefined) setOwn(result, key, applyMergePatch(getOwn(result, key), value))
  }
  return result
}

/** In lists that do not replace an object, members of items that are null are dropped, as upstream's library does. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && item !== null) ? value.map(withoutNulls) : value
  return isObject(value) ? applyMergePatch(undefined, value) : value
}

/** The patch that turns one object into the other: changed and added fields, null for removed ones. */
export function createMergePatch(original: JsonObject, modified: JsonObject): JsonObject {
  const patch: JsonObject = {}
  for (const key of Object.keys(modified)) {
    const [from, to] = [getOwn(original, key), modified[key]]
    if (to === undefined) continue
    if (from === undefined) setOwn(patch, key, to)
    else if (isObject(from) && isObject(to)) {
      const inner = createMergePatch(from, to)
      if (Object.keys(inner).length > 0) setOwn(patch, key, inner)
    } else if (!jsonEqual(from, to)) setOwn(patch, key, to)
  }
  for (const key of Object.keys(original)) if (original[key] !== undefined && getOwn(modified, key) === undefined) setOwn(patch, key, null)
  return patch
}

/** kubectl apply's patch for kinds without a schema: what changed from `current` to `modified`, and null for what was in
 *  `original` (last applied) and no longer is in `modified`. */
export function createThreeWayMergePatch(original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject {
  const additions = onlyNulls(createMergePatch(current, modified), false) as JsonObject
  const deletions = onlyNulls(createMergePatch(original, modified), true) as JsonObject
  return mergePatches(deletions, additions)
}

/** Keeps only the null leaves of a patch, or only the others. */
function onlyNulls(patch: unknown, nulls: boolean): unknown {
  if (!isObject(patch)) return patch
  const kept: JsonObject = {}
  for (const key of Object.keys(patch)) {
    const value = patch[key]
    if (value === null) {
      if (nulls) setOwn(kept, key, null)
    } else if (isObject(value)) {
      const inner = onlyNulls(value, nulls) as JsonObject
      const wasEmpty = Object.keys(value).length === 0
      if (Object.keys(inner).length > 0 || (wasEmpty && !nulls)) setOwn(kept, key, inner)
    } else if (!nulls) setOwn(kept, key, value)
  }
  return kept
}

/** One patch with the effect of both, the second over the first; nulls are kept. */
function mergePatches(first: JsonObject, second: JsonObject): JsonObject {
  const both: JsonObject = { ...first }
  for (const key of Object.keys(second)) {
    const [a, b] = [getOwn(both, key), second[key]]
    setOwn(both, key, isObject(a) && isObject(b) ? mergePatches(a, b) : b)
  }
  return both
}
