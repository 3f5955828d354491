import type { HttpResponse, HttpTransport } from '../../../kernel/http.ts'
import type { Streams } from '../../streams.ts'
import { rootCommand } from '../commands/root.ts'
import type { ServerAccess } from '../config/kubeconfig.ts'
import type { Connector } from '../connection/factory.ts'
import type { WebSocketConnection } from '../connection/web-socket.ts'
import { runKubectl } from '../run.ts'

/** What a scripted server answers to `GET path`: an object, a text such as a log, or a Status with its code. */
export type Answers = Readonly<Record<string, unknown>>

export interface ScriptedRun {
  readonly answers: Answers
  readonly argv: readonly string[]
  /** Ms since the epoch, as the command sees it. */
  readonly now?: number
  readonly namespace?: string
  readonly input?: string
  readonly webSocket?: (path: string, protocols: readonly string[]) => Promise<WebSocketConnection>
}

export interface Printed {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

const access: ServerAccess = { server: 'https://127.0.0.1:6443', namespace: 'default', insecure: false, contextName: 'lab' }

/** Runs kubectl against recorded answers. Requests without one fail the run. */
export async function runScripted({ answers, argv, now = 0, namespace = 'default', input = '', webSocket }: ScriptedRun): Promise<Printed> {
  let stdout = ''
  let stderr = ''
  const streams: Streams = {
    out: (text) => void (stdout += typeof text === 'string' ? text : new TextDecoder().decode(text)),
    err: (text) => void (stderr += text),
    readInput: async () => new TextEncoder().encode(input),
    onInput(data, end) {
      if (input !== '') data(new TextEncoder().encode(input))
      end()
      return () => {}
    },
    inputIsTerminal: false,
    onInterrupt: () => () => {},
  }
  const connector: Connector = {
    access: () => ({ ...access, namespace }),
    transport: () => scriptedTransport(answers),
    ...(webSocket ? { webSocket: (_access, path, protocols) => webSocket(path, protocols) } : {}),
    config: () => ({}),
    configPath: () => '/config',
    changeConfig: async () => {},
    readFile: async (path) => {
      throw new Error(`no file ${path}`)
    },
    readFileNow: (path) => {
      throw new Error(`open ${path}: no such file or directory`)
    },
    kindOfPath: () => undefined,
    listFiles: async () => [],
    plainFiles: async () => undefined,
  }
  const environment = { variables: {}, homeFolder: '/home', workingFolder: '/', now: () => now, sleep: async () => {}, after: (_delayMs: number, run: () => void) => (void Promise.resolve().then(run), () => {}) }
  const code = await runKubectl(rootCommand, argv, streams, environment, connector)
  return { stdout, stderr, code }
}

function scriptedTransport(answers: Answers): HttpTransport {
  const answer = (method: string, path: string): HttpResponse => {
    if (method !== 'GET' || !(path in answers)) throw new Error(`no recorded answer to ${method} ${path}`)
    const value = answers[path]
    if (typeof value === 'string') return { status: 200, headers: {}, body: new TextEncoder().encode(value) }
    const status = value as { readonly kind?: string; readonly code?: number }
    return { status: status.kind === 'Status' ? (status.code ?? 500) : 200, headers: { 'content-type': 'application/json' }, body: new TextEncoder().encode(JSON.stringify(value)) }
  }
  return {
    request: async ({ method, path }) => answer(method, path),
    stream: async ({ method, path }) => {
      const response = answer(method, path)
      return {
        response,
        onData: (handler) => handler(response.body),
        onEnd: (handler) => handler(),
        send: () => {},
        cancel: () => {},
      }
    },
  }
}
