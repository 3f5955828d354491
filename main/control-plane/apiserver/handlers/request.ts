import type { HttpResponse, ServerExchange } from '../../../kernel/http.ts'
import type { Span } from '../../../kernel/trace.ts'
import type { RequestContext } from '../request-context.ts'
import type { RequestInfo } from '../request-info/request-info.ts'

/** One authenticated and authorised request on its way to its handler. */
export interface ApiRequest {
  readonly exchange: ServerExchange
  readonly info: RequestInfo
  readonly context: RequestContext
  readonly span: Span
  /** Answers once and for all; the pipeline's bookkeeping is attached. */
  respond(response: HttpResponse): void
  /** Begins an answer that goes on; `finished` of the pipeline runs at `end` or when the client goes. */
  open(response: HttpResponse): void
  end(): void
  /** Whether it has been answered, or its client has gone: what took a while should look before it begins something. */
  isOver(): boolean
}

export type ApiHandler = (request: ApiRequest) => void | Promise<void>
