import { FileError } from '../files/file-error.ts'
import { openPath } from '../processes/open-path.ts'
import { readOptions } from './options.ts'
import { ExecError, type Program } from './program.ts'
import { formatPrintf } from './shell/printf.ts'
import { ShellError } from './shell/state.ts'
import { testArguments } from './shell/test-expression.ts'
import { complain, linesOf, nameOf, openInput, readText } from './text-input.ts'

/** Programs that make, copy or hand on text: tee, seq, yes, xargs, printf, test, split. */

export const tee: Program = async (context) => {
  const options = await readOptions(context, 'ai', { append: 'a' })
  if (!options) return 1
  let code = 0
  const outputs: { write(bytes: Uint8Array): Promise<void> | void }[] = []
  for (const path of options.operands) {
    try {
      outputs.push(openPath(context, path, options.flags.has('a') ? 'append' : 'write'))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, `${path}: ${error.message}`)
      code = 1
    }
  }
  for (;;) {
    const bytes = await context.stdin.read()
    if (!bytes) return code
    await context.stdout.write(bytes)
    for (const output of outputs) await output.write(bytes)
  }
}

export const seq: Program = async (context) => {
  const options = await readOptions(context, 's:wf:', { separator: 's', 'equal-width': 'w' }, true, context.argv.slice(1).map((word) => (/^-\d/.test(word) ? `\0${word}` : word)))
  if (!options) return 1
  const numbers = options.operands.map((word) => word.replace('\0', ''))
  if (numbers.length === 0 || numbers.some((word) => Number.isNaN(Number(word)))) {
    await complain(context, numbers.length === 0 ? 'missing operand' : `invalid floating point argument: '${numbers.find((word) => Number.isNaN(Number(word)))}'`)
    return 1
  }
  const [from, by, to] = numbers.length === 1 ? [1, 1, Number(numbers[0])] : numbers.length === 2 ? [Number(numbers[0]), 1, Number(numbers[1])] : [Number(numbers[0]), Number(numbers[1]), Number(numbers[2])]
  if (by === 0) {
    await complain(context, 'invalid Zero increment value: 0')
    return 1
  }
  const decimals = Math.max(...numbers.map((word) => word.split('.')[1]?.length ?? 0))
  const width = options.flags.has('w') ? Math.max(from!.toFixed(decimals).length, to!.toFixed(decimals).length) : 0
  const separator = options.values.get('s') ?? '\n'
  let buffer = ''
  let wrote = false
  for (let index = 0; ; index++) {
    const value = from! + index * by!
    if (by! > 0 ? value > to! + 1e-9 : value < to! - 1e-9) break
    buffer += `${wrote ? separator : ''}${value.toFixed(decimals).padStart(width, '0')}`
    wrote = true
    if (buffer.length > 4096) {
      await context.stdout.write(buffer)
      buffer = ''
    }
  }
  if (wrote) await context.stdout.write(`${buffer}\n`)
  return 0
}

export const yes: Program = async (context) => {
  const line = `${context.argv.slice(1).join(' ') || 'y'}\n`
  const block = line.repeat(Math.ceil(4096 / line.length))
  for (;;) await context.stdout.write(block)
}

export const xargs: Program = async (context) => {
  const options = await readOptions(context, 'n:I:rt0P:L:d:ix', { null: '0', 'max-args': 'n', 'no-run-if-empty': 'r', replace: 'I' }, true)
  if (!options) return 1
  const text = await readText(context.stdin)
  const delimiter = options.values.get('d')
  const replace = options.values.get('I')
  const items = options.flags.has('0')
    ? text.split('\0').filter((item) => item !== '')
    : delimiter !== undefined
      ? text.replace(/\n$/, '').split(delimiter.replace('\\n', '\n').replace('\\t', '\t'))
      : replace !== undefined
        ? text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
        : (text.match(/'[^']*'|"[^"]*"|(?:\\.|[^\s\\'"])+/g) ?? []).map((word) => word.replace(/^(['"])([\s\S]*)\1$/, '$2').replace(/\\(.)/g, '$1'))
  const command = options.operands.length > 0 ? options.operands : ['echo']
  const size = replace !== undefined ? 1 : Number(options.values.get('n') ?? options.values.get('L') ?? Infinity)
  let code = 0
  const run = async (group: readonly string[]): Promise<boolean> => {
    const words = replace === undefined ? [...command, ...group] : command.map((word) => word.replaceAll(replace, group[0] ?? ''))
    if (options.flags.has('t')) await context.stderr.write(`${words.join(' ')}\n`)
    try {
      const files = [...context.descriptors]
      files[0] = undefined
      const status = await context.spawn(words, { files }).wait()
      if (status !== 0) code = status === 255 ? 124 : 123
      return status !== 255
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      await complain(context, `${words[0]}: ${error.reason === 'not-found' ? 'No such file or directory' : 'Permission denied'}`)
      code = error.reason === 'not-found' ? 127 : 126
      return false
    }
  }
  if (items.length === 0) {
    if (!options.flags.has('r') && replace === undefined) await run([])
    return code
  }
  for (let at = 0; at < items.length; at += size) if (!(await run(items.slice(at, size === Infinity ? undefined : at + size)))) break
  return code
}

export const printf: Program = async (context) => {
  const [format, ...words] = context.argv.slice(1)
  if (format === undefined) {
    await complain(context, 'missing operand')
    return 1
  }
  const { text, complaints } = formatPrintf(format, words)
  for (const complaint of complaints) await complain(context, complaint)
  await context.stdout.write(text)
  return complaints.length > 0 ? 1 : 0
}

export const test: Program = async (context) => {
  const words = context.argv.slice(1)
  if (nameOf(context) === '[' && words.pop() !== ']') {
    await complain(context, 'missing ]')
    return 2
  }
  try {
    return testArguments(context, words, () => false) ? 0 : 1
  } catch (error) {
    if (!(error instanceof ShellError)) throw error
    await complain(context, error.message)
    return 2
  }
}

export const split: Program = async (context) => {
  const options = await readOptions(context, 'l:b:a:d')
  if (!options) return 1
  const count = Number(options.values.get('l') ?? 1000)
  const prefix = options.operands[1] ?? 'x'
  const lines: string[] = []
  for await (const line of linesOf(openInput(context, options.operands[0] ?? '-'))) lines.push(`${line.text}\n`)
  for (let at = 0, part = 0; at < lines.length; at += count, part++) {
    const suffix = String.fromCharCode(97 + Math.floor(part / 26)) + String.fromCharCode(97 + (part % 26))
    context.files.write(context.path(prefix + suffix), lines.slice(at, at + count).join(''))
  }
  return 0
}
