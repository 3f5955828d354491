import { createHash } from 'node:crypto'
import { restClient } from '../../main/api/client/rest-client.ts'
import type { ApiClient } from '../../main/api/client/contract.ts'
import { Cluster } from '../../main/cluster/cluster.ts'
import { adminCertificate } from '../../main/cluster/gateway.ts'
import { imageCatalogue } from '../../main/cluster/images.ts'
import { standardSpec, type ClusterSpec } from '../../main/cluster/spec.ts'
import type { Performer } from '../../main/control-plane/apiserver/outbound/door.ts'
import { es256Tokens, generateTokenKey } from '../../main/control-plane/apiserver/tokens.node.ts'
import type { DiskBacking } from '../../main/kernel/disk.ts'
import { nodeHost } from '../../main/kernel/host.node.ts'
import { HttpClient } from '../../main/kernel/http.ts'
import type { Machine } from '../../main/kernel/machine.ts'

/** Virtual time at which these runs start; any fixed moment does. */
export const epoch = Date.UTC(2026, 0, 5, 9)

const tokenKey = generateTokenKey()

/** A whole cluster under the virtual clock, with a client of its own on the control-plane machine. */
export interface SimulatedLab {
  readonly cluster: Cluster
  readonly client: ApiClient
  /** Runs until `condition` answers true; throws after `limitMs` of virtual time. */
  until(condition: () => boolean | Promise<boolean>, limitMs?: number, what?: string): Promise<void>
  settle<T>(promise: Promise<T>): Promise<T>
  /** A digest of every span so far: what happened, where, when and because of what. */
  traceDigest(): string
  /** How many events ran so far, and the digest of them: read at one moment, for a paced run may go on after it was told to stop. */
  soFar(): { readonly executed: number; readonly digest: string }
}

export function createLab(options: { seed?: number; workers?: number; spec?: ClusterSpec; freeze?: boolean; backingOf?: (machine: string) => DiskBacking; performOutbound?: Performer } = {}): SimulatedLab {
  const cluster = new Cluster({
    spec: options.spec ?? standardSpec('test', options.seed ?? 1, options.workers ?? 3),
    host: nodeHost,
    epoch,
    tokens: es256Tokens(tokenKey),
    caCertificate: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    images: imageCatalogue,
    freeze: options.freeze ?? true,
    ...(options.backingOf ? { backingOf: options.backingOf } : {}),
    ...(options.performOutbound ? { performOutbound: options.performOutbound } : {}),
  })
  const hash = createHash('sha256')
  let spans = 0
  cluster.kernel.trace.onSpan((span, phase) => {
    spans++
    hash.update(`${phase} ${span.id} ${span.parent} ${span.where} ${span.name} ${span.start} ${span.end ?? ''} ${JSON.stringify(span.attributes)}\n`)
  })
  let client!: ApiClient
  const settle = <T>(promise: Promise<T>): Promise<T> => cluster.kernel.settle(promise)
  const controlPlane = cluster.machines.get('controlplane') as Machine
  controlPlane.start('tester', (process) => {
    client = restClient(new HttpClient(process, cluster.server, adminCertificate), { userAgent: 'tester' })
    return {}
  })
  return {
    cluster,
    client,
    settle,
    soFar: () => ({ executed: cluster.kernel.executed, digest: `${spans} spans ${hash.copy().digest('hex')}` }),
    traceDigest: () => `${spans} spans ${hash.copy().digest('hex')}`,
    async until(condition, limitMs = 120_000, what = 'the condition') {
      const deadline = cluster.kernel.now() + limitMs
      for (;;) {
        const outcome = condition()
        if (typeof outcome === 'boolean' ? outcome : await settle(outcome)) return
        if (cluster.kernel.now() > deadline) throw new Error(`${what} did not come true within ${limitMs} ms of virtual time`)
        await cluster.kernel.runFor(100)
      }
    },
  }
}

/** A lab with every node Ready. */
export async function bootedLab(options: Parameters<typeof createLab>[0] = {}): Promise<SimulatedLab> {
  const lab = createLab(options)
  lab.cluster.boot()
  let ready = false
  void lab.cluster.ready.then(() => {
    ready = true
  })
  await lab.until(() => ready, 120_000, 'every node Ready')
  return lab
}
