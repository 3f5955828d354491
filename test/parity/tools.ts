import { spawn } from 'node:child_process'
import { homedir } from 'node:os'
import type { Environment, Streams } from '../../main/cli/streams.ts'
import { rootCommand } from '../../main/cli/kubectl/commands/root.ts'
import { nodeConnector } from '../../main/cli/kubectl/main.ts'
import { runKubectl } from '../../main/cli/kubectl/run.ts'
import { realKubectl } from './real-tools.ts'

export interface Outcome {
  readonly out: string
  readonly err: string
  readonly code: number
}

export interface Invocation {
  readonly argv: readonly string[]
  readonly kubeconfig: string
  readonly folder: string
  readonly input?: string
  /** What KUBE_EDITOR says; `true`, which changes nothing, without it. */
  readonly editor?: string
}

/** The real kubectl, as a process. */
export function runReal({ argv, kubeconfig, folder, input, editor = 'true' }: Invocation): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(realKubectl(), argv, { cwd: folder, env: { PATH: process.env.PATH, HOME: process.env.HOME ?? folder, KUBECONFIG: kubeconfig, KUBE_EDITOR: editor } })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.once('error', reject)
    child.once('close', (code) => resolve({ out, err, code: code ?? -1 }))
    child.stdin.end(input ?? '')
  })
}

/** Ours, in this process. */
export async function runOurs({ argv, kubeconfig, folder, input, editor = 'true' }: Invocation): Promise<Outcome> {
  let [out, err] = ['', '']
  const streams: Streams = {
    out: (text) => void (out += typeof text === 'string' ? text : new TextDecoder().decode(text)),
    err: (text) => void (err += text),
    readInput: async () => new TextEncoder().encode(input ?? ''),
    onInput: (data, end) => {
      const given = setTimeout(() => {
        if (input) data(new TextEncoder().encode(input))
        end()
      }, 0)
      return () => clearTimeout(given)
    },
    inputIsTerminal: false,
    onInterrupt: () => () => {},
  }
  const environment: Environment = {
    variables: { KUBECONFIG: kubeconfig, KUBE_EDITOR: editor, PATH: process.env.PATH },
    homeFolder: process.env.HOME ?? homedir(),
    workingFolder: folder,
    now: () => Date.now(),
    sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  }
  const { connector, close } = nodeConnector(environment)
  try {
    const code = await runKubectl(rootCommand, argv, streams, environment, connector)
    return { out, err, code }
  } finally {
    close()
  }
}

/** Words of a command line; single and double quotes as a shell has them, without escapes. */
export function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const match of line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)) words.push(match[0].replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''))
  return words
}
