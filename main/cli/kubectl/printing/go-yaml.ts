import { sorted } from './go-json.ts'

/** YAML as sigs.k8s.io/yaml writes it: sorted keys, lists not indented under their key, and plain text wherever it reads back as
 *  the same text. */
export function printYaml(value: unknown): string {
  return block(sorted(value), 0, false).replace(/^\n/, '')
}

/** Text of a value that follows `key:` or `-`; begins with a newline when it goes on the next line. */
function block(value: unknown, indent: number, inList: boolean): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return inline(inList, '[]')
    const pad = ' '.repeat(indent)
    return (inList ? '' : '\n') + value.map((entry, index) => `${inList && index === 0 ? '' : pad}-${item(entry, indent + 2)}`).join('')
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
    if (entries.length === 0) return inline(inList, '{}')
    const pad = ' '.repeat(indent)
    return (
      (inList ? '' : '\n') +
      entries
        .map(([key, entry], index) => {
          const listBelow = Array.isArray(entry) && entry.length > 0
          return `${inList && index === 0 ? '' : pad}${scalar(key)}:${block(entry, listBelow ? indent : indent + 2, false)}`
        })
        .join('')
    )
  }
  return inline(inList, typeof value === 'string' ? text(value, indent) : scalarOf(value))
}

function item(value: unknown, indent: number): string {
  const nested = typeof value === 'object' && value !== null && (Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0)
  return nested ? ` ${block(value, indent, true)}` : block(value, indent, false)
}

function inline(inList: boolean, value: string): string {
  return `${inList ? '' : ' '}${value}\n`
}

function scalarOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number' && !Number.isInteger(value)) return String(value)
  return String(value)
}

function text(value: string, indent: number): string {
  if (value.includes('\n') && !/[^\n\t\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd]/.test(value) && !/^[ \n]/.test(value) && !/ \n/.test(value) && value.trim() !== '') return literal(value, indent)
  return scalar(value)
}

function literal(value: string, indent: number): string {
  const chomp = value.endsWith('\n\n') ? '+' : value.endsWith('\n') ? '' : '-'
  const pad = ' '.repeat(indent)
  const lines = value.replace(/\n$/, '').split('\n')
  return `|${chomp}\n${lines.map((line) => (line === '' ? '' : pad + line)).join('\n')}`
}

const resolvesElsewhere = /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|<<|=|\.nan|\.NaN|\.NAN|[-+]?\.(?:inf|Inf|INF))$/
const number = /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|(?:[0-9][0-9_]*)(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)$/
const timestamp = /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?$/
const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/

function scalar(value: string): string {
  if (value === '') return '""'
  if (needsDouble(value)) return JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
  // What would read back as something else is quoted with " by go-yaml, what is no plain scalar with '.
  if (resolvesElsewhere.test(value) || number.test(value) || timestamp.test(value) || base60.test(value)) return `"${value}"`
  if (!isPlain(value)) return `'${value.replaceAll("'", "''")}'`
  return value
}

function needsDouble(value: string): boolean {
  return /[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(value)
}

function isPlain(value: string): boolean {
  if (/^[\s]|[\s]$/.test(value)) return false
  if (/^[,[\]{}#&*!|>'"%@`]/.test(value) || /^[-?:](\s|$)/.test(value) || /^(---|\.\.\.)/.test(value)) return false
  if (/: |:$| #/.test(value)) return false
  return true
}


