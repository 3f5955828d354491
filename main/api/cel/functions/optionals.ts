/** Optional values: `a.?b`, `a[?i]`, `optional.of(x)`, `orValue`. */
import { boolType, dynType, intType, listType, mapType, optionalType, stringType } from '../types.ts'
import { CelList, CelMap, equalValues, EvaluationError, none, Optional } from '../values.ts'
import type { CelValue } from '../values.ts'
import { global, member, paramA, paramB } from './overload.ts'
import type { Library } from './overload.ts'

const optionalA = optionalType(paramA)

/** Whether a value is its type's zero: for `optional.ofNonZeroValue`. */
function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true
  if (value instanceof CelList || value instanceof CelMap) return value.size === 0
  return value instanceof Uint8Array ? value.length === 0 : typeof value === 'object' && 'nanos' in value ? equalValues(value, Object.create(Object.getPrototypeOf(value) as object, { nanos: { value: 0n } }) as CelValue) : false
}

/** What lies under a key or index, as an optional; of an optional, what lies in its value. */
export function optionalAt(container: CelValue, key: CelValue): CelValue {
  if (container instanceof Optional) return container.value === undefined ? none : optionalAt(container.value, key)
  if (container instanceof CelMap) {
    const found = container.get(key)
    return found === undefined ? none : new Optional(found)
  }
  if (container instanceof CelList) {
    const index = typeof key === 'bigint' ? Number(key) : typeof key === 'number' ? key : -1
    return Number.isInteger(index) && index >= 0 && index < container.size ? new Optional(container.at(index)) : none
  }
  return new EvaluationError('no such overload')
}

export function optionalLibrary(): Library {
  return {
    overloads: [
      global('optional.of', 'optional_of', [paramA], optionalA, (value: CelValue) => new Optional(value)),
      global('optional.ofNonZeroValue', 'optional_ofNonZeroValue', [paramA], optionalA, (value: CelValue) => (isZero(value) ? none : new Optional(value))),
      global('optional.none', 'optional_none', [], optionalA, () => none),
      member('value', 'optional_value', [optionalA], paramA, ({ value }: Optional) => (value === undefined ? new EvaluationError('optional.none() dereference') : value)),
      member('hasValue', 'optional_hasValue', [optionalA], boolType, ({ value }: Optional) => value !== undefined),
      member('or', 'optional_or_optional', [optionalA, optionalA], optionalA, (value: Optional, other: Optional) => (value.value === undefined ? other : value)),
      member('orValue', 'optional_orValue_value', [optionalA, paramA], paramA, ({ value }: Optional, other: CelValue) => (value === undefined ? other : value)),
      global('_?._', 'select_optional_field', [dynType, stringType], optionalType(dynType), optionalAt),
      global('_[?_]', 'list_optindex_optional_int', [listType(paramA), intType], optionalA, optionalAt),
      global('_[?_]', 'optional_list_optindex_optional_int', [optionalType(listType(paramA)), intType], optionalA, optionalAt),
      global('_[?_]', 'map_optindex_optional_value', [mapType(paramA, paramB), paramA], optionalType(paramB), optionalAt),
      global('_[?_]', 'optional_map_optindex_optional_value', [optionalType(mapType(paramA, paramB)), paramA], optionalType(paramB), optionalAt),
      global('_[_]', 'optional_list_index_int', [optionalType(listType(paramA)), intType], optionalA, optionalAt),
      global('_[_]', 'optional_map_index_value', [optionalType(mapType(paramA, paramB)), paramA], optionalType(paramB), optionalAt),
    ],
    types: [optionalType(dynType)],
  }
}
