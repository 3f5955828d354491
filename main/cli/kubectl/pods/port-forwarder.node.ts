import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Environment, Streams } from '../../streams.ts'
import { CliError } from '../cli-error.ts'
import type { SpdyConnection } from '../connection/spdy-connection.node.ts'
import type { ForwardedPort } from './forwarded-ports.ts'

interface Parts {
  readonly tunnel: SpdyConnection
  readonly ports: readonly ForwardedPort[]
  /** Of --address: `localhost` or IP addresses. */
  readonly addresses: readonly string[]
  readonly streams: Streams
  readonly environment: Environment
}

/** Listens here and leads every connection through the tunnel, until interrupted. Throws when the tunnel breaks. */
export async function forwardPorts({ tunnel, ports, addresses, streams, environment }: Parts): Promise<void> {
  const servers: Server[] = []
  let nextRequest = 0
  try {
    for (const port of ports) {
      const lead = (connection: Socket): void => void forward(tunnel, connection, port, nextRequest++, streams, environment)
      try {
        servers.push(...(await listen(port, addresses, lead, streams)))
      } catch (error) {
        streams.out(`Unable to listen on port ${port.local}: ${(error as Error).message}\n`)
      }
    }
    if (servers.length === 0) throw new CliError(`unable to listen on any of the requested ports: [${ports.map(({ local, remote }) => `{${local} ${remote}}`).join(' ')}]`)
    await new Promise<void>((resolve, reject) => {
      streams.onInterrupt(resolve)
      tunnel.onClose(() => reject(new CliError('lost connection to pod')))
    })
  } finally {
    for (const server of servers) server.close()
    tunnel.close()
  }
}

/** `localhost` is both loopback addresses, as far as the machine has them. */
async function listen(port: ForwardedPort, addresses: readonly string[], lead: (connection: Socket) => void, streams: Streams): Promise<Server[]> {
  const hosts = addresses.flatMap((address) => (address === 'localhost' ? ['127.0.0.1', '::1'] : [address]))
  const servers: Server[] = []
  const failures: string[] = []
  for (const host of hosts) {
    const family = host.includes(':') ? 'tcp6' : 'tcp4'
    const shown = host.includes(':') ? `[${host}]` : host
    try {
      const server = await listening(host, port.local, lead)
      servers.push(server)
      port.local = (server.address() as AddressInfo).port
      streams.out(`Forwarding from ${shown}:${port.local} -> ${port.remote}\n`)
    } catch (error) {
      failures.push(`unable to create listener: Error listen ${family} ${shown}:${port.local}: bind: ${reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? (error as Error).message}`)
    }
  }
  if (servers.length === 0) throw new Error(`Listeners failed to create with the following errors: [${failures.join(' ')}]`)
  return servers
}

const reasons: Readonly<Record<string, string>> = { EADDRINUSE: 'address already in use', EACCES: 'permission denied', EADDRNOTAVAIL: 'cannot assign requested address' }

function listening(host: string, port: number, lead: (connection: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, lead)
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

/** Two streams for a connection: its bytes, and what went wrong on the other side. */
async function forward(tunnel: SpdyConnection, connection: Socket, { local, remote }: ForwardedPort, request: number, streams: Streams, environment: Environment): Promise<void> {
  streams.out(`Handling connection for ${local}\n`)
  connection.on('error', () => connection.destroy())
  const headers = { port: String(remote), requestid: String(request) }
  const errors = await tunnel.open({ streamtype: 'error', ...headers })
  errors.end()
  const data = await tunnel.open({ streamtype: 'data', ...headers })
  let complaint = ''
  errors.onData((bytes) => (complaint += new TextDecoder().decode(bytes)))
  errors.onEnd(() => {
    if (complaint === '') return
    streams.err(unhandledError(environment.now(), `an error occurred forwarding ${local} -> ${remote}: ${complaint}`))
    tunnel.close()
  })
  data.onData((bytes) => connection.write(bytes))
  data.onEnd(() => connection.end())
  connection.on('data', (bytes) => data.write(bytes))
  connection.on('end', () => data.end())
  connection.on('close', () => {
    data.reset()
    errors.reset()
  })
}

/** A line of klog at error level. */
function unhandledError(now: number, text: string): string {
  const [, month, day, time] = /^\d+-(\d+)-(\d+)T([\d:.]+)Z$/.exec(new Date(now).toISOString())!
  return `E${month}${day} ${time}000 ${String(process.pid).padStart(7)} portforward.go:522] "Unhandled Error" err=${JSON.stringify(text)}\n`
}
