import { badArguments, CliError, exitCodes } from '../cli-error.ts'
import { flag, keyOf, type Command } from '../command.ts'
import { parseFlags } from '../flags.ts'
import type { TxnAnswer } from '../printing/printer.ts'
import { del, delRequest } from './del.ts'
import { get, getRequest } from './get.ts'
import { put, putRequest } from './put.ts'

const targets: Readonly<Record<string, readonly [number, string]>> = {
  ver: [0, 'version'], version: [0, 'version'], c: [1, 'create_revision'], create: [1, 'create_revision'], m: [2, 'mod_revision'], mod: [2, 'mod_revision'], val: [3, 'value'], value: [3, 'value'], lease: [4, 'lease'],
}
const results: Readonly<Record<string, number>> = { '=': 0, '>': 1, '<': 2, '!=': 3 }

/** Reads comparisons, what to do if they hold, and what else, each list ended by an empty line. */
export const txn: Command = {
  use: 'txn [options]',
  summary: 'Txn processes all the requests in one transaction',
  flags: [flag.bool('interactive', 'Input transaction in interactive mode')],
  async run({ flags, args, connection, printer, streams }) {
    if (args.length !== 0) throw badArguments('txn command does not accept argument')
    const lines = new TextDecoder().decode(await streams.readInput()).split('\n')
    const prompt = (text: string): void => {
      if (flags.bool('interactive')) streams.out(`${text}\n`)
    }
    const block = (): string[] => {
      const found: string[] = []
      for (let line = lines.shift(); line !== undefined && line.trim() !== ''; line = lines.shift()) found.push(line.trim())
      return found
    }
    prompt('compares:')
    const compare = block().map(compareOf)
    prompt('\nsuccess requests (get, put, del):')
    const success = await Promise.all(block().map(operationOf))
    prompt('\nfailure requests (get, put, del):')
    const failure = await Promise.all(block().map(operationOf))
    if (flags.bool('interactive')) streams.out('\n')
    printer.txn((await connection.call('KV/Txn', { compare, success, failure })) as unknown as TxnAnswer)
  },
}

function compareOf(line: string): Record<string, unknown> {
  const match = /^(\w+)\((.*)\)\s*(=|!=|<|>)\s*(.*)$/.exec(line)
  const target = match && targets[match[1]!]
  if (!match || !target) throw new CliError(`malformed comparison: ${line}; got ${match?.[1] ?? ''}(${match?.[2] ?? ''}) ${match?.[3] ?? ''} ${match?.[4] ?? ''}`, exitCodes.invalidInput)
  const [key, value] = [unquote(match[2]!), unquote(match[4]!)]
  const [number, name] = target
  return { result: results[match[3]!], target: number, key: keyOf(key), [name]: name === 'value' ? new TextEncoder().encode(value) : Number.parseInt(value, name === 'lease' ? 16 : 10) }
}

async function operationOf(line: string): Promise<Record<string, unknown>> {
  const [name, ...words] = wordsOf(line)
  const commands = { get, put, del }
  const command = commands[name as keyof typeof commands]
  if (!command) throw new CliError(`invalid txn request: ${line}`, exitCodes.invalidInput)
  const { flags, args } = parseFlags(words, command.flags, {})
  if (command === get) return { request_range: getRequest(flags, args) }
  if (command === del) return { request_delete_range: delRequest(flags, args) }
  return { request_put: await putRequest(flags, args, async () => new Uint8Array(0)) }
}

function unquote(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.startsWith('"')) return trimmed
  try {
    return JSON.parse(trimmed) as string
  } catch {
    return trimmed
  }
}

/** Splits a line at blanks; quotes keep what is between them together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => (double !== undefined ? unquote(`"${double}"`) : (single ?? plain ?? '')))
}
