import { DialError } from '../../../../kernel/network.ts'
import { dialBytes, type ByteStream } from '../byte-stream.ts'
import { lookUp } from '../name-lookup.ts'
import type { ProcessContext } from '../program.ts'
import { linesOf } from '../text-input.ts'
import type { Outcome } from './database.ts'

/** What goes over a connection to a simulated SQL server: a line of JSON each way. It is no real server's protocol; the clients
 *  that speak it are those of the same images. */
export type SqlRequest = { readonly user: string; readonly password: string; readonly database: string; readonly local: boolean } | { readonly statement: string }
export type SqlReply = { readonly ok: true; readonly outcome: Outcome; readonly version: string } | { readonly ok: false; readonly code: number; readonly state: string; readonly message: string }

export type SqlFailure = { readonly kind: 'unresolved' | 'refused' | 'timeout'; readonly host: string; readonly address: string }

/** A client's session with a server. */
export class SqlSession {
  readonly #stream: ByteStream
  readonly #replies: AsyncGenerator<{ readonly text: string; readonly ended: boolean }>

  constructor(stream: ByteStream) {
    this.#stream = stream
    this.#replies = linesOf({ read: () => stream.read() })
  }

  /** Undefined when the server has gone away. */
  async ask(request: SqlRequest): Promise<SqlReply | undefined> {
    this.#stream.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`))
    const next = await this.#replies.next()
    return next.done ? undefined : (JSON.parse(next.value.text) as SqlReply)
  }

  close(): void {
    this.#stream.close()
  }
}

/** Connects to a server; '' is this machine, as through its socket. */
export async function openSql(context: ProcessContext, host: string, port: number): Promise<SqlSession | SqlFailure> {
  let address = '127.0.0.1'
  if (host !== '' && host !== 'localhost') {
    const found = await lookUp(context, host)
    if (!found.found) return { kind: 'unresolved', host, address: '' }
    address = found.addresses[0]!
  }
  try {
    return new SqlSession(await dialBytes(context, { address, port }))
  } catch (error) {
    if (!(error instanceof DialError)) throw error
    return { kind: error.code === 'timeout' ? 'timeout' : 'refused', host, address }
  }
}
