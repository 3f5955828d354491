/** Calls webhooks, wherever they are: Services inside the simulation over its network, `url`s through the door to the host. */
import { DecodeError, parseJson } from '../../../api/machinery/codec/json.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { cloneJson, isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import { genericServerResponse, StatusError } from '../../../api/machinery/status-error.ts'
import type { Status } from '../../../api/generated/types.ts'
import { HttpTimeout } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { OutboundDoor } from './door.ts'
import { addressOfService } from './service-address.ts'
import type { ServiceLookup } from './service-address.ts'
import { hostOf, ServiceClients } from './service-clients.ts'

/** As webhooks and definitions write it. */
export interface ClientConfig {
  readonly url?: string
  readonly service?: { readonly namespace: string; readonly name: string; readonly path?: string; readonly port?: number }
  /** Base64 of PEM. */
  readonly caBundle?: string
}

/** An answer as it came: an object by reference from inside the simulation, text from outside. */
interface Answer {
  readonly status: number
  readonly contentType: string
  readonly retryAfter: string | undefined
  readonly body: object | string
}

/** Why there was no answer; the words of the transport. */
class Unanswered extends Error {}

const clientsMax = 256
const servicePortDefault = 443
/** What an unexpected answer's text is shown of. */
const shownBytesMax = 2_048

export class WebhookClient {
  readonly #process: Process
  readonly #lookup: ServiceLookup
  readonly #door: OutboundDoor | undefined
  readonly #clients: ServiceClients

  /** Without a door no `url` can be reached. */
  constructor(process: Process, lookup: ServiceLookup, door: OutboundDoor | undefined) {
    this.#process = process
    this.#lookup = lookup
    this.#door = door
    this.#clients = new ServiceClients(process, clientsMax)
  }

  /** Posts a review and answers the JSON object that came back. Throws StatusErrors that the webhook answered, and Errors with the
   *  texts of client-go. */
  async post(config: ClientConfig, review: object, timeoutMs: number): Promise<JsonObject> {
    const { host, path } = addressOf(config)
    const target = { host, path: `${path}?timeout=${Math.ceil(timeoutMs / 1000)}s` }
    const url = `https://${target.host}${target.path}`
    let answer: Answer
    try {
      answer = config.service ? await this.#postToService(config, target, review, timeoutMs) : await this.#postOutside(config, url, review, timeoutMs)
    } catch (error) {
      throw new Error(`Post ${quote(url)}: ${error instanceof Error ? error.message : String(error)}`)
    }
    return decoded(answer)
  }

  async #postToService(config: ClientConfig, { host, path }: Address, review: object, timeoutMs: number): Promise<Answer> {
    const { namespace, name, port = servicePortDefault } = config.service!
    const { outside, ...endpoint } = addressOfService(this.#lookup, namespace, name, port)
    if (outside) return this.#postOutside(config, `https://${hostOf(endpoint)}${path}`, review, timeoutMs, `${name}.${namespace}.svc`)
    const sent = this.#clients.of(endpoint).request({ method: 'POST', path, headers: { host, accept: 'application/json', 'content-type': 'application/json', 'user-agent': userAgent }, body: cloneJson(review) }, { kind: 'write', timeoutMs })
    const { status, headers, body = '' } = await sent.catch((error: unknown) => {
      throw error instanceof HttpTimeout ? new Unanswered('context deadline exceeded') : error
    })
    return { status, contentType: headers['content-type'] ?? '', retryAfter: headers['retry-after'], body: body instanceof Uint8Array ? new TextDecoder().decode(body) : body }
  }

  async #postOutside(config: ClientConfig, url: string, review: object, timeoutMs: number, serverName?: string): Promise<Answer> {
    if (!this.#door) throw new Unanswered('this server makes no calls to the outside')
    const answer = await this.#door.call({
      url,
      ...(config.caBundle ? { authorities: atob(config.caBundle) } : {}),
      ...(serverName === undefined ? {} : { serverName }),
      headers: { accept: 'application/json', 'content-type': 'application/json', 'user-agent': userAgent },
      body: JSON.stringify(review),
      timeoutMs,
    })
    // What is left of a dead server's code never hears the answer.
    if (this.#process.scope.closed) return new Promise(() => {})
    if ('problem' in answer) throw new Unanswered(answer.problem)
    return { retryAfter: undefined, ...answer }
  }
}

const userAgent = 'kube-apiserver-admission'

/** Where a webhook is, as it is written: ports that go without saying stay in messages. */
interface Address {
  readonly host: string
  readonly path: string
}

function addressOf({ url = '', service }: ClientConfig): Address {
  if (!service) {
    const [, host = '', path = ''] = /^https:\/\/([^/?#]*)([^?#]*)/i.exec(url) ?? []
    return { host, path: path === '' ? '/' : path }
  }
  const { namespace, name, path = '', port = servicePortDefault } = service
  return { host: `${name}.${namespace}.svc:${port}`, path: path.startsWith('/') ? path : `/${path}` }
}

/** The object in an answer; throws what client-go makes of any other. */
function decoded({ status, contentType, retryAfter, body }: Answer): JsonObject {
  const value = typeof body === 'string' ? undefined : (body as JsonObject)
  if (status < 200 || status > 206) throw refusalOf(status, value ?? tryParse(body as string), typeof body === 'string' ? body : '', retryAfter)
  if (body === '') throw new Error(`0-length response with status code: ${status} and content type: ${contentType}`)
  const found = value ?? parse(body as string)
  if (isObject(found) && found['kind'] === 'Status' && found['status'] === 'Failure') throw new StatusError(found as Status)
  if (isObject(found)) return found
  throw new Error(`couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(found) ? 'array' : typeof found} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`)
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof DecodeError) throw new Error(`couldn't get version/kind; json parse error: ${error.message}`)
    throw error
  }
}

function tryParse(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function refusalOf(code: number, body: unknown, text: string, retryAfter: string | undefined): StatusError {
  if (isObject(body) && body['kind'] === 'Status' && body['status'] === 'Failure') return new StatusError(body as Status)
  const shown = text.length > shownBytesMax ? `${text.slice(0, shownBytesMax)}...` : text
  return genericServerResponse(code, 'POST', { group: '', resource: '' }, '', shown.trim() === '' ? 'unknown' : shown.trim(), /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) : 0, true)
}
