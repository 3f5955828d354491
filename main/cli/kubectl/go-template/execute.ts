import { quote } from '../../../api/machinery/go-text.ts'
import { builtInFunctions, type TemplateFunction } from './functions.ts'
import { commandText, templateText, termText, type Control, type Node, type Pipe, type TemplateCall, type Term } from './nodes.ts'
import { parseTemplate, type TemplateSet } from './parse.ts'
import { absent, isMap, isTrue, sortedKeys, typeText, valueText } from './values.ts'

/** A template of Go's text/template over JSON values. Follows its language, its functions and the words of its errors; methods
 *  and struct fields do not occur, for JSON has none. */
export class GoTemplate {
  readonly #name: string
  readonly #text: string
  readonly #trees: TemplateSet
  readonly #functions: Readonly<Record<string, TemplateFunction>>
  readonly #missingIsError: boolean

  /** Throws an Error that says where the template is wrong. */
  constructor(name: string, text: string, options: { readonly functions?: Readonly<Record<string, TemplateFunction>>; readonly missingIsError?: boolean } = {}) {
    this.#name = name
    this.#text = text
    this.#functions = { ...builtInFunctions, ...options.functions }
    this.#missingIsError = options.missingIsError ?? false
    this.#trees = parseTemplate(name, text, new Set(Object.keys(this.#functions)))
  }

  /** Writes what the template makes of the data, piece by piece: what came before a mistake stays written. Throws an Error. */
  execute(data: unknown, write: (text: string) => void): void {
    const run = new Run({ name: this.#name, text: this.#text, trees: this.#trees, functions: this.#functions, missingIsError: this.#missingIsError, write })
    run.tree(this.#name, data)
  }
}

interface Setting {
  readonly name: string
  readonly text: string
  readonly trees: TemplateSet
  readonly functions: Readonly<Record<string, TemplateFunction>>
  readonly missingIsError: boolean
  readonly write: (text: string) => void
}

/** A value, and whether Go sees it as an `interface {}`: what was taken from a map or a list. */
interface Seen {
  readonly value: unknown
  readonly boxed: boolean
}

const nothing: Seen = { value: absent, boxed: false }
const depthMax = 1000

class Leaving extends Error {
  readonly how: 'break' | 'continue'
  constructor(how: 'break' | 'continue') {
    super(how)
    this.how = how
  }
}

class Run {
  readonly #setting: Setting
  #treeName = ''
  #variables: { name: string; value: Seen }[] = []
  #depth = 0

  constructor(setting: Setting) {
    this.#setting = setting
  }

  tree(name: string, data: unknown): void {
    const outer = { name: this.#treeName, variables: this.#variables }
    this.#treeName = name
    this.#variables = [{ name: '$', value: { value: data, boxed: false } }]
    this.#list(this.#setting.trees.get(name)!, { value: data, boxed: false })
    this.#treeName = outer.name
    this.#variables = outer.variables
  }

  #fail(at: number, context: string, message: string): Error {
    const before = this.#setting.text.slice(0, at)
    const line = before.split('\n').length
    const column = new TextEncoder().encode(before.slice(before.lastIndexOf('\n') + 1)).length
    return new Error(`template: ${this.#setting.name}:${line}:${column}: executing ${quote(this.#treeName)} at <${context}>: ${message}`)
  }

  #failAt(term: Term, message: string): Error {
    return this.#fail(term.at, termText(term), message)
  }

  #list(nodes: readonly Node[], dot: Seen): void {
    for (const node of nodes) this.#node(node, dot)
  }

  #node(node: Node, dot: Seen): void {
    switch (node.type) {
      case 'text':
        this.#setting.write(node.text)
        return
      case 'action': {
        const { value } = this.#pipe(node.pipe, dot)
        if (node.pipe.variables.length === 0) this.#setting.write(valueText(value))
        return
      }
      case 'if':
      case 'with': {
        const mark = this.#variables.length
        const seen = this.#pipe(node.pipe, dot)
        if (isTrue(seen.value)) this.#list(node.body, node.type === 'with' ? seen : dot)
        else if (node.otherwise) this.#list(node.otherwise, dot)
        this.#variables.length = mark
        return
      }
      case 'range':
        this.#range(node, dot)
        return
      case 'template':
        this.#template(node, dot)
        return
      case 'break':
      case 'continue':
        throw new Leaving(node.type)
    }
  }

  #template({ at, name, pipe }: TemplateCall, dot: Seen): void {
    if (!this.#setting.trees.has(name)) throw this.#fail(at, templateText(name, pipe), `template ${quote(name)} not defined`)
    if (this.#depth >= depthMax) throw this.#fail(at, templateText(name, pipe), `exceeded maximum template depth (100000)`)
    const data = pipe ? this.#pipe(pipe, dot) : nothing
    this.#depth++
    this.tree(name, data.value)
    this.#depth--
  }

  #range({ pipe, body, otherwise }: Control, dot: Seen): void {
    const mark = this.#variables.length
    const { value } = this.#pipe({ ...pipe, variables: [] }, dot)
    const turn = (key: unknown, item: Seen): boolean => {
      const [first, second] = pipe.variables
      if (pipe.assigns) {
        if (first !== undefined) this.#assign(first, second === undefined ? item : { value: key, boxed: false })
        if (second !== undefined) this.#assign(second, item)
      } else {
        if (first !== undefined) this.#variables.push({ name: first, value: second === undefined ? item : { value: key, boxed: false } })
        if (second !== undefined) this.#variables.push({ name: second, value: item })
      }
      const inside = this.#variables.length
      try {
        this.#list(body, item)
        return true
      } catch (error) {
        if (!(error instanceof Leaving)) throw error
        return error.how === 'continue'
      } finally {
        this.#variables.length = Math.min(inside, mark)
      }
    }
    const items = this.#items(value, pipe)
    if (items.length === 0) {
      if (otherwise) this.#list(otherwise, dot)
    } else for (const [key, item] of items) if (!turn(key, item)) break
    this.#variables.length = mark
  }

  #items(value: unknown, pipe: Pipe): readonly (readonly [unknown, Seen])[] {
    if (value === absent || value === null || value === undefined) return []
    if (Array.isArray(value)) return value.map((item, index) => [BigInt(index), { value: item as unknown, boxed: true }] as const)
    if (isMap(value)) return sortedKeys(value).map((key) => [key, { value: value[key], boxed: true }] as const)
    if (typeof value === 'bigint') return Array.from({ length: Math.max(0, Number(value)) }, (_, index) => [BigInt(index), { value: BigInt(index), boxed: false }] as const)
    throw this.#failAt(lastTerm(pipe), `range can't iterate over ${valueText(value)}`)
  }

  #assign(name: string, value: Seen): void {
    const found = this.#variables.findLast((variable) => variable.name === name)
    if (found) found.value = value
  }

  #pipe(pipe: Pipe, dot: Seen): Seen {
    let seen: Seen | undefined
    for (const command of pipe.commands) {
      const result = this.#command(command, dot, seen)
      // Go looks into the interface here: what a pipeline answers has its own type, and nil becomes no value.
      seen = result.boxed ? { value: result.value === null || result.value === undefined ? absent : result.value, boxed: false } : result
    }
    const value = seen ?? nothing
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#assign(name, value)
      else this.#variables.push({ name, value })
    }
    return value
  }

  #command(terms: readonly Term[], dot: Seen, last: Seen | undefined): Seen {
    const first = terms[0]!
    const hasArguments = terms.length > 1 || last !== undefined
    switch (first.type) {
      case 'field':
        return this.#fields(first, first.names, dot, hasArguments)
      case 'chain':
        return this.#fields(first, first.names, this.#chained(first, dot), hasArguments)
      case 'variable':
        if (first.names.length === 1) {
          if (hasArguments) throw this.#failAt(first, `can't give argument to non-function ${termText(first)}`)
          return this.#variable(first.names[0]!)
        }
        return this.#fields(first, first.names.slice(1), this.#variable(first.names[0]!), hasArguments)
      case 'function':
        return this.#call(first.name, first, terms.slice(1), dot, last, commandText(terms))
      default:
        if (hasArguments) throw this.#failAt(first, `can't give argument to non-function ${termText(first)}`)
        if (first.type === 'nil') throw this.#failAt(first, 'nil is not a command')
        return this.#term(first, dot)
    }
  }

  #chained(term: Extract<Term, { type: 'chain' }>, dot: Seen): Seen {
    if (term.of.type === 'nil') throw this.#failAt(term, `indirection through explicit nil in ${termText(term)}`)
    return this.#term(term.of, dot)
  }

  #term(term: Term, dot: Seen): Seen {
    switch (term.type) {
      case 'dot':
        return dot
      case 'nil':
        return { value: null, boxed: false }
      case 'bool':
      case 'number':
      case 'string':
        return { value: term.value, boxed: false }
      case 'pipe':
        return this.#pipe(term, dot)
      default:
        return this.#command([term], dot, undefined)
    }
  }

  #variable(name: string): Seen {
    return this.#variables.findLast((variable) => variable.name === name)?.value ?? nothing
  }

  #fields(term: Term, names: readonly string[], start: Seen, hasArguments: boolean): Seen {
    return names.reduce((seen, name, index) => this.#field(term, name, seen, hasArguments && index === names.length - 1), start)
  }

  #field(term: Term, name: string, { value, boxed }: Seen, hasArguments: boolean): Seen {
    if (value === absent) {
      if (this.#setting.missingIsError) throw this.#failAt(term, `nil data; no entry for key ${quote(name)}`)
      return nothing
    }
    const type = boxed ? 'interface {}' : typeText(value)
    if (value === null || value === undefined) throw this.#failAt(term, `nil pointer evaluating ${boxed ? 'interface {}' : type}.${name}`)
    if (!isMap(value)) throw this.#failAt(term, `can't evaluate field ${name} in type ${type}`)
    if (hasArguments) throw this.#failAt(term, `${name} is not a method but has arguments`)
    if (Object.hasOwn(value, name)) return { value: value[name], boxed: true }
    if (this.#setting.missingIsError) throw this.#failAt(term, `map has no entry for key ${quote(name)}`)
    return nothing
  }

  #call(name: string, term: Term, terms: readonly Term[], dot: Seen, last: Seen | undefined, command: string): Seen {
    const { least, most, texts = [], call } = this.#setting.functions[name]!
    const count = terms.length + (last === undefined ? 0 : 1)
    if (count < least && most === Infinity) throw this.#failAt(term, `wrong number of args for ${name}: want at least ${least} got ${count}`)
    if (count < least || count > most) throw this.#failAt(term, `wrong number of args for ${name}: want ${least} got ${count}`)
    const values: unknown[] = []
    for (const [place, argument] of terms.entries()) {
      const value = texts.includes(place) ? this.#text(argument, dot) : this.#argument(argument, dot)
      if ((name === 'and' && !isTrue(value)) || (name === 'or' && isTrue(value))) return { value, boxed: false }
      values.push(value)
    }
    if (last !== undefined) values.push(texts.includes(terms.length) ? this.#textValue(last, term) : last.value)
    let result: unknown
    try {
      result = call(...values)
    } catch (error) {
      throw this.#fail(term.at, command, `error calling ${name}: ${(error as Error).message}`)
    }
    return { value: result ?? null, boxed: name === 'index' || result === null || result === undefined }
  }

  #argument(term: Term, dot: Seen): unknown {
    const { value } = this.#term(term, dot)
    return value === absent && term.type !== 'nil' ? null : value
  }

  /** An argument that Go declares as string. */
  #text(term: Term, dot: Seen): string {
    if (term.type === 'string') return term.value
    if (term.type === 'bool' || term.type === 'number') throw this.#failAt(term, `expected string; found ${termText(term)}`)
    if (term.type === 'nil') throw this.#failAt(term, 'cannot assign nil to string')
    return this.#textValue(this.#term(term, dot), term)
  }

  #textValue({ value, boxed }: Seen, term: Term): string {
    if (typeof value === 'string') return value
    if (value === absent) throw this.#failAt(term, 'invalid value; expected string')
    throw this.#failAt(term, `wrong type for value; expected string; got ${boxed && value === null ? 'interface {}' : typeText(value)}`)
  }
}

/** Where complaints about what a pipeline answered point to: what was evaluated last. */
function lastTerm(pipe: Pipe): Term {
  const [first] = pipe.commands.at(-1)!
  return first!.type === 'pipe' ? lastTerm(first) : first!
}
