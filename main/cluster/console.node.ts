import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Cluster } from './cluster.ts'
import { consoleLabel, ConsoleSessions, type ConsoleInput, type ConsoleOpen } from './console-sessions.ts'

/** Where a terminal's `ssh`, `systemctl`, `crictl` … reach the simulated machines: what a login on them would do. */
export interface Console {
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

/** A line from a client longer than this ends its session. */
const lineCharactersMax = 256 * 1024
/** A client that leaves so much unread is cut off: output must not fill this process's memory. */
const unreadBytesMax = 64 * 1024 * 1024
const sessionsMax = 64
/** The protocol that a client asks to upgrade to: lines of JSON both ways. The client's first line is a ConsoleOpen without
 *  its id, then come `input`, `end` and `resize`; answered are `{stdout}` and `{stderr}` (base64), at last `{exit, lost}`. */
const protocol = 'orrery-console'

/** Opens the console on a loopback port of its own; nothing without its token. All that clients send enters as recorded inputs. */
export async function openConsole(cluster: Cluster): Promise<Console> {
  const token = randomBytes(24).toString('base64url')
  const sessions = new ConsoleSessions(cluster)
  const sockets = new Set<Socket>()
  let nextId = 1
  const server = createServer((_, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: protocol })
    response.end(`upgrade to ${protocol}\n`)
  })
  server.on('upgrade', (request, given, head) => {
    const socket = given as Socket
    socket.on('error', () => socket.destroy())
    if (!isAllowed(request, token) || request.headers.upgrade !== protocol) return refuse(socket, '403 Forbidden')
    if (sockets.size >= sessionsMax) return refuse(socket, '503 Service Unavailable')
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.setNoDelay(true)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n\r\n`)
    serve(cluster, sessions, socket, nextId++, head)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    token,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function serve(cluster: Cluster, sessions: ConsoleSessions, socket: Socket, id: number, head: Buffer): void {
  let opened = false
  let over = false
  let text = ''
  const decoder = new TextDecoder()
  const enter = (input: ConsoleInput, run: () => void): void => cluster.gateway.enter(consoleLabel, input, run)
  const send = (value: object): void => {
    if (socket.destroyed) return
    socket.write(`${JSON.stringify(value)}\n`)
    if (socket.writableLength > unreadBytesMax) socket.destroy()
  }
  const listener = {
    onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array): void => send({ [stream]: Buffer.from(bytes).toString('base64') }),
    onExit: (exit: number, lost: boolean): void => {
      over = true
      send({ exit, lost })
      socket.end()
    },
  }
  const take = (line: string): void => {
    const input = opened ? readInput(line, id) : readOpen(line, id)
    if (!input) return void socket.destroy()
    opened = true
    enter(input, () => sessions.apply(input, listener))
  }
  const receive = (chunk: Uint8Array): void => {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      if (over) return
      take(line)
    }
    if (text.length > lineCharactersMax) socket.destroy()
  }
  socket.on('data', receive)
  socket.on('close', () => {
    if (!opened || over) return
    over = true
    const close: ConsoleInput = { type: 'close', id }
    enter(close, () => sessions.apply(close))
  })
  if (head.length > 0) receive(head)
}

function readOpen(line: string, id: number): ConsoleOpen | undefined {
  const given = parsed(line)
  if (!given || typeof given.machine !== 'string') return undefined
  const { machine, command, argv, columns, rows, term } = given
  if (command !== undefined && typeof command !== 'string') return undefined
  if (argv !== undefined && !(Array.isArray(argv) && argv.length > 0 && argv.every((word) => typeof word === 'string'))) return undefined
  return {
    type: 'open',
    id,
    machine,
    ...(command === undefined ? {} : { command }),
    ...(argv === undefined ? {} : { argv: argv as string[] }),
    tty: given.tty === true,
    stdin: given.stdin !== false,
    ...(isSize(columns) && isSize(rows) ? { columns, rows } : {}),
    ...(typeof term === 'string' ? { term } : {}),
  }
}

function readInput(line: string, id: number): ConsoleInput | undefined {
  const given = parsed(line)
  if (!given) return undefined
  if (given.type === 'input' && typeof given.bytes === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(given.bytes)) return { type: 'input', id, bytes: given.bytes }
  if (given.type === 'end') return { type: 'end', id }
  if (given.type === 'resize' && isSize(given.columns) && isSize(given.rows)) return { type: 'resize', id, columns: given.columns, rows: given.rows }
  return undefined
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= 1_000
}

function refuse(socket: Socket, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function isAllowed(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from((request.headers.authorization ?? '').replace(/^Bearer /, ''))
  const expected = Buffer.from(token)
  return given.length === expected.length && timingSafeEqual(given, expected) && request.headers.origin === undefined
}
