import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { CommandResult } from '../node/systemd/systemctl.ts'
import type { Cluster } from './cluster.ts'
import { consoleCommand } from './console-command.ts'

/** Where a terminal's `systemctl`, `journalctl` and `ssh` reach the simulated machines: what a login on them would do. */
export interface Console {
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

const bodyBytesMax = 64 * 1024

/** Opens the console on a loopback port of its own; nothing without its token. Commands enter as recorded inputs. */
export async function openConsole(cluster: Cluster): Promise<Console> {
  const token = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    void (async () => {
      const answer = (status: number, value: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify(value))
      }
      if (request.method !== 'POST' || request.url !== '/run' || !isAllowed(request, token)) return answer(403, { error: 'forbidden' })
      let command: { machine?: unknown; argv?: unknown }
      try {
        command = JSON.parse(await readBody(request)) as typeof command
      } catch (error) {
        return answer(400, { error: (error as Error).message })
      }
      const { machine, argv } = command
      if (typeof machine !== 'string' || !Array.isArray(argv) || !argv.every((word) => typeof word === 'string')) return answer(400, { error: 'machine and argv are wanted' })
      answer(200, await runOn(cluster, machine, argv))
    })()
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
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Runs one command as root on a machine. */
function runOn(cluster: Cluster, machine: string, argv: readonly string[]): Promise<CommandResult> {
  const node = cluster.nodes.get(machine)
  if (!node) return Promise.resolve({ stdout: '', stderr: `ssh: Could not resolve hostname ${machine}: Name or service not known\n`, exitCode: 255 })
  return new Promise((resolve) => {
    cluster.gateway.enter('console', { machine, argv }, () => {
      void consoleCommand(cluster, machine, argv).then(resolve)
    })
  })
}

function isAllowed(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from((request.headers.authorization ?? '').replace(/^Bearer /, ''))
  const expected = Buffer.from(token)
  return given.length === expected.length && timingSafeEqual(given, expected) && request.headers.origin === undefined
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += (chunk as Buffer).length
    if (length > bodyBytesMax) throw new Error('the command is too long')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
