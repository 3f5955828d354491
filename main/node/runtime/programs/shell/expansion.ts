import { parse, type ParameterExpansionPart, type ParsedScript, type Word, type WordPart } from 'unbash'
import type { ProcessContext } from '../program.ts'
import { joinPath } from '../../files/path.ts'
import { elementValue, evaluate, type ArithmeticHost } from './arithmetic.ts'
import { expandBraces } from './braces.ts'
import { globPattern, isGlob, matchGlob } from './glob.ts'
import { ShellError, type ShellState } from './state.ts'

/** A field being put together: its text, and the same as a pattern in which quoted characters are escaped. */
interface Field {
  text: string
  pattern: string
  glob: boolean
  /** Quotes make an empty field one that counts. */
  kept: boolean
}

interface ExpansionHost {
  readonly context: ProcessContext
  readonly state: ShellState
  /** Output of a command substitution, without trailing newlines. */
  substitute(script: ParsedScript | undefined): Promise<string>
  /** A path that leads to the substituted process's output or input. */
  processSubstitution(script: ParsedScript | undefined, operator: '<' | '>'): string
}

/** Expands words: parameters, commands, arithmetic, then field splitting and pathnames. */
export class Expansion implements ArithmeticHost {
  readonly #host: ExpansionHost
  readonly state: ShellState

  constructor(host: ExpansionHost) {
    this.#host = host
    this.state = host.state
  }

  /** A word of a command line: any number of fields. */
  async fields(word: Word): Promise<string[]> {
    if (!word.parts) return [this.#tilde(word)]
    if (this.state.flavour === 'bash' && word.parts.some((part) => part.type === 'BraceExpansion')) {
      const result: string[] = []
      for (const each of braceWords(word)) result.push(...(each.parts ? await this.#expandFields(each) : [this.#tilde(each)]))
      return result
    }
    return this.#expandFields(word)
  }

  /** A word where no splitting happens: assignments, case, redirections, here-strings. */
  async text(word: Word | undefined): Promise<string> {
    if (!word) return ''
    if (!word.parts) return this.#tilde(word)
    const builder = new FieldBuilder(undefined)
    if (word.text.startsWith('~') && word.parts[0]?.type === 'Literal') {
      builder.literal(this.#tildeText(word.parts[0].value, word.parts.length === 1))
      await this.#parts(word.parts.slice(1), builder, false)
    } else await this.#parts(word.parts, builder, false)
    return builder.joined()
  }

  /** A pattern: quoted characters stand for themselves. */
  async pattern(word: Word): Promise<string> {
    if (!word.parts) return escapeGlob(word.value)
    const builder = new FieldBuilder(undefined)
    await this.#parts(word.parts, builder, false)
    return builder.fields().map((field) => field.pattern).join(' ')
  }

  /** The contents of a here-document. */
  async document(parts: readonly WordPart[] | undefined, text: string): Promise<string> {
    return parts ? this.expandParts(parts) : text
  }

  async expandParts(parts: readonly WordPart[]): Promise<string> {
    const builder = new FieldBuilder(undefined)
    await this.#parts(parts, builder, true)
    return builder.joined()
  }

  runSubstitution(script: ParsedScript | undefined): Promise<string> {
    return this.#host.substitute(script)
  }

  async #expandFields(word: Word): Promise<string[]> {
    const separators = this.state.get('IFS') ?? ' \t\n'
    const builder = new FieldBuilder(separators)
    const first = word.parts![0]!
    if (word.text.startsWith('~') && first.type === 'Literal') {
      builder.literal(this.#tildeText(first.value, word.parts!.length === 1))
      await this.#parts(word.parts!.slice(1), builder, false)
    } else await this.#parts(word.parts!, builder, false)
    const result: string[] = []
    for (const field of builder.fields()) {
      if (!field.glob || this.state.options.noglob || !isGlob(field.pattern)) {
        result.push(field.text)
        continue
      }
      const paths = this.#paths(field.pattern)
      if (paths.length > 0) result.push(...paths)
      else result.push(field.text)
    }
    return result
  }

  #tilde(word: Word): string {
    return word.text.startsWith('~') ? this.#tildeText(word.value, true) : word.value
  }

  #tildeText(text: string, whole: boolean): string {
    const slash = text.indexOf('/')
    if (slash < 0 && !whole) return text
    const user = slash < 0 ? text.slice(1) : text.slice(1, slash)
    const rest = slash < 0 ? '' : text.slice(slash)
    if (user === '') return (this.state.get('HOME') ?? '~') + rest
    if (user === '+') return (this.state.get('PWD') ?? '') + rest
    if (user === 'root') return `/root${rest}`
    return text
  }

  async #parts(parts: readonly WordPart[], builder: FieldBuilder, quoted: boolean): Promise<void> {
    for (const part of parts) {
      switch (part.type) {
        case 'Literal':
        case 'SingleQuoted':
        case 'AnsiCQuoted':
          if (part.type === 'Literal' && !quoted) builder.literal(part.value)
          else builder.quoted(part.value)
          break
        case 'DoubleQuoted':
        case 'LocaleString':
          builder.openQuote()
          await this.#parts(part.parts, builder, true)
          break
        case 'Glob':
          builder.glob(part.kind === 'bracket' ? await this.#bracket(part.parts, part.text) : part.text)
          break
        case 'ExtendedGlob':
        case 'BraceExpansion':
          builder.literal(part.text)
          break
        case 'SimpleExpansion': {
          const name = part.text.slice(1)
          if (name === '@' || name === '*') this.#list(this.state.positional, name, builder, quoted)
          else builder.value(this.#parameter(name), quoted)
          break
        }
        case 'ParameterExpansion':
          await this.#parameterExpansion(part, builder, quoted)
          break
        case 'CommandExpansion':
          builder.value(await this.#host.substitute(part.script), quoted)
          break
        case 'ArithmeticExpansion':
          builder.value(String(await evaluate(this, part.expression)), quoted)
          break
        case 'ProcessSubstitution':
          builder.quoted(this.#host.processSubstitution(part.script, part.operator))
          break
      }
    }
  }

  async #bracket(parts: readonly WordPart[], text: string): Promise<string> {
    return parts.some((part) => part.type !== 'Literal') ? `[${await this.expandParts(parts)}]` : text
  }

  #list(values: readonly string[], kind: string, builder: FieldBuilder, quoted: boolean): void {
    if (kind === '*' && quoted) {
      const separators = this.state.get('IFS') ?? ' \t\n'
      builder.quoted(values.join(separators.slice(0, 1)))
      return
    }
    values.forEach((value, index) => {
      if (index > 0) builder.split()
      if (quoted) builder.quoted(value)
      else builder.value(value, false)
    })
    if (values.length === 0 && quoted) builder.dropEmptyQuote()
  }

  /** The value of a parameter; undefined when it is not set. */
  lookUp(name: string): string | undefined {
    const { state } = this
    if (/^\d+$/.test(name)) return name === '0' ? state.name : state.positional[Number(name) - 1]
    switch (name) {
      case '?':
        return String(state.status)
      case '#':
        return String(state.positional.length)
      case '$':
        return String(state.pid)
      case '!':
        return state.backgroundPid === undefined ? '' : String(state.backgroundPid)
      case '-':
        return (state.options.errexit ? 'e' : '') + (state.options.xtrace ? 'x' : '') + (state.options.nounset ? 'u' : '') + (state.interactive ? 'i' : '') + 'hB'
      case '@':
      case '*':
        return state.positional.join(' ')
      case 'RANDOM':
        return state.flavour === 'dash' ? state.get(name) : String(this.#host.context.random.below(32_768))
      case 'SECONDS':
        return state.flavour === 'bash' ? String(Math.floor((this.#host.context.clock.now() - state.startedAt) / 1000)) : state.get(name)
      case 'LINENO':
        return state.get(name) ?? '1'
      case 'EPOCHSECONDS':
        return state.flavour === 'bash' ? String(Math.floor(this.#host.context.clock.now() / 1000)) : state.get(name)
      case 'BASHPID':
        return state.flavour === 'bash' ? String(this.#host.context.pid) : state.get(name)
      case 'PPID':
        return state.get(name) ?? String(this.#host.context.parentPid)
      default:
        return state.get(name)
    }
  }

  #parameter(name: string): string {
    const value = this.lookUp(name)
    if (value !== undefined) return value
    if (this.state.options.nounset) throw new ShellError(this.state.flavour === 'bash' ? `${name}: unbound variable` : `${name}: parameter not set`, 2, 127)
    return ''
  }

  async #parameterExpansion(part: ParameterExpansionPart, builder: FieldBuilder, quoted: boolean): Promise<void> {
    const { state } = this
    let name = part.parameter
    const { operation, prefix } = part
    if (part.index && (part.index.value === '@' || part.index.value === '*')) {
      const variable = state.variables.get(name)?.value
      if (prefix === '#') builder.value(String(state.elements(name).length), quoted)
      else if (prefix === '!') this.#list(variable instanceof Map ? [...variable.keys()] : Array.isArray(variable) ? Object.keys(variable) : state.elements(name).map((_, index) => String(index)), part.index.value, builder, quoted)
      else {
        let values = state.elements(name)
        if (operation?.type === 'Slice') {
          const start = await this.#number(operation.offset)
          values = values.slice(start, operation.length ? start + (await this.#number(operation.length)) : undefined)
        } else if (operation) values = await Promise.all(values.map((value) => this.#operate(name, value, operation)))
        this.#list(values, part.index.value, builder, quoted)
      }
      return
    }
    if ((name === '@' || name === '*') && prefix === undefined && (!operation || operation.type === 'Slice')) {
      let values: readonly string[] = state.positional
      if (operation?.type === 'Slice') {
        const start = await this.#number(operation.offset)
        const all = [state.name, ...state.positional]
        values = all.slice(start, operation.length ? start + (await this.#number(operation.length)) : undefined)
      }
      this.#list(values, name, builder, quoted)
      return
    }
    let value: string | undefined
    if (part.index) {
      const isMap = state.variables.get(name)?.value instanceof Map
      value = elementValue(state, name, isMap ? await this.text(part.index) : await this.#number(part.index))
    } else value = this.lookUp(name)
    if (prefix === '!' && operation?.type !== 'Names') {
      name = value ?? ''
      value = this.lookUp(name)
    }
    if (prefix === '#') {
      if (value === undefined && state.options.nounset) this.#parameter(name)
      builder.value(String([...(value ?? '')].length), quoted)
      return
    }
    if (operation?.type === 'Names') {
      this.#list([...state.variables.keys()].filter((each) => each.startsWith(part.parameter)).sort(), '@', builder, quoted)
      return
    }
    if (operation?.type === 'Default') {
      const useOperand = operation.operator.startsWith(':') ? value === undefined || value === '' : value === undefined
      const operator = operation.operator.replace(':', '')
      if (operator === '+') {
        if (!useOperand) await this.#operand(operation.operand, builder, quoted)
        else if (quoted) builder.quoted('')
        return
      }
      if (!useOperand) {
        builder.value(value!, quoted)
        return
      }
      if (operator === '-') {
        await this.#operand(operation.operand, builder, quoted)
        return
      }
      const text = await this.text(operation.operand)
      if (operator === '=') {
        state.set(name, text)
        builder.value(text, quoted)
        return
      }
      throw new ShellError(`${name}: ${text === '' ? (operation.operator.startsWith(':') ? 'parameter null or not set' : 'parameter not set') : text}`, state.flavour === 'bash' ? 127 : 2)
    }
    if (value === undefined) value = this.#parameter(name)
    builder.value(operation ? await this.#operate(name, value, operation) : value, quoted)
  }

  async #operand(word: Word, builder: FieldBuilder, quoted: boolean): Promise<void> {
    if (word.parts) await this.#parts(word.parts, builder, quoted)
    else if (quoted) builder.quoted(word.value)
    else builder.value(this.#tilde(word), false)
  }

  async #number(word: Word): Promise<number> {
    const text = await this.text(word)
    const command = parse(`((${text}))`).commands[0]?.command
    return command?.type === 'ArithmeticCommand' ? evaluate(this, command.expression) : 0
  }

  async #operate(name: string, value: string, operation: NonNullable<ParameterExpansionPart['operation']>): Promise<string> {
    switch (operation.type) {
      case 'Remove': {
        const pattern = await this.pattern(operation.operand)
        const fromEnd = operation.operator.startsWith('%')
        const longest = operation.operator.length === 2
        return fromEnd ? removeSuffix(value, pattern, longest) : removePrefix(value, pattern, longest)
      }
      case 'Replace': {
        const pattern = globPattern(await this.pattern(operation.pattern))
        if (pattern === '') return value
        const replacement = await this.text(operation.replacement)
        const anchored = operation.operator === '/#' ? `^(?:${pattern})` : operation.operator === '/%' ? `(?:${pattern})$` : pattern
        return value.replace(new RegExp(anchored, operation.operator === '//' ? 'g' : ''), () => replacement)
      }
      case 'Slice': {
        const characters = [...value]
        const given = await this.#number(operation.offset)
        const start = given < 0 ? Math.max(0, characters.length + given) : given
        if (!operation.length) return characters.slice(start).join('')
        const length = await this.#number(operation.length)
        return characters.slice(start, length < 0 ? characters.length + length : start + length).join('')
      }
      case 'CaseModification': {
        const upper = operation.operator.startsWith('^')
        const change = (text: string): string => (upper ? text.toUpperCase() : text.toLowerCase())
        return operation.operator.length === 2 ? change(value) : change(value.slice(0, 1)) + value.slice(1)
      }
      case 'Transform': {
        const kind = operation.operand.value
        if (kind === 'U') return value.toUpperCase()
        if (kind === 'L') return value.toLowerCase()
        if (kind === 'Q') return quoteWord(value)
        return value
      }
      default:
        throw new ShellError(this.state.flavour === 'bash' ? `\${${name}}: bad substitution` : 'bad substitution', 2)
    }
  }

  #paths(pattern: string): string[] {
    const { files } = this.#host.context
    const absolute = pattern.startsWith('/')
    let found: string[] = [absolute ? '/' : '']
    const parts = pattern.split('/').filter((part) => part !== '')
    parts.forEach((part, index) => {
      const last = index === parts.length - 1
      const next: string[] = []
      for (const base of found) {
        const directory = base === '' ? this.#host.context.cwd : this.#host.context.path(base)
        if (!isGlob(part)) {
          const plain = part.replace(/\\(.)/g, '$1')
          const path = base === '' ? plain : joinPath(base, plain)
          if (safely(() => files.find(this.#host.context.path(path), !last)) !== undefined) next.push(path)
          continue
        }
        const names = safely(() => files.list(directory)) ?? []
        for (const name of names) {
          if (name.startsWith('.') && !part.startsWith('.') && !part.startsWith('\\.')) continue
          if (!matchGlob(part, name)) continue
          const path = base === '' ? name : joinPath(base, name)
          if (!last && safely(() => files.find(this.#host.context.path(path)))?.kind !== 'directory') continue
          next.push(path)
        }
      }
      found = next
    })
    return found.sort()
  }
}

/** Collects fields while a word is expanded. Without separators nothing is split. */
class FieldBuilder {
  readonly #separators: string | undefined
  readonly #fields: Field[] = []
  #current: Field | undefined
  #afterBlank = false

  constructor(separators: string | undefined) {
    this.#separators = separators
  }

  literal(text: string): void {
    this.#add(text, escapeGlob(text), false)
  }

  quoted(text: string): void {
    this.#add(text, escapeGlob(text), true)
  }

  openQuote(): void {
    this.#add('', '', true)
  }

  /** `"$@"` without arguments is no field at all, when nothing else is in the quotes. */
  dropEmptyQuote(): void {
    if (this.#current?.text === '') this.#current = undefined
  }

  glob(text: string): void {
    const field = this.#open()
    field.text += text
    field.pattern += text
    field.glob = true
  }

  /** The value of an expansion: split at separators unless quoted. */
  value(text: string, quoted: boolean): void {
    if (quoted) {
      this.quoted(text)
      return
    }
    const separators = this.#separators
    if (separators === undefined || separators === '') {
      if (text !== '') this.#raw(text)
      return
    }
    let piece = ''
    const flush = (): void => {
      if (piece !== '') this.#raw(piece)
      piece = ''
    }
    for (const char of text) {
      if (!separators.includes(char)) {
        piece += char
        this.#afterBlank = false
      } else if (char === ' ' || char === '\t' || char === '\n') {
        flush()
        if (this.#current) {
          this.split()
          this.#afterBlank = true
        }
      } else {
        flush()
        // Two separators in a row hold an empty field between them.
        if (!this.#current && !this.#afterBlank) this.#open().kept = true
        this.split()
        this.#afterBlank = false
      }
    }
    flush()
  }

  split(): void {
    if (this.#current) this.#fields.push(this.#current)
    this.#current = undefined
  }

  fields(): Field[] {
    this.split()
    return this.#fields.filter((field) => field.text !== '' || field.kept)
  }

  joined(): string {
    this.split()
    return this.#fields.map((field) => field.text).join(' ')
  }

  #raw(text: string): void {
    const field = this.#open()
    field.text += text
    field.pattern += text.replace(/\\/g, '\\\\')
    if (/[*?[]/.test(text)) field.glob = true
  }

  #add(text: string, pattern: string, kept: boolean): void {
    if (text === '' && !kept) return
    const field = this.#open()
    field.text += text
    field.pattern += pattern
    if (kept) field.kept = true
    this.#afterBlank = false
  }

  #open(): Field {
    return (this.#current ??= { text: '', pattern: '', glob: false, kept: false })
  }
}

const braceCache = new WeakMap<Word, readonly Word[]>()

function braceWords(word: Word): readonly Word[] {
  let words = braceCache.get(word)
  if (!words) {
    words = expandBraces(word.text).flatMap((text) => {
      const command = parse(`: ${text}`).commands[0]?.command
      return command?.type === 'Command' ? command.args.filter((each) => each.type === 'Word').map((each) => withoutBraces(each)) : []
    })
    braceCache.set(word, words)
  }
  return words
}

function withoutBraces(word: Word): Word {
  return word.parts?.some((part) => part.type === 'BraceExpansion')
    ? { ...word, parts: word.parts.map((part) => (part.type === 'BraceExpansion' ? { type: 'Literal', pos: part.pos, end: part.end, value: part.text, text: part.text } : part)) }
    : word
}

function safely<T>(find: () => T): T | undefined {
  try {
    return find()
  } catch {
    return undefined
  }
}

export function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&')
}

function removePrefix(value: string, pattern: string, longest: boolean): string {
  return value.replace(new RegExp(`^(?:${globPattern(pattern, longest)})`), '')
}

function removeSuffix(value: string, pattern: string, longest: boolean): string {
  const matcher = new RegExp(`^(?:${globPattern(pattern)})$`)
  if (longest) {
    for (let start = 0; start <= value.length; start++) if (matcher.test(value.slice(start))) return value.slice(0, start)
  } else {
    for (let start = value.length; start >= 0; start--) if (matcher.test(value.slice(start))) return value.slice(0, start)
  }
  return value
}

/** A word as it could be typed again. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
