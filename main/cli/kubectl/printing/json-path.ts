import { CliError } from '../cli-error.ts'
import { compactJson, printJson } from './go-json.ts'

/** client-go's JSONPath templates: text with `{…}` parts of paths, ranges, filters and quoted text. */
export interface JsonPathTemplate {
  readonly nodes: readonly TemplateNode[]
}

type TemplateNode =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'path'; readonly steps: readonly Step[] }
  | { readonly type: 'range'; readonly steps: readonly Step[]; readonly body: readonly TemplateNode[] }

type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'wildcard' }
  | { readonly type: 'recursive' }
  | { readonly type: 'slice'; readonly from: number | undefined; readonly to: number | undefined; readonly by: number; readonly single: boolean }
  | { readonly type: 'union'; readonly paths: readonly (readonly Step[])[] }
  | { readonly type: 'filter'; readonly left: Operand; readonly operator: string; readonly right: Operand | undefined }
  | { readonly type: 'root' }
  | { readonly type: 'literal'; readonly value: unknown }

type Operand = readonly Step[]

/** Compiles a template; a template without braces is taken as one path, as kubectl relaxes it. */
export function compileJsonPath(template: string): JsonPathTemplate {
  const parser = new Parser(template)
  return { nodes: parser.nodes(false) }
}

/** `metadata.name`, `.metadata.name` and `{.metadata.name}` all mean the same where one path is asked for. */
export function relaxedPath(path: string): JsonPathTemplate {
  if (path === '') return { nodes: [] }
  const match = /^(?:\{\.?([^{}]+)\}|\.?([^{}]+))$/.exec(path)
  if (!match) throw new CliError(`unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'`)
  return compileJsonPath(`{.${match[1] ?? match[2]!}}`)
}

/** All values that the template's paths find. Throws when a path does not exist and that is not allowed. */
export function findAll(template: JsonPathTemplate, root: unknown, allowMissing: boolean): unknown[] {
  return template.nodes.flatMap((node) => (node.type === 'path' ? walk(node.steps, [root], root, allowMissing) : []))
}

export function printJsonPath(template: JsonPathTemplate, root: unknown, options: { readonly asJson: boolean; readonly allowMissing: boolean }): string {
  if (options.asJson) return printJson(findAll(template, root, options.allowMissing))
  return render(template.nodes, root, root, options.allowMissing)
}

function render(nodes: readonly TemplateNode[], current: unknown, root: unknown, allowMissing: boolean): string {
  let out = ''
  for (const node of nodes) {
    if (node.type === 'text') out += node.text
    else if (node.type === 'path') out += walk(node.steps, [current], root, allowMissing).map(valueText).join(' ')
    else for (const value of walk(node.steps, [current], root, allowMissing)) out += render(node.body, value, root, allowMissing)
  }
  return out
}

export function valueText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? compactJson(value) : String(value)
}

function walk(steps: readonly Step[], start: readonly unknown[], root: unknown, allowMissing: boolean): unknown[] {
  let values = [...start]
  for (const step of steps) values = advance(step, values, root, allowMissing)
  return values
}

function advance(step: Step, values: readonly unknown[], root: unknown, allowMissing: boolean): unknown[] {
  switch (step.type) {
    case 'root':
      return [root]
    case 'literal':
      return [step.value]
    case 'field':
      return fieldOf(step.name, values, allowMissing)
    case 'wildcard':
      return values.flatMap(childrenOf)
    case 'recursive':
      return values.flatMap(descendantsOf)
    case 'slice':
      return values.flatMap((value) => sliceOf(step, value))
    case 'union':
      return values.flatMap((value) => step.paths.flatMap((path) => walk(path, [value], root, true)))
    case 'filter':
      return values.flatMap((value) => (Array.isArray(value) ? value : childrenOf(value)).filter((entry) => passes(step, entry, root)))
  }
}

function fieldOf(name: string, values: readonly unknown[], allowMissing: boolean): unknown[] {
  const found: unknown[] = []
  for (const value of values) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)) found.push((value as Record<string, unknown>)[name])
  }
  if (found.length === 0 && !allowMissing) throw new CliError(`${name} is not found`)
  return found
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return []
  const object = value as Record<string, unknown>
  return Object.keys(object).sort().map((key) => object[key])
}

function descendantsOf(value: unknown): unknown[] {
  return [value, ...childrenOf(value).flatMap(descendantsOf)]
}

function sliceOf(step: Extract<Step, { type: 'slice' }>, value: unknown): unknown[] {
  if (!Array.isArray(value)) return []
  const length = value.length
  const at = (index: number): number => (index < 0 ? index + length : index)
  if (step.single) {
    const index = at(step.from ?? 0)
    if (index < 0 || index >= length) {
      throw new CliError(`array index out of bounds: index ${step.from ?? 0}, length ${length}`)
    }
    return [value[index]]
  }
  const from = Math.max(0, at(step.from ?? 0))
  const to = Math.min(length, step.to === undefined ? length : at(step.to))
  const picked: unknown[] = []
  for (let index = from; index < to; index += step.by) picked.push(value[index])
  return picked
}

function passes(step: Extract<Step, { type: 'filter' }>, entry: unknown, root: unknown): boolean {
  const left = walk(step.left, [entry], root, true)
  if (step.operator === 'exists') return left.length > 0
  const right = walk(step.right ?? [], [entry], root, true)
  if (left.length === 0 || right.length === 0) return false
  const [a] = left
  const [b] = right
  switch (step.operator) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return (a as number) < (b as number)
    case '<=':
      return (a as number) <= (b as number)
    case '>':
      return (a as number) > (b as number)
    case '>=':
      return (a as number) >= (b as number)
    default:
      throw new CliError(`unrecognized filter operator ${step.operator}`)
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'" }

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Nodes up to the end, or up to the `{end}` of a range. */
  nodes(inRange: boolean): TemplateNode[] {
    const nodes: TemplateNode[] = []
    while (this.#at < this.#text.length) {
      const brace = this.#text.indexOf('{', this.#at)
      const text = this.#text.slice(this.#at, brace < 0 ? undefined : brace)
      if (text !== '') nodes.push({ type: 'text', text })
      if (brace < 0) {
        this.#at = this.#text.length
        break
      }
      this.#at = brace + 1
      if (this.#action(nodes) === 'end') {
        if (!inRange) throw this.#fail('not in range, nothing to end')
        return nodes
      }
    }
    if (inRange) throw this.#fail('unclosed range')
    return nodes
  }

  #action(nodes: TemplateNode[]): 'end' | undefined {
    for (;;) {
      this.#blank()
      const next = this.#text[this.#at]
      if (next === undefined) throw this.#fail('unclosed action')
      if (next === '}') {
        this.#at++
        return undefined
      }
      if (this.#word('range')) {
        this.#blank()
        const steps = this.#steps()
        this.#blank()
        this.#expect('}')
        nodes.push({ type: 'range', steps, body: this.nodes(true) })
        return undefined
      }
      if (this.#word('end')) {
        this.#blank()
        this.#expect('}')
        return 'end'
      }
      if (next === '"' || next === "'") nodes.push({ type: 'text', text: this.#quoted(next) })
      else nodes.push({ type: 'path', steps: this.#steps() })
    }
  }

  #steps(): Step[] {
    const steps: Step[] = []
    for (;;) {
      const next = this.#text[this.#at]
      if (next === '$') {
        this.#at++
        steps.push({ type: 'root' })
      } else if (next === '@') this.#at++
      else if (next === '.') {
        this.#at++
        if (this.#text[this.#at] === '.') {
          this.#at++
          steps.push({ type: 'recursive' })
        }
        if (this.#text[this.#at] === '*') {
          this.#at++
          steps.push({ type: 'wildcard' })
        } else {
          const name = this.#name()
          if (name !== '') steps.push({ type: 'field', name })
        }
      } else if (next === '[') steps.push(this.#bracket())
      else if (next === '*') {
        this.#at++
        steps.push({ type: 'wildcard' })
      } else if (next !== undefined && /[A-Za-z_]/.test(next) && steps.length === 0) steps.push({ type: 'field', name: this.#name() })
      else {
        if (steps.length === 0 && next !== '}' && next !== ' ' && this.#text[this.#at - 1] !== '@' && this.#text[this.#at - 1] !== '.') throw this.#fail(`unrecognized character in action: U+${(next ?? '').codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')} '${next}'`)
        return steps
      }
    }
  }

  #bracket(): Step {
    this.#at++
    const close = this.#closingBracket()
    const inner = this.#text.slice(this.#at, close)
    this.#at = close + 1
    if (inner.trim() === '*') return { type: 'wildcard' }
    if (/^\?\(.*\)$/s.test(inner.trim())) return filterStep(inner.trim().slice(2, -1))
    const slice = /^(-?\d*)(:(-?\d*)(:(-?\d*))?)?$/.exec(inner.trim())
    if (slice && inner.trim() !== '') {
      const number = (text: string | undefined): number | undefined => (text ? Number(text) : undefined)
      return { type: 'slice', from: number(slice[1]), to: number(slice[3]), by: number(slice[5]) ?? 1, single: slice[2] === undefined }
    }
    const quoted = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/.exec(inner.trim())
    if (quoted) return { type: 'field', name: (quoted[1] ?? quoted[2]!).replace(/\\(.)/g, '$1') }
    if (inner.includes(',')) return { type: 'union', paths: inner.split(',').map((part) => unionPart(part.trim())) }
    throw this.#fail(`invalid array index ${inner}`)
  }

  #closingBracket(): number {
    let depth = 1
    let quote = ''
    for (let index = this.#at; index < this.#text.length; index++) {
      const character = this.#text[index]!
      if (quote) {
        if (character === '\\') index++
        else if (character === quote) quote = ''
      } else if (character === '"' || character === "'") quote = character
      else if (character === '[') depth++
      else if (character === ']' && --depth === 0) return index
    }
    throw this.#fail('unterminated array')
  }

  #name(): string {
    let name = ''
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at]!
      if (character === '\\') {
        name += this.#text[this.#at + 1] ?? ''
        this.#at += 2
      } else if (/[\s.,[\]{}()|$@=<>!"'&]/.test(character)) break
      else {
        name += character
        this.#at++
      }
    }
    return name
  }

  #quoted(quote: string): string {
    this.#at++
    let text = ''
    while (this.#text[this.#at] !== quote) {
      const character = this.#text[this.#at]
      if (character === undefined) throw this.#fail('unterminated quoted string')
      if (character === '\\') {
        const escaped = this.#text[this.#at + 1] ?? ''
        text += escapes[escaped] ?? escaped
        this.#at += 2
      } else {
        text += character
        this.#at++
      }
    }
    this.#at++
    return text
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at) || /[A-Za-z0-9_]/.test(this.#text[this.#at + word.length] ?? '')) return false
    this.#at += word.length
    return true
  }

  #blank(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#fail('unclosed action')
    this.#at++
  }

  #fail(message: string): CliError {
    return new CliError(`error parsing jsonpath ${this.#text}, ${message}`)
  }
}

function unionPart(part: string): Step[] {
  if (/^-?\d+$/.test(part)) return [{ type: 'slice', from: Number(part), to: undefined, by: 1, single: true }]
  const quoted = /^'(.*)'$|^"(.*)"$/.exec(part)
  if (quoted) return [{ type: 'field', name: quoted[1] ?? quoted[2]! }]
  return compilePath(part)
}

function filterStep(text: string): Step {
  const match = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)$/s.exec(text)
  if (!match) return { type: 'filter', left: operand(text), operator: 'exists', right: undefined }
  return { type: 'filter', left: operand(match[1]!), operator: match[2]!, right: operand(match[3]!) }
}

function operand(text: string): Operand {
  const trimmed = text.trim()
  const quoted = /^'((?:[^'\\]|\\.)*)'$|^"((?:[^"\\]|\\.)*)"$/.exec(trimmed)
  if (quoted) return [{ type: 'literal', value: (quoted[1] ?? quoted[2]!).replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character) }]
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return [{ type: 'literal', value: Number(trimmed) }]
  if (trimmed === 'true' || trimmed === 'false') return [{ type: 'literal', value: trimmed === 'true' }]
  return compilePath(trimmed)
}

function compilePath(text: string): Step[] {
  const [node] = compileJsonPath(`{${text}}`).nodes
  return node?.type === 'path' ? [...node.steps] : []
}
