import type { HttpStream } from '../../../kernel/http.ts'
import type { TrafficKind } from '../../../kernel/network.ts'
import type { ApiRequest } from '../handlers/request.ts'

/** What a client that does not read may owe before its stream is broken. Upstream makes the sender wait; here what sends is
 *  simulated and does not, so that this is the bound. */
export const relayBacklogBytesMax = 32 * 1024 * 1024

/** Passes on what comes from inside the cluster until either side ends. The exchange has to be open. `release` is called once, at
 *  the end. */
export function relay(request: ApiRequest, stream: HttpStream, about: { readonly kind: TrafficKind; readonly label?: string }, release: () => void = () => {}): void {
  const { exchange } = request
  let over = false
  const finish = (): void => {
    if (over) return
    over = true
    release()
    request.end()
  }
  const breakOff = (): void => {
    stream.cancel()
    finish()
  }
  if (request.isOver()) return breakOff()
  exchange.onCancel(breakOff)
  stream.onData((data) => {
    if (exchange.backlogBytes > relayBacklogBytesMax) breakOff()
    else exchange.send(data, about)
  })
  stream.onEnd(finish)
}
