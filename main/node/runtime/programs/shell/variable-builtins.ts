import type { Assignment, Command } from 'unbash'
import { complain, out, type Builtin } from './builtin.ts'
import { quoteWord } from './expansion.ts'
import type { Interpreter } from './interpreter.ts'
import { optionLetters, ShellError, type ShellOptions } from './state.ts'

/** Builtins that set and show variables, options and positional parameters. */

export const exportNames: Builtin = async (shell, words, node) => {
  const { state } = shell
  const names = words.slice(1)
  if (names.length === 0 || names[0] === '-p') {
    const lines = [...state.variables].filter(([, variable]) => variable.exported).sort(([a], [b]) => (a < b ? -1 : 1))
    const prefix = state.flavour === 'bash' ? 'declare -x' : 'export'
    const quote = state.flavour === 'bash' ? (value: string): string => `"${value.replace(/["$`\\]/g, '\\$&')}"` : quoteWord
    await out(shell, lines.map(([name]) => `${prefix} ${name}=${quote(state.get(name) ?? '')}\n`).join(''))
    return 0
  }
  const remove = names[0] === '-n'
  for (const argument of arguments_(node, names.slice(names[0]?.startsWith('-') ? 1 : 0))) {
    const name = await declare(shell, argument, words)
    if (name === undefined) return 1
    if (remove) {
      const variable = state.variables.get(name)
      if (variable) variable.exported = false
    } else if (state.variables.has(name) || typeof argument !== 'string') state.export(name)
    else if (!state.variables.has(name)) exportLater(shell, name)
  }
  return 0
}

/** An exported name without a value appears in no environment until it is set. */
function exportLater(shell: Interpreter, name: string): void {
  shell.state.variables.set(name, { value: [], exported: true, readOnly: false })
}

/** Arguments of a declaration: assignments as they were parsed, other words as texts. */
function arguments_(node: Command | undefined, names: readonly string[]): (Assignment | string)[] {
  const assignments = (node?.args ?? []).filter((argument): argument is Assignment => argument.type === 'Assignment')
  return names.map((name) => {
    const match = /^([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=/.exec(name)
    return (match && assignments.find((each) => each.name === match[1])) ?? name
  })
}

/** Performs the assignment in an argument; answers the name, or undefined after a complaint. */
async function declare(shell: Interpreter, argument: Assignment | string, words: readonly string[]): Promise<string | undefined> {
  if (typeof argument !== 'string') {
    await shell.assign(argument)
    return argument.name
  }
  const match = /^([A-Za-z_]\w*)(?:=([\s\S]*))?$/.exec(argument)
  if (!match) {
    await complain(shell, words, shell.state.flavour === 'bash' ? `\`${argument}': not a valid identifier` : `${argument}: bad variable name`)
    return undefined
  }
  if (match[2] !== undefined) shell.state.set(match[1]!, match[2])
  return match[1]!
}

export const readonly: Builtin = async (shell, words, node) => {
  for (const argument of arguments_(node, words.slice(1).filter((word) => !word.startsWith('-')))) {
    const name = await declare(shell, argument, words)
    if (name === undefined) return 1
    const variable = shell.state.variables.get(name)
    if (variable) variable.readOnly = true
    else shell.state.variables.set(name, { value: '', exported: false, readOnly: true })
  }
  return 0
}

export const local: Builtin = async (shell, words, node) => {
  const { state } = shell
  if (state.locals.length === 0) return complain(shell, words, state.flavour === 'ash' ? 'not in a function' : 'can only be used in a function')
  const options = words.slice(1).filter((word) => word.startsWith('-'))
  for (const argument of arguments_(node, words.slice(1).filter((word) => !word.startsWith('-')))) {
    const name = typeof argument === 'string' ? /^[A-Za-z_]\w*/.exec(argument)?.[0] : argument.name
    if (name !== undefined) state.declareLocal(name)
    applyAttributes(shell, name, options.join(''))
    if ((await declare(shell, argument, words)) === undefined) return 1
    if (name !== undefined && !state.variables.has(name) && state.flavour === 'bash') state.variables.set(name, { value: '', exported: false, readOnly: false })
  }
  return 0
}

function applyAttributes(shell: Interpreter, name: string | undefined, letters: string): void {
  if (name === undefined) return
  const { variables } = shell.state
  const existing = variables.get(name)
  if (letters.includes('A') && !(existing?.value instanceof Map)) variables.set(name, { value: new Map(), exported: false, readOnly: false })
  else if (letters.includes('a') && !Array.isArray(existing?.value)) variables.set(name, { value: existing ? [String(existing.value)] : [], exported: false, readOnly: false })
  if (letters.includes('i')) {
    if (!variables.has(name)) variables.set(name, { value: '', exported: false, readOnly: false })
    variables.get(name)!.integer = true
  }
}

export const declareBuiltin: Builtin = async (shell, words, node) => {
  const { state } = shell
  const letters = words.filter((word, index) => index > 0 && /^[-+]/.test(word)).join('')
  const names = words.slice(1).filter((word) => !/^[-+]/.test(word))
  if (letters.includes('f') || letters.includes('F')) {
    for (const name of names.length > 0 ? names : state.functions.keys()) {
      if (!state.functions.has(name)) return 1
      await out(shell, letters.includes('F') ? `${names.length > 0 ? '' : 'declare -f '}${name}\n` : `${name} ()\n`)
    }
    return 0
  }
  if (names.length === 0) {
    await out(shell, [...state.variables.keys()].sort().map((name) => `${name}=${quoteWord(state.get(name) ?? '')}\n`).join(''))
    return 0
  }
  for (const argument of arguments_(node, names)) {
    const name = typeof argument === 'string' ? /^[A-Za-z_]\w*/.exec(argument)?.[0] : argument.name
    if (letters.includes('p')) {
      const variable = name === undefined ? undefined : state.variables.get(name)
      if (!variable) return complain(shell, words, `${name}: not found`)
      await out(shell, `declare -${variable.exported ? 'x' : '-'} ${name}="${state.get(name!) ?? ''}"\n`)
      continue
    }
    if (name !== undefined && !letters.includes('g')) state.declareLocal(name)
    applyAttributes(shell, name, letters)
    if ((await declare(shell, argument, words)) === undefined) return 1
    if (name === undefined) continue
    if (!state.variables.has(name)) state.variables.set(name, { value: '', exported: false, readOnly: false })
    const variable = state.variables.get(name)!
    if (letters.includes('x')) variable.exported = true
    if (letters.includes('r')) variable.readOnly = true
  }
  return 0
}

export const set: Builtin = async (shell, words) => {
  const { state } = shell
  if (words.length === 1) {
    await out(shell, [...state.variables.keys()].sort().map((name) => `${name}=${quoteWord(state.get(name) ?? '')}\n`).join(''))
    return 0
  }
  let at = 1
  for (; at < words.length; at++) {
    const word = words[at]!
    if (word === '--') {
      state.positional = words.slice(at + 1)
      return 0
    }
    if (word === '-') {
      at++
      break
    }
    if (!/^[-+]./.test(word)) break
    const on = word.startsWith('-')
    for (const letter of word.slice(1)) {
      if (letter === 'o') {
        const name = words[++at]
        if (name === undefined) {
          await out(shell, Object.entries(state.options).map(([option, value]) => `${option.padEnd(16)}${value ? 'on' : 'off'}\n`).join(''))
          return 0
        }
        if (name in state.options) state.options[name as keyof ShellOptions] = on
        else if (!knownModes.has(name)) return complain(shell, words, state.flavour === 'bash' ? `${name}: invalid option name` : `illegal option -o ${name}`, 2)
        continue
      }
      const option = optionLetters[letter]
      if (option) state.options[option] = on
      else if (!'hmbBHEPTk'.includes(letter)) return complain(shell, words, state.flavour === 'bash' ? `${word}: invalid option` : `illegal option ${word}`, 2)
    }
  }
  if (at < words.length) state.positional = words.slice(at)
  return 0
}

const knownModes = new Set(['vi', 'emacs', 'posix', 'monitor', 'notify', 'ignoreeof', 'braceexpand', 'hashall', 'history', 'interactive-comments'])

export const unset: Builtin = async (shell, words) => {
  let functions = false
  for (const word of words.slice(1)) {
    if (word === '-f') functions = true
    else if (word === '-v') functions = false
    else if (functions) shell.state.functions.delete(word)
    else {
      const element = /^(\w+)\[(.*)\]$/.exec(word)
      const value = element && shell.state.variables.get(element[1]!)?.value
      if (element && Array.isArray(value)) delete value[Number(element[2])]
      else if (element && value instanceof Map) value.delete(element[2]!)
      else if (!shell.state.variables.has(word) && shell.state.functions.has(word)) shell.state.functions.delete(word)
      else shell.state.unset(word)
    }
  }
  return 0
}

export const shift: Builtin = async (shell, words) => {
  const count = Number(words[1] ?? 1)
  if (count > shell.state.positional.length) {
    if (shell.state.flavour === 'dash') throw new ShellError("shift: can't shift that many", 2)
    return 1
  }
  shell.state.positional = shell.state.positional.slice(count)
  return 0
}
