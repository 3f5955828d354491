import { fieldDuplicate, fieldTooMany } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { compareBytes } from '../../machinery/go-text.ts'

type Each<T> = { check(item: T, at: FieldPath): FieldError[] }['check']

/** Every item, unless there are too many to look at. */
export function listErrors<T>(items: readonly T[] | undefined, countMax: number, at: FieldPath, each: Each<T>): FieldError[] {
  const list = items ?? []
  if (list.length > countMax) return [fieldTooMany(at, list.length, countMax)]
  return list.flatMap((item, index) => each(item, at.index(index)))
}

/** The same for items that have to differ in a key; a repetition is reported with what `shown` makes of it. */
export function setErrors<T>(items: readonly T[] | undefined, countMax: number, at: FieldPath, each: Each<T>, keyOf: (item: T) => string, shown: (item: T) => unknown = keyOf): FieldError[] {
  const list = items ?? []
  const errors = listErrors(list, countMax, at, each)
  if (list.length > countMax) return errors
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    const key = keyOf(item)
    if (seen.has(key)) errors.push(fieldDuplicate(at.index(index), shown(item)))
    seen.add(key)
  }
  return errors
}

/** Every key (at the map's own path) and every value (at its key), in the order of the keys. */
export function mapErrors<T>(map: Readonly<Record<string, T>> | undefined, countMax: number, keyBytesMax: number, at: FieldPath, key: Each<string>, each: Each<T>): FieldError[] {
  const keys = Object.keys(map ?? {}).sort(compareBytes)
  if (keys.length > countMax) return [fieldTooMany(at, keys.length, countMax)]
  return keys.flatMap((name) => [...key(name, at), ...each(map![name] as T, at.key(shortened(name, keyBytesMax)))])
}

/** A text that is too long, without its middle. */
function shortened(text: string, lengthMax: number): string {
  const length = Math.max(lengthMax, 16)
  if (text.length <= length) return text
  const kept = length - 3
  return `${text.slice(0, Math.floor((kept + 1) / 2))}...${text.slice(text.length - Math.floor(kept / 2))}`
}
