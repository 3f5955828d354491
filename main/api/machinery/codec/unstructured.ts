/** How Go words values and errors of objects that are maps: strategic merge patches are decoded from maps, not from JSON. */
import { isObject } from '../json-value.ts'
import type { DecodeError } from './json.ts'

/** A JSON value as Go prints it with %+v: `map[a:1 b:[x y] c:<nil>]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isObject(value)) return String(value)
  const keys = Object.keys(value).sort()
  return `map[${keys.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`
}

/** The words of apimachinery's converter for what encoding/json would say otherwise. */
export function converterText({ message, mismatch }: DecodeError): string {
  if (!mismatch) return message
  const { value, wanted, goType } = mismatch
  const met = goKindOf(value)
  if (wanted === 'struct') return `cannot restore struct from: ${met}`
  if (wanted === 'map' || wanted === 'slice') return `cannot restore ${wanted} from ${met}`
  // Go converts numbers to text and to each other; the converter refuses that, as JSON does.
  const converts = (met === 'int64' && wanted !== 'bool') || (met === 'float64' && wanted !== 'bool' && wanted !== 'string')
  return converts ? `cannot convert ${met} to ${goType}` : `unrecognized type: ${wanted}`
}

function goKindOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  return Array.isArray(value) ? 'slice' : 'map'
}
