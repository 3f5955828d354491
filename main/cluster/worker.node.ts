import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { serveWindow } from '../../preload/contract/serve.ts'
import type { LabServices } from '../../preload/contract/services.ts'
import { FileBacking } from '../kernel/disk.node.ts'
import { nodeHost } from '../kernel/host.node.ts'
import { certificateAuthority } from '../control-plane/controllers/certificate-signing-request/authority.node.ts'
import { createPki } from '../control-plane/apiserver/pki.node.ts'
import { httpsPerformer } from '../control-plane/apiserver/outbound/https.node.ts'
import { requestSignatureProblem } from '../control-plane/apiserver/request-signature.node.ts'
import { es256Tokens } from '../control-plane/apiserver/tokens.node.ts'
import { Cluster } from './cluster.ts'
import { openConsole, type Console } from './console.node.ts'
import { openLoadBalancerDoors, type LoadBalancerDoors } from './load-balancer-doors.node.ts'
import { imageCatalogue } from './images.ts'
import { openEdge, type Edge } from './edge.node.ts'
import type { EtcdEdge } from './etcd-edge.node.ts'
import type { FromThread, ThreadOptions, ToThread } from './thread.ts'
import { threadServices } from './thread-services.ts'

/** The thread in which a cluster lives: boots it, paces it, serves its API on a real socket and its views to the lab. */
const port = parentPort!
const options = workerData as ThreadOptions
const tell = (message: FromThread): void => port.postMessage(message)

/** When etcd's own endpoint opens although not every node is Ready yet. */
const etcdEdgeAtLatestMs = 5_000

async function run(): Promise<void> {
  const pki = options.pki ?? (await createPki({ now: Date.now() }))
  const outside = httpsPerformer()
  const cluster = new Cluster({
    spec: options.spec,
    host: nodeHost,
    epoch: options.epoch,
    tokens: es256Tokens(pki.tokenKey),
    verifyRequest: requestSignatureProblem,
    performOutbound: outside.perform,
    caCertificate: pki.ca.certificate,
    certificateAuthority: certificateAuthority(pki.ca),
    keyPairs: pki,
    images: imageCatalogue,
    ...(options.disks === undefined ? {} : { backingOf: (machine) => new FileBacking(join(options.disks!, machine)) }),
  })
  cluster.kernel.onFault((error) => {
    process.stderr.write(`orrery: an event of the simulation failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  })
  let edge: Edge
  let etcdEdge: EtcdEdge | undefined
  try {
    edge = await openEdge(cluster, pki, options.port)
  } catch (error) {
    const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE' || (error as NodeJS.ErrnoException).code === 'EACCES'
    return tell({ type: 'failed', message: inUse ? `port ${options.port} on 127.0.0.1 cannot be used: ${(error as NodeJS.ErrnoException).code}` : (error as Error).message, usage: inUse })
  }
  const console = await openConsole(cluster)
  const doors = openLoadBalancerDoors(cluster, (line) => process.stderr.write(`orrery: ${line}\n`))
  const window = serveWindow(threadServices(cluster) as unknown as LabServices, (frame) => tell({ type: 'frame', frame }))
  port.on('message', (message: ToThread) => {
    if (message.type === 'frame') window.receive(message.frame)
    else {
      etcdEdge?.close()
      void stop(cluster, edge, console, doors).finally(() => outside.close())
    }
  })
  cluster.boot()
  cluster.pacer.setSpeed(options.speed === 0 ? Infinity : options.speed)
  // The virtual clock began in the past: it catches up with the wall's flat out, and keeps step from then on.
  cluster.pacer.resume(Date.now())
  tell({ type: 'listening', port: edge.port, kubeconfig: edge.kubeconfig, pki, console: { url: console.url, token: console.token } })
  // gRPC takes a while to load: after what people wait for, but not only if that comes.
  let opening: Promise<void> | undefined
  const openEtcd = (): Promise<void> =>
    (opening ??= import('./etcd-edge.node.ts').then(async ({ openEtcdEdge }) => {
      etcdEdge = await openEtcdEdge(cluster, pki)
      tell({ type: 'etcd', access: etcdEdge.access })
    }))
  const late = setTimeout(() => void openEtcd(), etcdEdgeAtLatestMs)
  await cluster.ready
  tell({ type: 'ready', startupMs: Date.now() - options.launchedAt })
  clearTimeout(late)
  await openEtcd()
}

async function stop(cluster: Cluster, edge: Edge, console: Console, doors: LoadBalancerDoors): Promise<void> {
  await Promise.all([edge.close(), console.close(), doors.close()])
  await cluster.stop()
  tell({ type: 'stopped' })
  port.close()
}

run().catch((error: unknown) => tell({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error), usage: false }))
