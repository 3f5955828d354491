import { describe, expect, it } from 'vitest'
import type { WebSocketConnection } from '../connection/web-socket.ts'
import { runScripted } from '../testing/scripted.ts'
import { detachable, parseDetachKeys } from './detach-keys.ts'

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'app' }, { name: 'side' }], initContainers: [{ name: 'setup' }] }, status: { phase: 'Running' } }
const answers = {
  '/api': { items: [{ metadata: { name: '' }, versions: [{ version: 'v1', resources: [{ resource: 'pods', responseKind: { kind: 'Pod' }, scope: 'Namespaced', singularResource: 'pod' }] }] }] },
  '/apis': { items: [] },
  '/api/v1/namespaces/default/pods/web': pod,
}

/** A server that says its frames, then ends, and keeps what it was sent. */
function server(frames: readonly (readonly [channel: number, text: string])[]): { paths: string[]; received: string[]; open: (path: string) => Promise<WebSocketConnection> } {
  const paths: string[] = []
  const received: string[] = []
  const open = async (path: string): Promise<WebSocketConnection> => {
    paths.push(path)
    return {
      protocol: 'v5.channel.k8s.io',
      onMessage: (handler) => queueMicrotask(() => frames.forEach(([channel, text]) => handler(new Uint8Array([channel, ...new TextEncoder().encode(text)])))),
      onClose: () => {},
      send: (bytes) => void received.push(`${bytes[0]}:${bytes[0] === 255 ? bytes[1] : new TextDecoder().decode(bytes.subarray(1))}`),
      close: () => {},
    }
  }
  return { paths, received, open }
}

describe('exec', () => {
  it('prints what the command says and ends with its exit code', async () => {
    const { open, paths } = server([[1, 'out\n'], [2, 'err\n'], [3, '{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}']])
    const printed = await runScripted({ answers, argv: ['exec', 'web', '--', 'sh', '-c', 'a b'], webSocket: open })
    expect(printed).toEqual({ stdout: 'out\n', stderr: 'Defaulted container "app" out of: app, side, setup (init)\nerr\ncommand terminated with exit code 7\n', code: 7 })
    expect(paths).toEqual(['/api/v1/namespaces/default/pods/web/exec?command=sh&command=-c&command=a+b&container=app&stdout=true&stderr=true'])
  })

  it('sends input and closes that channel alone at its end', async () => {
    const { open, received } = server([[3, '{"status":"Success"}']])
    const printed = await runScripted({ answers, argv: ['exec', '-i', 'web', '-c', 'side', '--', 'cat'], input: 'hello', webSocket: open })
    expect(printed).toEqual({ stdout: '', stderr: '', code: 0 })
    expect(received).toEqual(['0:hello', '255:0'])
  })

  it('does without a terminal when input is none', async () => {
    const { open, paths } = server([[3, '{"status":"Success"}']])
    const printed = await runScripted({ answers, argv: ['exec', '-it', 'web', '-c', 'app', '--', 'sh'], webSocket: open })
    expect(printed.stderr).toBe('Unable to use a TTY - input is not a terminal or the right kind of file\n')
    expect(paths[0]).not.toContain('tty=')
  })

  it('says the failures of the session in the words of the server', async () => {
    const { open } = server([[3, '{"status":"Failure","reason":"InternalError","message":"Internal error occurred: no such thing"}']])
    expect(await runScripted({ answers, argv: ['exec', 'web', '-c', 'app', '--', 'sh'], webSocket: open })).toEqual({ stdout: '', stderr: 'error: Internal error occurred: no such thing\n', code: 1 })
  })
})

describe('detach keys', () => {
  const typed = (chunks: readonly string[]): { sent: string; detached: boolean } => {
    let sent = ''
    let detached = false
    let type: (bytes: Uint8Array) => void = () => {}
    const ends = detachable({ output: () => {}, errors: () => {}, onInput: (data) => ((type = data), () => {}) }, parseDetachKeys('ctrl-p,ctrl-q'))
    ends.onDetach!(() => void (detached = true))
    ends.onInput!((bytes) => void (sent += new TextDecoder().decode(bytes)), () => {})
    for (const chunk of chunks) type(new TextEncoder().encode(chunk))
    return { sent, detached }
  }

  it.each([
    [['a\x10\x11'], { sent: '', detached: true }],
    [['a', '\x10', '\x11'], { sent: 'a', detached: true }],
    [['\x10', 'b'], { sent: '\x10b', detached: false }],
    [['\x10\x10\x11'], { sent: '', detached: true }],
  ])('%j', (chunks, expected) => {
    expect(typed(chunks)).toEqual(expected)
  })
})
