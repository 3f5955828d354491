import { DialError } from '../../../../kernel/network.ts'
import { dialBytes, type ByteStream } from '../byte-stream.ts'
import { lookUp } from '../name-lookup.ts'
import { readOptions } from '../options.ts'
import type { ProcessContext, Program } from '../program.ts'
import { linesOf } from '../text-input.ts'
import { LineEditor } from '../shell/line-editor.ts'
import { encodeCommand, RespParser, splitWords, type Reply } from './resp.ts'

/** redis-cli: one command, commands from a pipe, or a prompt. */
export const redisCli: Program = async (context) => {
  const options = await readOptions(context, 'h:p:a:n:r:i:', { raw: '1', 'no-auth-warning': '2', pass: 'a', version: 'v', scan: '3', csv: '4', user: '5' }, true)
  if (!options) return 1
  const host = options.values.get('h') ?? '127.0.0.1'
  const port = Number(options.values.get('p') ?? 6379)
  if (options.flags.has('v')) {
    await context.stdout.write(`redis-cli ${(context.settings as { readonly version?: string } | undefined)?.version ?? '8.4.0'}\n`)
    return 0
  }
  const stream = await open(context, host, port)
  if (typeof stream === 'string') {
    await context.stderr.write(`Could not connect to Redis at ${host}:${port}: ${stream}\n`)
    return 1
  }
  const parser = new RespParser()
  const ask = async (words: readonly string[]): Promise<Reply | undefined> => {
    stream.write(encodeCommand(words))
    return answer(stream, parser)
  }
  const password = options.values.get('a') ?? context.env.get('REDISCLI_AUTH')
  if (password !== undefined) {
    if (options.values.has('a') && !options.flags.has('2')) await context.stderr.write("Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.\n")
    const reply = await ask(['AUTH', password])
    if (isError(reply)) await context.stderr.write(`AUTH failed: ${reply.text}\n`)
  }
  const pretty = context.descriptors[1]?.terminal !== undefined && !options.flags.has('1')
  if (options.operands.length > 0) {
    const times = Number(options.values.get('r') ?? 1)
    for (let time = 0; time < times; time++) {
      const reply = await ask(options.operands)
      if (reply === undefined) {
        await context.stderr.write('Error: Server closed the connection\n')
        return 1
      }
      await context.stdout.write(render(reply, pretty))
      if (/^(p?subscribe|monitor)$/i.test(options.operands[0]!)) for (let next = await answer(stream, parser); next !== undefined; next = await answer(stream, parser)) await context.stdout.write(render(next, pretty))
      if (times > 1) await context.sleep(Number(options.values.get('i') ?? 0) * 1000)
      if (isError(reply)) return 1
    }
    return 0
  }
  const { terminal } = context
  if (terminal && context.descriptors[0]?.terminal) {
    const editor = new LineEditor(context, terminal)
    for (;;) {
      const line = await editor.readLine(`${host}:${port}> `, () => [])
      if (line === 'interrupt' || line === 'end') return 0
      const words = splitWords(line)
      if (words.length === 0) continue
      editor.remember(line)
      if (/^(quit|exit)$/i.test(words[0]!)) return 0
      const reply = await ask(words)
      if (reply === undefined) {
        await context.stderr.write(`Error: Server closed the connection\n`)
        return 1
      }
      await context.stdout.write(render(reply, true))
    }
  }
  for await (const line of linesOf(context.stdin)) {
    const words = splitWords(line.text)
    if (words.length === 0) continue
    const reply = await ask(words)
    if (reply === undefined) return 1
    await context.stdout.write(render(reply, false))
  }
  return 0
}

/** Does one command on a server; a string for texts, null for nothing, undefined when the server cannot be reached. */
export async function redisCommand(context: ProcessContext, host: string, words: readonly string[]): Promise<string | null | undefined> {
  const stream = await open(context, host, 6379)
  if (typeof stream === 'string') return undefined
  stream.write(encodeCommand(words))
  const reply = await answer(stream, new RespParser())
  stream.close()
  if (reply === undefined || isError(reply)) return undefined
  return reply === null ? null : typeof reply === 'object' && 'text' in reply ? reply.text : String(reply)
}

async function open(context: ProcessContext, host: string, port: number): Promise<ByteStream | string> {
  const found = await lookUp(context, host)
  if (!found.found) return 'Name or service not known'
  try {
    return await dialBytes(context, { address: found.addresses[0]!, port })
  } catch (error) {
    if (!(error instanceof DialError)) throw error
    return { refused: 'Connection refused', timeout: 'Connection timed out', unreachable: 'No route to host' }[error.code]
  }
}

const early = new WeakMap<RespParser, Reply[]>()

async function answer(stream: ByteStream, parser: RespParser): Promise<Reply | undefined> {
  let waiting = early.get(parser)
  if (!waiting) early.set(parser, (waiting = []))
  while (waiting.length === 0) {
    const bytes = await stream.read()
    if (!bytes) return undefined
    waiting.push(...parser.push(bytes))
  }
  return waiting.shift()
}

function isError(reply: Reply | undefined): reply is { readonly type: 'error'; readonly text: string } {
  return typeof reply === 'object' && reply !== null && 'type' in reply && reply.type === 'error'
}

function render(reply: Reply, pretty: boolean, indent = ''): string {
  if (reply === null) return pretty ? '(nil)\n' : '\n'
  if (typeof reply === 'number') return pretty ? `(integer) ${reply}\n` : `${reply}\n`
  if (typeof reply === 'string') return pretty ? `${JSON.stringify(reply)}\n` : `${reply}\n`
  if (Array.isArray(reply)) {
    if (reply.length === 0) return pretty ? '(empty array)\n' : '\n'
    const width = String(reply.length).length
    return reply.map((each: Reply, index: number) => (pretty ? `${index === 0 ? '' : indent}${String(index + 1).padStart(width)}) ${render(each, pretty, `${indent}${' '.repeat(width + 2)}`)}` : render(each, pretty))).join('')
  }
  const simple = reply as { readonly type: 'status' | 'error'; readonly text: string }
  return simple.type === 'error' ? (pretty ? `(error) ${simple.text}\n` : `${simple.text}\n\n`) : `${simple.text}\n`
}
