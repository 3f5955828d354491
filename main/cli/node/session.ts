import { request } from 'node:http'
import type { Socket } from 'node:net'

export interface ConsoleAddress {
  readonly url: string
  readonly token: string
}

export interface SessionRequest {
  /** '' = the control-plane machine. */
  readonly machine: string
  /** A command line for the shell. */
  readonly command?: string
  /** A program and its arguments. */
  readonly argv?: readonly string[]
  readonly tty: boolean
  readonly stdin?: boolean
}

export interface SessionEnd {
  readonly exitCode: number
  /** The machine went away. */
  readonly lost: boolean
}

const protocol = 'orrery-console'

/** Runs a session of the lab's console on this process's terminal or pipes. Rejects when the lab does not answer. */
export async function runSession(address: ConsoleAddress, asked: SessionRequest): Promise<SessionEnd> {
  const { socket, head } = await upgrade(address)
  const { stdin, stdout, stderr } = process
  const send = (value: object): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(value)}\n`)
  }
  const size = (): { columns: number; rows: number } => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 })
  send({ ...asked, ...(asked.tty ? { ...size(), term: process.env.TERM ?? 'xterm-256color' } : {}) })
  const raw = asked.tty && stdin.isTTY
  if (raw) stdin.setRawMode(true)
  const resized = (): void => send({ type: 'resize', ...size() })
  if (asked.tty) stdout.on('resize', resized)
  const escape = new DisconnectEscape(() => socket.destroy())
  if (asked.stdin !== false) {
    stdin.on('data', (chunk: Buffer) => {
      if (raw && escape.sees(chunk)) return
      for (let from = 0; from < chunk.length; from += 65_536) send({ type: 'input', bytes: chunk.subarray(from, from + 65_536).toString('base64') })
    })
    stdin.on('end', () => send({ type: 'end' }))
  } else send({ type: 'end' })
  try {
    return await new Promise<SessionEnd>((resolve, reject) => {
      let text = ''
      let end: SessionEnd | undefined
      const receive = (chunk: string): void => {
        text += chunk
        const lines = text.split('\n')
        text = lines.pop()!
        for (const line of lines) {
          const message = JSON.parse(line) as { stdout?: string; stderr?: string; exit?: number; lost?: boolean }
          if (message.stdout !== undefined) stdout.write(Buffer.from(message.stdout, 'base64'))
          if (message.stderr !== undefined) stderr.write(Buffer.from(message.stderr, 'base64'))
          if (message.exit !== undefined) resolve((end = { exitCode: message.exit, lost: message.lost === true }))
        }
      }
      receive(head.toString('utf8'))
      socket.setEncoding('utf8')
      socket.on('data', receive)
      socket.on('error', reject)
      socket.on('close', () => {
        if (!end) resolve({ exitCode: 255, lost: !escape.used })
      })
      stdout.on('error', () => socket.destroy())
    })
  } finally {
    if (raw) stdin.setRawMode(false)
    stdout.off('resize', resized)
    stdin.destroy()
    socket.destroy()
  }
}

/** ssh's way out of a session that does not answer: Enter, then `~.`. */
class DisconnectEscape {
  used = false
  readonly #leave: () => void
  #state: 'line' | 'start' | 'tilde' = 'start'

  constructor(leave: () => void) {
    this.#leave = leave
  }

  /** Whether what was typed ends the session. */
  sees(chunk: Buffer): boolean {
    for (const byte of chunk) {
      if (this.#state === 'tilde' && byte === 0x2e) {
        this.used = true
        this.#leave()
        return true
      }
      this.#state = byte === 0x0d ? 'start' : this.#state === 'start' && byte === 0x7e ? 'tilde' : 'line'
    }
    return false
  }
}

function upgrade(address: ConsoleAddress): Promise<{ socket: Socket; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request(address.url, { headers: { authorization: `Bearer ${address.token}`, connection: 'Upgrade', upgrade: protocol } })
    sent.on('upgrade', (_, socket, head) => resolve({ socket: socket as Socket, head }))
    sent.on('response', (response) => {
      response.resume()
      reject(new Error(`status ${response.statusCode}`))
    })
    sent.on('error', reject)
    sent.end()
  })
}
