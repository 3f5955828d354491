import { DialError } from '../../../kernel/network.ts'
import { dialBytes, listenBytes, type ByteStream } from './byte-stream.ts'
import { dialDatagrams, listenDatagrams, type DatagramPeer } from './datagrams.ts'
import { lookUp } from './name-lookup.ts'
import { readOptions } from './options.ts'
import type { OpenFile } from '../processes/open-file.ts'
import type { ProcessContext, Program } from './program.ts'

/** nc: connects or listens and copies bytes; -z scans, -e runs a program behind the connection. -u speaks UDP. */
export const nc: Program = async (context) => {
  const options = await readOptions(context, 'lp:kvzw:nue:q:s:i:c:CNdt46', {}, false)
  if (!options) return 1
  const { flags, values } = options
  const command = values.get('e') ?? values.get('c')
  if (flags.has('l') && flags.has('u')) return listenUdp(context, Number(values.get('p') ?? options.operands.at(-1)))
  if (flags.has('l')) return listen(context, Number(values.get('p') ?? options.operands.at(-1)), flags, command === undefined ? undefined : command.split(/\s+/))
  const [host, portText] = options.operands
  if (host === undefined || portText === undefined) {
    await context.stderr.write('BusyBox v1.37.0 () multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT  - connect\nnc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen\n')
    return 1
  }
  const found = await lookUp(context, host)
  if (!found.found) {
    await context.stderr.write(`nc: bad address '${host}'\n`)
    return 1
  }
  const address = found.addresses[0]!
  const waitMs = values.has('w') ? Number(values.get('w')) * 1000 : undefined
  let code = 0
  for (const port of portsOf(portText)) {
    if (flags.has('u')) {
      code = await talkUdp(context, address, port, flags.has('z') ? 1 : waitMs, flags.has('z'))
      if (flags.has('v') && code === 0) await context.stderr.write(`${host} (${address}:${port}) open\n`)
      continue
    }
    const stream = await connect(context, address, port, waitMs)
    if (typeof stream === 'string') {
      if (flags.has('v') || !flags.has('z')) await context.stderr.write(flags.has('v') || waitMs === undefined ? `nc: ${host} (${address}:${port}): ${stream}\n` : `nc: ${stream.toLowerCase()}\n`)
      code = 1
      continue
    }
    if (flags.has('v')) await context.stderr.write(`${host} (${address}:${port}) open\n`)
    if (flags.has('z')) stream.close()
    else if (command !== undefined) return runBehind(context, stream, command.split(/\s+/))
    else await copy(context, stream, waitMs)
  }
  return code
}

/** Sends what comes in, a datagram a piece, and prints what is answered; ends `waitMs` after the last of both (never without -w), or
 *  when the other side says that its port is closed. */
async function talkUdp(context: ProcessContext, address: string, port: number, waitMs: number | undefined, probeOnly: boolean): Promise<number> {
  let peer: DatagramPeer | undefined
  let refused = false
  let timer: { cancel(): void } | undefined
  let finish!: () => void
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const extend = (): void => {
    if (waitMs === undefined) return
    timer?.cancel()
    timer = context.clock.after(waitMs, finish)
  }
  const send = async (bytes: Uint8Array): Promise<void> => {
    if (peer) return peer.send(bytes)
    try {
      peer = await dialDatagrams(context, { address, port }, (reply) => {
        void context.stdout.write(reply)
        extend()
      }, bytes)
    } catch (error) {
      if (!(error instanceof DialError)) throw error
      refused = error.code === 'refused'
      if (refused) finish()
    }
  }
  extend()
  if (probeOnly) await send(new Uint8Array(0))
  else
    void (async () => {
      for (;;) {
        const bytes = await context.stdin.read()
        if (!bytes) return
        await send(bytes)
        extend()
      }
    })()
  await finished
  timer?.cancel()
  peer?.close()
  return refused ? 1 : 0
}

/** Prints the datagrams that come, and answers the last sender with what is typed. */
async function listenUdp(context: ProcessContext, port: number): Promise<number> {
  if (!Number.isInteger(port) || port < 1) {
    await context.stderr.write('nc: missing port with option -l\n')
    return 1
  }
  let last: DatagramPeer | undefined
  try {
    listenDatagrams(context, port, (bytes, from) => {
      last = from
      void context.stdout.write(bytes)
    })
  } catch {
    await context.stderr.write('nc: bind: Address already in use\n')
    return 1
  }
  void (async () => {
    for (;;) {
      const bytes = await context.stdin.read()
      if (!bytes) return
      last?.send(bytes)
    }
  })()
  await context.untilSignal('INT')
  return 0
}

function portsOf(text: string): number[] {
  const [from, to] = text.split('-').map(Number)
  return Array.from({ length: Math.min(1024, (to ?? from!) - from! + 1) }, (_, index) => from! + index)
}

async function connect(context: ProcessContext, address: string, port: number, waitMs: number | undefined): Promise<ByteStream | string> {
  const dialing = dialBytes(context, { address, port }).catch((error: unknown) => {
    if (!(error instanceof DialError)) throw error
    return { refused: 'Connection refused', timeout: 'Connection timed out', unreachable: 'Host is unreachable' }[error.code]
  })
  if (waitMs === undefined) return dialing
  return new Promise((resolve) => {
    const timer = context.clock.after(waitMs, () => resolve('timed out'))
    void dialing.then((result) => {
      timer.cancel()
      resolve(result)
    })
  })
}

async function listen(context: ProcessContext, port: number, flags: ReadonlySet<string>, command: readonly string[] | undefined): Promise<number> {
  if (!Number.isInteger(port) || port < 1) {
    await context.stderr.write('nc: missing port with option -l\n')
    return 1
  }
  for (;;) {
    let stop!: () => void
    let stream: ByteStream
    try {
      stream = await new Promise<ByteStream>((resolve) => {
        stop = listenBytes(context, port, resolve)
      })
    } catch {
      await context.stderr.write('nc: bind: Address already in use\n')
      return 1
    }
    if (flags.has('v')) await context.stderr.write(`connect to ${stream.local.address}:${port} from ${stream.remote.address}:${stream.remote.port}\n`)
    if (!flags.has('k')) stop()
    if (command) {
      const code = await runBehind(context, stream, command)
      if (!flags.has('k')) return code
    } else await copy(context, stream, undefined)
    stop()
    if (!flags.has('k')) return 0
  }
}

/** Copies standard input to the connection and back until the other side ends. */
async function copy(context: ProcessContext, stream: ByteStream, waitMs: number | undefined): Promise<void> {
  let inputOver = false
  void (async () => {
    for (;;) {
      const bytes = await context.stdin.read()
      if (!bytes) break
      stream.write(bytes)
    }
    inputOver = true
    stream.finish()
  })()
  for (;;) {
    const bytes = waitMs === undefined ? await stream.read() : await Promise.race([stream.read(), context.sleep(waitMs).then(() => undefined)])
    if (!bytes) break
    await context.stdout.write(bytes)
  }
  if (!inputOver) await context.sleep(1)
  stream.close()
}

async function runBehind(context: ProcessContext, stream: ByteStream, command: readonly string[]): Promise<number> {
  const socket: OpenFile = {
    read: (limit) => stream.read(limit),
    write: (bytes) => stream.write(bytes.slice()),
    retain: () => {},
    release: () => {},
  }
  const code = await context.spawn(command, { files: [socket, socket, context.descriptors[2]] }).wait()
  stream.close()
  return code
}

/** telnet: a line-wise talk with a server. */
export const telnet: Program = async (context) => {
  const [host, port = '23'] = context.argv.slice(1).filter((word) => !word.startsWith('-'))
  if (host === undefined) {
    await context.stderr.write('Usage: telnet [-a] [-l USER] HOST [PORT]\n')
    return 1
  }
  const found = await lookUp(context, host)
  if (!found.found) {
    await context.stderr.write(`telnet: bad address '${host}'\n`)
    return 1
  }
  const stream = await connect(context, found.addresses[0]!, Number(port), undefined)
  if (typeof stream === 'string') {
    await context.stderr.write(`telnet: can't connect to remote host (${found.addresses[0]}): ${stream}\n`)
    return 1
  }
  await context.stdout.write(`Connected to ${host}\n\nEntering character mode\nEscape character is '^]'.\n\n`)
  await copy(context, stream, undefined)
  await context.stderr.write('Connection closed by foreign host\n')
  return 1
}
