import { OutsideCalls } from '../outbound/door.ts'
import type { OutboundDoor } from '../outbound/door.ts'
import { httpsPerformer } from '../outbound/https.node.ts'
import { startServer } from './start-server.ts'
import type { TestServer } from './start-server.ts'
import { startWebhookServer } from './webhook-server.node.ts'
import type { WebhookServer } from './webhook-server.node.ts'

/** An API server that asks webhooks on a real HTTPS server, through the door to the host. */
export interface WebhookBench {
  readonly hooks: WebhookServer
  readonly server: TestServer
  close(): Promise<void>
}

export async function startWebhookBench(): Promise<WebhookBench> {
  const performer = httpsPerformer()
  const hooks = await startWebhookServer()
  // The kernel is there only when the server is.
  const late: { door?: OutboundDoor } = {}
  const server = await startServer({ outbound: { call: (call) => late.door!.call(call) } })
  late.door = new OutsideCalls(server.kernel, (label, data, run) => server.kernel.input(label, data, run), performer.perform, () => true)
  return {
    hooks,
    server,
    close: async () => {
      performer.close()
      await hooks.close()
    },
  }
}
