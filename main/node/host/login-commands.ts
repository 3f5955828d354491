import type { Program } from '../runtime/programs/program.ts'
import { ExecError } from '../runtime/programs/program.ts'
import type { Host } from './host.ts'
import { bridgeInput, withoutCarriageReturns } from './process-bridge.ts'

/** Root may already do everything: becomes the command, or a shell. */
export const sudo: Program = async (context) => {
  const words = context.argv.slice(1)
  let login = false
  while (words[0]?.startsWith('-') && words[0] !== '--') {
    const option = words.shift()!
    if (option === '-i' || option === '-s' || option === '--login') login = true
    if (option === '-u' || option === '-g') words.shift()
  }
  if (words[0] === '--') words.shift()
  const env = new Map(context.env)
  while (words[0] !== undefined && /^[A-Za-z_]\w*=/.test(words[0])) {
    const pair = words.shift()!
    env.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
  }
  if (words.length === 0 && !login) {
    await context.stderr.write('usage: sudo -h | -K | -k | -V\nusage: sudo [-ABkNnS] [-g group] [-u user] [VAR=value] [-i | -s] [command [arg ...]]\n')
    return 1
  }
  if (words[0] === 'su') return become(context, ['bash'], env)
  return become(context, words.length === 0 ? ['bash'] : words, env)
}

async function become(context: Parameters<Program>[0], argv: readonly string[], env: ReadonlyMap<string, string>): Promise<number> {
  try {
    return await context.replace(argv, env)
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    await context.stderr.write(`sudo: ${argv[0]}: command not found\n`)
    return 1
  }
}

/** From one machine to another. Not modelled: keys, configuration, forwarding. */
export function ssh(host: Host): Program {
  return async (context) => {
    const request = readSshWords(context.argv.slice(1))
    if (!request) {
      await context.stderr.write('usage: ssh [-t] [user@]host [command [argument ...]]\n')
      return 255
    }
    const other = host.facts.reach?.(request.machine) ?? `ssh: Could not resolve hostname ${request.machine}: Name or service not known`
    if (typeof other === 'string') {
      await context.stderr.write(`${other}\n`)
      return 255
    }
    const terminal = request.command === undefined || request.tty ? context.terminal : undefined
    return new Promise<number>((resolve) => {
      const session = other.login(
        {
          ...(request.command === undefined ? {} : { command: request.command }),
          tty: terminal !== undefined,
          ...(terminal ? { columns: terminal.columns, rows: terminal.rows } : {}),
          term: context.env.get('TERM') ?? 'xterm',
          stdin: true,
          from: context.stack.address,
        },
        {
          onOutput: (stream, bytes) => {
            const text = terminal ? withoutCarriageReturns(bytes) : bytes
            context.clock.after(0, () => void context.write(stream === 'stdout' ? 1 : 2, text))
          },
          onExit: (code, lost) =>
            context.clock.after(0, () => {
              if (terminal) terminal.raw = false
              const closed = `Connection to ${request.machine} closed`
              const said = `${lost ? `${closed} by remote host.\n` : ''}${terminal ? `${closed}.\n` : ''}`
              void context.stderr.write(said).then(() => resolve(code))
            }),
        },
      )
      bridgeInput(context, terminal, session)
    })
  }
}

/** `[options] [user@]host [command …]`: undefined when there is no host. */
export function readSshWords(words: readonly string[]): { readonly machine: string; readonly command: string | undefined; readonly tty: boolean } | undefined {
  let at = 0
  let tty = false
  for (; words[at]?.startsWith('-'); at++) {
    const word = words[at]!
    if (/^-t+$/.test(word)) tty = true
    else if (/^-[bcDEeFIiJLlmOopQRSWw]$/.test(word)) at++
  }
  const target = words[at]
  if (target === undefined) return undefined
  const rest = words.slice(at + 1)
  return { machine: target.replace(/^.*@/, ''), command: rest.length === 0 ? undefined : rest.join(' '), tty }
}
