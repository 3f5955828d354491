/** The JSON paths of printer columns, as kubectl's relaxed form writes them: `.spec.x`, `.list[0]`, `['a.b']`, `[*]`, `..name`,
 *  `[?(@.type=="Ready")].status`. */
import { isObject } from '../../../api/machinery/json-value.ts'

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'all' }
  | { readonly type: 'deep'; readonly name: string }
  | { readonly type: 'slice'; readonly from: number | undefined; readonly to: number | undefined; readonly single: boolean }
  | { readonly type: 'filter'; readonly path: readonly Step[]; readonly operator: string; readonly value: unknown }

export type JsonPath = readonly Step[]

/** Longer paths find nothing: nobody writes them in earnest. */
const lengthMax = 2_000

/** Reads a path; undefined for text that is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (text.length > lengthMax) return undefined
  const steps: Step[] = []
  let at = 0
  while (at < text.length) {
    if (text.startsWith('..', at)) {
      const name = nameAt(text, at + 2)
      steps.push({ type: 'deep', name: name.text })
      at = name.end
    } else if (text[at] === '.') {
      const name = nameAt(text, at + 1)
      if (name.text === '*') steps.push({ type: 'all' })
      else if (name.text !== '') steps.push({ type: 'field', name: name.text })
      at = name.end
    } else if (text[at] === '[') {
      const end = closing(text, at)
      if (end < 0) return undefined
      const step = bracket(text.slice(at + 1, end).trim())
      if (!step) return undefined
      steps.push(step)
      at = end + 1
    } else if (steps.length === 0) {
      const name = nameAt(text, at)
      if (name.end === at) return undefined
      steps.push({ type: 'field', name: name.text })
      at = name.end
    } else return undefined
  }
  return steps
}

/** A name up to the next unescaped `.` or `[`. */
function nameAt(text: string, start: number): { readonly text: string; readonly end: number } {
  let name = ''
  let at = start
  for (; at < text.length && text[at] !== '.' && text[at] !== '['; at++) {
    if (text[at] === '\\' && at + 1 < text.length) at++
    name += text[at]
  }
  return { text: name, end: at }
}

/** The bracket that closes the one at `start`, quotes and nesting considered. */
function closing(text: string, start: number): number {
  let depth = 0
  let quote = ''
  for (let at = start; at < text.length; at++) {
    const character = text[at]!
    if (quote !== '') {
      if (character === '\\') at++
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '[') depth++
    else if (character === ']' && --depth === 0) return at
  }
  return -1
}

function bracket(inner: string): Step | undefined {
  if (inner === '*') return { type: 'all' }
  const quoted = /^'((?:\\.|[^'\\])*)'$/.exec(inner) ?? /^"((?:\\.|[^"\\])*)"$/.exec(inner)
  if (quoted) return { type: 'field', name: quoted[1]!.replace(/\\(.)/g, '$1') }
  if (/^-?\d+$/.test(inner)) return { type: 'slice', from: Number(inner), to: undefined, single: true }
  const slice = /^(-?\d+)?:(-?\d+)?$/.exec(inner)
  if (slice) return { type: 'slice', from: slice[1] === undefined ? undefined : Number(slice[1]), to: slice[2] === undefined ? undefined : Number(slice[2]), single: false }
  const filter = /^\?\(\s*@([^=!<>]*?)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?\)$/.exec(inner)
  if (!filter) return undefined
  const path = parseJsonPath(filter[1]!.trim())
  if (!path) return undefined
  if (filter[2] === undefined) return { type: 'filter', path, operator: 'exists', value: undefined }
  const literal = filter[3]!
  const text = /^'(.*)'$/.exec(literal) ?? /^"(.*)"$/.exec(literal)
  const value = text ? text[1] : literal === 'true' ? true : literal === 'false' ? false : Number(literal)
  return { type: 'filter', path, operator: filter[2], value }
}

/** What the path finds, in order. Missing fields find nothing. */
export function findJsonPath(path: JsonPath, root: unknown): unknown[] {
  let found: unknown[] = [root]
  for (const step of path) found = found.flatMap((value) => stepInto(step, value))
  return found
}

function stepInto(step: Step, value: unknown): unknown[] {
  switch (step.type) {
    case 'field':
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
    case 'all':
      return Array.isArray(value) ? (value as unknown[]) : isObject(value) ? Object.keys(value).sort().map((key) => value[key]) : []
    case 'deep': {
      const found: unknown[] = []
      const pending: unknown[] = [value]
      while (pending.length > 0) {
        const next = pending.shift()
        if (isObject(next) && Object.hasOwn(next, step.name)) found.push(next[step.name])
        if (Array.isArray(next)) pending.push(...(next as unknown[]))
        else if (isObject(next)) pending.push(...Object.values(next))
      }
      return found
    }
    case 'slice': {
      if (!Array.isArray(value)) return []
      const list = value as unknown[]
      const index = (given: number | undefined, absent: number): number => (given === undefined ? absent : given < 0 ? given + list.length : given)
      const from = index(step.from, 0)
      if (step.single) return from >= 0 && from < list.length ? [list[from]] : []
      return list.slice(Math.max(from, 0), index(step.to, list.length))
    }
    default:
      return Array.isArray(value) ? (value as unknown[]).filter((item) => passes(step, item)) : []
  }
}

function passes(step: Extract<Step, { type: 'filter' }>, item: unknown): boolean {
  const [found] = findJsonPath(step.path, item)
  if (step.operator === 'exists') return found !== undefined
  if (found === undefined) return false
  const { value } = step
  if (step.operator === '==') return found === value || String(found) === String(value)
  if (step.operator === '!=') return String(found) !== String(value)
  if (typeof found !== typeof value) return false
  const order = found as number < (value as number) ? -1 : (found as number) > (value as number) ? 1 : 0
  return step.operator === '<' ? order < 0 : step.operator === '>' ? order > 0 : step.operator === '<=' ? order <= 0 : order >= 0
}
