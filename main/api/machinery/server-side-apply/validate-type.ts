/** Whether an applied configuration fits its type, with upstream's texts. */
import { goJson, quote } from '../go-text.ts'
import { isObject } from '../json-value.ts'
import { pathText } from './field-set.ts'
import { itemElement } from './merge-type.ts'
import type { AtomicMerge, MergeType } from './merge-type.ts'

/** All errors, each `.spec.foo: field not declared in schema`; empty when the value fits. */
export function typeErrors(value: unknown, type: MergeType): string[] {
  const errors: string[] = []
  check(value, type, '', errors)
  return errors
}

/** Several errors as upstream prints them. */
export function typeErrorsText(errors: readonly string[]): string {
  return errors.length === 1 ? (errors[0] as string) : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n')
}

function check(value: unknown, type: AtomicMerge['inner'] | MergeType, path: string, errors: string[]): void {
  const fail = (text: string): void => void errors.push(path ? `${path}: ${text}` : text)
  if (value === null || value === undefined) return
  switch (type.how) {
    case 'scalar':
      if (type.accepts === 'string' && typeof value !== 'string') fail(`expected string, got ${scalarText(value)}`)
      else if (type.accepts === 'numeric' && typeof value !== 'number') fail(`expected numeric (int or float), got ${goType(value)}`)
      else if (type.accepts === 'boolean' && typeof value !== 'boolean') fail(`expected boolean, got ${goJson(value)}`)
      else if (typeof value === 'object') fail(`expected any scalar, got ${goJson(value)}`)
      return
    case 'deduced':
      return
    case 'atomic':
      check(value, type.inner, path, errors)
      return
    case 'list':
      if (!Array.isArray(value)) return fail(`expected list, got ${goJson(value)}`)
      value.forEach((item, index) => check(item, type.items, `${path}[${index}]`, errors))
      return
    case 'struct':
    case 'map':
      if (!isObject(value)) return fail(`expected map, got ${goJson(value)}`)
      for (const key of Object.keys(value)) {
        const inner = type.how === 'map' ? type.values : type.fieldType(key)
        if (inner) check(value[key], inner, `${path}.${key}`, errors)
        else if (type.how === 'struct' && !type.open) {
          // Upstream looks no further in a map that has an unknown field.
          errors.push(`${path}.${key}: field not declared in schema`)
          return
        }
      }
      return
    default: {
      if (!Array.isArray(value)) return fail(`expected list, got ${goJson(value)}`)
      const seen = new Set<string>()
      for (const [index, item] of value.entries()) {
        let element: string
        try {
          element = itemElement(type, item)
        } catch (error) {
          fail(`element ${index}: ${(error as Error).message}`)
          return
        }
        const text = pathText([element])
        if (seen.has(element)) fail(`duplicate entries for key ${text}`)
        seen.add(element)
        check(item, type.items, path + text, errors)
      }
    }
  }
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? quote(value) : `&value.valueUnstructured{Value:${goJson(value)}}`
}

function goType(value: unknown): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}
