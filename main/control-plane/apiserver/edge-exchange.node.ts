import type { HttpRequest, HttpResponse, ServerExchange } from '../../kernel/http.ts'
import { edgeLabel, packBytes } from './edge-input.ts'
import type { Enter } from './edge-input.ts'
import type { EdgeOutput } from './edge-output.node.ts'

/** One request of a real client, as the server sees it. What the client does later (data, going away) enters the simulation as
 *  inputs of their own. */
export class EdgeExchange implements ServerExchange {
  readonly id: number
  readonly request: HttpRequest
  readonly source: ServerExchange['source']
  readonly byReference = false
  readonly #output: EdgeOutput
  readonly #enter: Enter
  readonly #breakConnection: () => void
  #done = false
  #opened = false
  #half = false
  #onData: ((data: unknown) => void) | undefined
  #onCancel: (() => void) | undefined
  #onTaken: (() => void) | undefined
  readonly #early: unknown[] = []

  constructor(id: number, request: HttpRequest, source: ServerExchange['source'], output: EdgeOutput, enter: Enter, breakConnection: () => void) {
    this.id = id
    this.request = request
    this.source = source
    this.#output = output
    this.#enter = enter
    this.#breakConnection = breakConnection
    output.onData?.((data) => this.#enter(edgeLabel, { type: 'data', id, data: packBytes(data) }, () => this.#receive(data)))
  }

  get backlogBytes(): number {
    return this.#output.backlogBytes
  }

  respond(response: HttpResponse): void {
    if (this.#done) return
    this.#done = true
    const { id } = this
    const onTaken = this.#onTaken
    if (!onTaken) return this.#output.respond(response)
    let told = false
    this.#output.respond(response, () => {
      if (told) return
      told = true
      this.#enter(edgeLabel, { type: 'taken', id }, onTaken)
    })
  }

  whenTaken(handler: () => void): void {
    this.#onTaken = handler
  }

  open(response: HttpResponse): void {
    if (this.#done) return
    this.#opened = true
    this.#output.open(response)
    if (this.#half) this.disconnected()
  }

  send(data: unknown): void {
    if (!this.#done) this.#output.send(data)
  }

  end(): void {
    if (this.#done) return
    this.#done = true
    this.#output.end()
  }

  onData(handler: (data: unknown) => void): void {
    this.#onData = handler
    for (const data of this.#early.splice(0)) handler(data)
  }

  onCancel(handler: () => void): void {
    this.#onCancel = handler
  }

  abort(): void {
    if (this.#done) return
    this.#done = true
    this.#breakConnection()
  }

  /** The connection or stream is closed. */
  disconnected(): void {
    if (this.#done) return
    this.#enter(edgeLabel, { type: 'cancel', id: this.id }, () => {
      if (this.#done) return
      this.#done = true
      this.#onCancel?.()
      this.#output.end()
    })
  }

  /** The client will say no more: a short answer still reaches it, something that goes on has lost its reader. */
  halfClosed(): void {
    this.#half = true
    if (this.#opened) this.disconnected()
  }

  #receive(data: unknown): void {
    if (this.#done) return
    if (this.#onData) this.#onData(data)
    else this.#early.push(data)
  }
}
