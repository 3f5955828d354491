import { isObject } from '../../../api/machinery/json-value.ts'
import { asSorted } from './go-json.ts'

/** KYAML, kubectl's dialect of YAML: flow style, every string in double quotes, commas after the last item, and a document
 *  marker so that nobody takes it for JSON. Follows sigs.k8s.io/yaml/kyaml; comments do not occur. */
export function printKyaml(value: unknown): string {
  return `---\n${node(asSorted(value), 0)}\n`
}

function node(value: unknown, depth: number): string {
  if (typeof value === 'string') return text(value, depth + 1)
  if (Array.isArray(value)) return list(value, depth)
  if (isObject(value)) return map(value, depth)
  return String(value)
}

/** Lists of maps or lists keep their brackets together, others have a line for each item. */
function list(items: readonly unknown[], depth: number): string {
  if (items.length === 0) return '[]'
  if (items.every((item) => typeof item === 'object' && item !== null)) return `[${items.map((item) => node(item, depth)).join(', ')}]`
  const [outer, inner] = ['  '.repeat(depth), '  '.repeat(depth + 1)]
  return `[\n${items.map((item) => `${inner}${node(item, depth + 1)},\n`).join('')}${outer}]`
}

function map(value: Readonly<Record<string, unknown>>, depth: number): string {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined)
  if (keys.length === 0) return '{}'
  const [outer, inner] = ['  '.repeat(depth), '  '.repeat(depth + 1)]
  return `{\n${keys.map((key) => `${inner}${keyText(key)}: ${node(value[key], depth + 1)},\n`).join('')}${outer}}`
}

function keyText(key: string): string {
  if (isPlain(key) && !looksTyped(key)) return key
  return `"${Array.from(key, (character) => (character === '\n' ? '\\n' : character === '\t' ? '\\t' : escaped(character))).join('')}"`
}

function isPlain(key: string): boolean {
  return /^[\p{L}\p{N}_](?:[\p{L}\p{N}_./-]*[\p{L}\p{N}_])?$/u.test(key)
}

/** What a YAML parser could take for something else than a string. */
function looksTyped(key: string): boolean {
  if (/^(null|~|true|false|y|yes|on|n|no|off|t|f|[-+]?\.?inf|\.nan|[-+]?infinity|nan)$/i.test(key)) return true
  const digits = key.replaceAll('_', '')
  if (/^[-+]?(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|\d+)$/.test(digits)) return true
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(digits)) return true
  if (/^[-+]?[1-9][\d_]*(:[0-5]?\d)+(\.[\d_]*)?$/.test(key)) return true
  return /^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$/.test(key)
}

/** Text of several lines is folded: a line each, so that it reads as it is. */
function text(value: string, depth: number): string {
  const many = value.includes('\n')
  if (!many) return `"${Array.from(value, escaped).join('')}"`
  const indent = '  '.repeat(depth)
  let out = '"\\\n'
  for (const character of value) {
    if (out.endsWith('\n')) out += indent + (/\s/.test(character) && character !== '\n' ? '\\' : ' ')
    out += character === '\n' ? '\\n\\\n' : escaped(character)
  }
  return `${out}${out.endsWith('\n') ? '' : '\\\n'}${indent}"`
}

const named: Readonly<Record<string, string>> = { '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\r': '\\r', '\v': '\\v', '\0': '\\0', '\x1b': '\\e', '\x85': '\\N', '\xa0': '\\_', '\u2028': '\\L', '\u2029': '\\P' }

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  if (character === '\t') return character
  const name = named[character]
  if (name) return name
  if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) return character
  const code = character.codePointAt(0)!
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}
