import type { Duplex } from 'node:stream'
import type { HttpResponse } from '../../kernel/http.ts'
import type { EdgeOutput } from './edge-output.node.ts'
import { answerPlainly, headOf } from './upgrade-answer.node.ts'

/** The answer to a request that asks to change the protocol to one that this edge does not speak itself: a plain one, as Go's
 *  server gives; or the change as somebody behind a proxy made it, whose bytes then pass both ways as they are. */
export class RawOutput implements EdgeOutput {
  readonly #socket: Duplex
  readonly #head: Buffer
  readonly #method: string
  #handler: ((data: unknown) => void) | undefined

  constructor(socket: Duplex, head: Buffer, method: string) {
    this.#socket = socket
    this.#head = head
    this.#method = method
  }

  get backlogBytes(): number {
    return this.#socket.writableLength
  }

  onData(handler: (data: unknown) => void): void {
    this.#handler = handler
  }

  respond(response: HttpResponse): void {
    answerPlainly(this.#socket, response, this.#method)
  }

  open(response: HttpResponse): void {
    if (response.status !== 101) {
      // Its length is not known: the connection's end says where it ends.
      this.#socket.write(headOf(response.status, { ...response.headers, connection: 'close' }))
      return
    }
    this.#socket.write(headOf(101, response.headers))
    if (this.#head.length > 0) this.#handler?.(new Uint8Array(this.#head))
    this.#socket.on('data', (bytes: Buffer) => this.#handler?.(new Uint8Array(bytes)))
  }

  send(data: unknown): void {
    if (data instanceof Uint8Array && this.#socket.writable) this.#socket.write(data)
  }

  end(): void {
    this.#socket.end()
  }
}
