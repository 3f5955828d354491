import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runSession, type ConsoleAddress, type SessionRequest } from './session.ts'

/** `ssh MACHINE [COMMAND …]`, and the commands of the control-plane machine, where the lab's terminal stands (`systemctl`,
 *  `journalctl`, `crictl` …): run on the lab's simulated machines, through its console. */
export async function main(command: string, argv: readonly string[]): Promise<number> {
  const both = Boolean(process.stdin.isTTY && process.stdout.isTTY)
  let request: SessionRequest = { machine: '', argv: [command, ...argv], tty: both }
  if (command === 'ssh') {
    const words = readSshWords(argv)
    if (!words) {
      process.stderr.write('usage: ssh [-t] [user@]MACHINE [COMMAND [ARGUMENT ...]]\n')
      return 255
    }
    const tty = words.tty === 'force' || (Boolean(process.stdin.isTTY) && words.tty !== 'never' && (words.command === undefined || words.tty === 'ask'))
    request = { machine: words.machine, ...(words.command === undefined ? {} : { command: words.command }), tty, stdin: words.stdin }
  }
  const address = consoleAddress()
  if (!address) {
    process.stderr.write(`${command}: no lab is running here: start one with "orrery serve", or use the lab's own terminal\n`)
    return 1
  }
  try {
    const { exitCode, lost } = await runSession(address, request)
    if (command === 'ssh' && lost) process.stderr.write(`Connection to ${request.machine} closed by remote host.\n`)
    if (command === 'ssh' && request.tty) process.stderr.write(`Connection to ${request.machine} closed.\n`)
    return exitCode
  } catch (error) {
    process.stderr.write(`${command}: the lab does not answer: ${(error as Error).message}\n`)
    return command === 'ssh' ? 255 : 1
  }
}

interface SshWords {
  readonly machine: string
  readonly command: string | undefined
  readonly tty: 'default' | 'ask' | 'force' | 'never'
  readonly stdin: boolean
}

/** Reads ssh's options as far as they matter here; those with a value lose it. Undefined without a host. */
export function readSshWords(words: readonly string[]): SshWords | undefined {
  let at = 0
  let tty = 'default' as SshWords['tty']
  let stdin = true
  for (; words[at]?.startsWith('-'); at++) {
    const word = words[at]!
    if (/^-t+$/.test(word)) tty = word.length > 2 || tty === 'ask' ? 'force' : 'ask'
    else if (word === '-T') tty = 'never'
    else if (word === '-n') stdin = false
    else if (/^-[BbcDEeFIiJLlmOopQRSWw]$/.test(word)) at++
  }
  const target = words[at]
  if (target === undefined) return undefined
  const rest = words.slice(at + 1)
  return { machine: target.replace(/^.*@/, ''), command: rest.length === 0 ? undefined : rest.join(' '), tty, stdin }
}

/** From the environment of the lab's terminal, or the file of the lab that is named (or the standard one). */
function consoleAddress(): ConsoleAddress | undefined {
  const { ORRERY_CONSOLE, ORRERY_LAB, ORRERY_HOME } = process.env
  const path = ORRERY_CONSOLE ?? join(ORRERY_HOME ?? join(homedir(), '.orrery'), 'labs', ORRERY_LAB ?? 'standard', 'console.json')
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ConsoleAddress
  } catch {
    return undefined
  }
}
