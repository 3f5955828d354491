import { quote } from '../../../api/machinery/go-text.ts'

/** What an action is made of. `at` is the offset that errors point to. */
export type Term =
  | { readonly type: 'dot'; readonly at: number }
  | { readonly type: 'nil'; readonly at: number }
  | { readonly type: 'bool'; readonly at: number; readonly value: boolean }
  | { readonly type: 'number'; readonly at: number; readonly text: string; readonly value: bigint | number }
  | { readonly type: 'string'; readonly at: number; readonly text: string; readonly value: string }
  | { readonly type: 'field'; readonly at: number; readonly names: readonly string[] }
  | { readonly type: 'variable'; readonly at: number; readonly names: readonly string[] }
  | { readonly type: 'function'; readonly at: number; readonly name: string }
  | { readonly type: 'chain'; readonly at: number; readonly of: Term; readonly names: readonly string[] }
  | Pipe

export interface Pipe {
  readonly type: 'pipe'
  readonly at: number
  readonly variables: readonly string[]
  /** `=` and not `:=`. */
  readonly assigns: boolean
  readonly commands: readonly (readonly Term[])[]
}

export type Node =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'action'; readonly at: number; readonly pipe: Pipe }
  | Control
  | TemplateCall
  | { readonly type: 'break' | 'continue' }

export interface Control {
  readonly type: 'if' | 'with' | 'range'
  readonly at: number
  readonly pipe: Pipe
  readonly body: readonly Node[]
  readonly otherwise: readonly Node[] | undefined
}

export interface TemplateCall {
  readonly type: 'template'
  readonly at: number
  readonly name: string
  readonly pipe: Pipe | undefined
}

/** A term as Go's String methods write it, for error messages. */
export function termText(term: Term): string {
  switch (term.type) {
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'bool':
      return String(term.value)
    case 'number':
    case 'string':
      return term.text
    case 'field':
      return term.names.map((name) => `.${name}`).join('')
    case 'variable':
      return term.names.join('.')
    case 'function':
      return term.name
    case 'chain':
      return `${term.of.type === 'pipe' ? `(${termText(term.of)})` : termText(term.of)}${term.names.map((name) => `.${name}`).join('')}`
    case 'pipe':
      return pipeText(term)
  }
}

function pipeText({ variables, assigns, commands }: Pipe): string {
  const declared = variables.length > 0 ? `${variables.join(', ')} ${assigns ? '=' : ':='} ` : ''
  return declared + commands.map(commandText).join(' | ')
}

export function commandText(terms: readonly Term[]): string {
  return terms.map((term) => (term.type === 'pipe' ? `(${termText(term)})` : termText(term))).join(' ')
}

export function templateText(name: string, pipe: Pipe | undefined): string {
  return `{{template ${quote(name)}${pipe ? ` ${termText(pipe)}` : ''}}}`
}
