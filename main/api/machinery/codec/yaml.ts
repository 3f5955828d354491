/** YAML as Kubernetes reads it (sigs.k8s.io/yaml over go-yaml 2): YAML 1.1 scalars (yes, no, on, off are booleans),
 *  several documents, duplicate keys refused with go-yaml's text. Writing is in yaml-format.ts. */
import { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments, parseDocument, visit } from 'yaml'
import type { Document, Node, Scalar } from 'yaml'
import { setOwn } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import { DecodeError, depthMax, parseJson } from './json.ts'
import { checkYamlDepth } from './yaml-depth.ts'
import { resolvePlain } from './yaml-scalar.ts'

/** Parses one document; JSON is read as JSON. Empty text is null. kubectl's reader lets a repeated key's last value win. Throws DecodeError. */
export function parseYaml(text: string, repeatedKeys: 'refused' | 'last wins' = 'refused'): unknown {
  if (looksLikeJson(text)) return parseJson(text)
  checkYamlDepth(text)
  return toJson(parseDocument(text, options), text, repeatedKeys === 'refused')
}

/** Parses every document that is not empty; documents of comments only are left out. Throws DecodeError. */
export function parseYamlDocuments(text: string): unknown[] {
  return splitYamlDocuments(text).map((part) => parseYaml(part)).filter((value) => value !== null && value !== undefined)
}

/** The texts between `---` lines, as upstream's YAML reader splits them. */
export function splitYamlDocuments(text: string): string[] {
  if (looksLikeJson(text)) return [text]
  return text.split(/^---(?:[ \t].*)?\r?$/m).filter((part) => /\S/.test(part.replace(/^\s*#.*$/gm, '')))
}

/** Parses a text of many documents at once with yaml's own splitting (anchors and directives intact). */
export function parseYamlStream(text: string): unknown[] {
  checkYamlDepth(text)
  const documents = parseAllDocuments(text, options)
  return 'empty' in documents ? [] : documents.map((document) => toJson(document as Document.Parsed, text))
}

/** Scalars are resolved by yaml-scalar.ts: the package's own YAML 1.1 differs from go-yaml's. */
const options = { version: '1.1', schema: 'failsafe', uniqueKeys: false, prettyErrors: false, strict: true, logLevel: 'silent' } as const

function looksLikeJson(text: string): boolean {
  return /^\s*[{[]/.test(text) && isJson(text)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function toJson(document: Document.Parsed, text: string, refuseRepeated = true): unknown {
  // Like go-yaml, one document is read and what follows it is not looked at.
  const error = document.errors.find((each) => each.code !== 'MULTIPLE_DOCS')
  if (error) {
    if (error.message.includes('call stack')) throw new DecodeError('exceeded max depth')
    // go-yaml names the line of the colon that should not be there, which may come after a text of several lines.
    const colon = error.code === 'BLOCK_AS_IMPLICIT_KEY' ? text.slice(error.pos[0]).search(/:(?=\s|$)/) : 0
    const line = text.slice(0, error.pos[0] + Math.max(colon, 0)).split('\n').length
    throw new DecodeError(`error converting YAML to JSON: yaml: line ${line}: ${goText(error.code, error.message)}`)
  }
  const duplicates: string[] = []
  visit(document, {
    Map(_key, map, path) {
      if (path.length > depthMax) throw new DecodeError('exceeded max depth')
      const seen = new Set<string>()
      for (const pair of map.items) {
        if (!isScalar(pair.key)) continue
        const key = keyText(pair.key)
        const start = pair.key.range?.[0] ?? 0
        if (seen.has(key)) duplicates.push(`  line ${text.slice(0, start).split('\n').length}: key ${JSON.stringify(key)} already set in map`)
        seen.add(key)
      }
    },
  })
  if (refuseRepeated && duplicates.length > 0) throw new DecodeError(`error converting YAML to JSON: yaml: unmarshal errors:\n${duplicates.join('\n')}`)
  const budget = { aliased: aliasedNodesMax }
  return valueOf(document.contents, document, budget, 0)
}

function goText(code: string, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'found character that cannot start any token'
    case 'MISSING_CHAR':
      return message.includes('quote') ? 'found unexpected end of stream' : 'did not find expected key'
    case 'BAD_INDENT':
    case 'BLOCK_IN_FLOW':
    case 'UNEXPECTED_TOKEN':
      return 'did not find expected key'
    case 'MULTILINE_IMPLICIT_KEY':
      return 'could not find expected \':\''
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'mapping values are not allowed in this context'
    default:
      return message
  }
}

/** How much aliases may still expand to. */
interface Budget {
  aliased: number
}

const aliasedNodesMax = 100_000

/** Nodes as JSON: keys become strings, times and binaries stay texts, aliases are followed within a budget. */
function valueOf(node: unknown, document: Document.Parsed, budget: Budget, depth: number, isAliased = false): unknown {
  if (isAliased && --budget.aliased < 0) throw new DecodeError('yaml: document contains excessive aliasing')
  if (depth > depthMax) throw new DecodeError('exceeded max depth')
  if (node === null || node === undefined) return null
  if (isAlias(node)) {
    const target = node.resolve(document)
    if (!target) throw new DecodeError(`yaml: unknown anchor '${node.source}' referenced`)
    return valueOf(target, document, budget, depth + 1, true)
  }
  if (isMap(node)) return mapOf(node.items, document, budget, depth, isAliased)
  if (isSeq(node)) return node.items.map((item) => valueOf(isPair(item) ? item.value : item, document, budget, depth + 1, isAliased))
  if (!isScalar(node)) return null
  const value = scalarOf(node)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new DecodeError(`json: unsupported value: ${value}`)
  return value
}

/** A scalar by its tag, or by its looks when it is plain. */
function scalarOf(node: Scalar): string | number | boolean | null {
  const text = typeof node.value === 'string' ? node.value : (node.source ?? '')
  switch (node.tag) {
    case undefined:
      return node.type === 'PLAIN' ? resolvePlain(text) : text
    case '!!str':
    case 'tag:yaml.org,2002:str':
    case '!!binary':
    case 'tag:yaml.org,2002:binary':
    case '!':
      return text
    default:
      return resolvePlain(text)
  }
}

function mapOf(items: readonly unknown[], document: Document.Parsed, budget: Budget, depth: number, isAliased: boolean): JsonObject {
  const merged: JsonObject = {}
  const own: JsonObject = {}
  for (const pair of items) {
    if (!isPair(pair)) continue
    const key = pair.key as Node | null
    if (isScalar(key) && isMergeKey(key)) {
      const value = valueOf(pair.value, document, budget, depth + 1, isAliased)
      for (const source of Array.isArray(value) ? (value as unknown[]).toReversed() : [value]) {
        if (typeof source === 'object' && source !== null) for (const name of Object.keys(source)) setOwn(merged, name, (source as JsonObject)[name])
      }
      continue
    }
    const name = keyText(key)
    setOwn(own, name, valueOf(pair.value, document, budget, depth + 1, isAliased))
  }
  return Object.keys(merged).length > 0 ? { ...merged, ...own } : own
}

function isMergeKey(key: Scalar): boolean {
  return key.value === '<<' && key.type === 'PLAIN'
}

function keyText(key: Node | null): string {
  if (key === null) return 'null'
  if (!isScalar(key)) throw new DecodeError('error converting YAML to JSON: yaml: invalid map key')
  return String(scalarOf(key))
}
