import type { HttpResponse } from '../../kernel/http.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import type { KubeObject, WatchEvent } from '../machinery/object.ts'

/** A body as a value: objects as they are, bytes parsed as JSON (or left as text where they are none). */
export function decodeBody(response: HttpResponse): unknown {
  if (!(response.body instanceof Uint8Array)) return response.body
  const text = new TextDecoder().decode(response.body)
  if ((response.headers['content-type'] ?? 'application/json').includes('json')) return text === '' ? undefined : JSON.parse(text)
  return text
}

/** Turns what a watch's stream delivers into events: arrays by reference, or JSON documents one after another in bytes. */
export class WatchDecoder<T extends KubeObject> {
  readonly #kind: Kind<T>
  #rest = ''
  #text: InstanceType<typeof TextDecoder> | undefined

  constructor(kind: Kind<T>) {
    this.#kind = kind
  }

  decode(data: unknown): readonly WatchEvent<T>[] {
    if (Array.isArray(data)) return data as WatchEvent<T>[]
    if (data instanceof Uint8Array) return this.#lines((this.#text ??= new TextDecoder()).decode(data, { stream: true }))
    if (typeof data === 'string') return this.#lines(data)
    return [data as WatchEvent<T>]
  }

  #lines(text: string): WatchEvent<T>[] {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines.filter((line) => line.trim() !== '').map((line) => this.#typed(JSON.parse(line) as WatchEvent<T>))
  }

  #typed(event: WatchEvent<T>): WatchEvent<T> {
    if (event.object.kind) return event
    return { ...event, object: { ...event.object, apiVersion: apiVersionOf(this.#kind), kind: this.#kind.kind } }
  }
}
