/** An API server with etcd and a real HTTPS edge, on the wall clock, and nothing else: no controllers. For tests against real
 *  clients. Run by itself it prints a kubeconfig's path: `node --experimental-strip-types …/dev-server.node.ts [file]`. */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine } from '../../../kernel/machine.ts'
import type { Process } from '../../../kernel/machine.ts'
import { Network } from '../../../kernel/network.ts'
import { Pacer } from '../../../kernel/pacer.ts'
import { inProcessEtcd } from '../../etcd/in-process.ts'
import { listenHttps } from '../listener.node.ts'
import type { HttpsListener } from '../listener.node.ts'
import { createPki, issueClientCertificate, kubeconfigText } from '../pki.node.ts'
import type { Pki } from '../pki.node.ts'
import { kubeApiserver } from '../server.ts'
import type { ApiServer, ApiServerOptions } from '../server.ts'
import { requestSignatureProblem } from '../request-signature.node.ts'
import { es256Tokens } from '../tokens.node.ts'

export interface DevServer {
  readonly kernel: Kernel
  readonly network: Network
  readonly controlplane: Machine
  readonly server: ApiServer
  readonly listener: HttpsListener
  readonly pki: Pki
  readonly url: string
  /** Of kubernetes-admin. */
  readonly kubeconfig: string
  /** A kubeconfig for somebody else. */
  kubeconfigFor(commonName: string, organizations: readonly string[], validMs?: number): Promise<string>
  close(): Promise<void>
}

export async function startDevServer(options: Partial<ApiServerOptions> = {}): Promise<DevServer> {
  const now = Date.now()
  const kernel = new Kernel({ host: nodeHost, seed: 1, epoch: now })
  const pacer = new Pacer(kernel, nodeHost)
  const network = new Network(kernel)
  const controlplane = new Machine(network, 'controlplane', '192.168.64.10', new SimulatedDisk(kernel, 'controlplane'))
  const pki = await createPki({ now })
  let server!: ApiServer
  controlplane.start('kube-apiserver', (process: Process) => {
    server = kubeApiserver({ etcd: inProcessEtcd(process), tokens: es256Tokens(pki.tokenKey), verifyRequest: requestSignatureProblem, advertisedAddress: '192.168.64.10', ...options })(process)
    return server
  })
  pacer.resume()
  const listener = await listenHttps({
    handler: server.handler,
    tls: { key: pki.server.key, cert: pki.server.certificate, ca: pki.ca.certificate },
    port: 0,
    enter: (label, data, run) => kernel.input(label, data, run, pacer.stamp()),
  })
  await server.ready
  const url = `https://127.0.0.1:${listener.port}`
  return {
    kernel,
    network,
    controlplane,
    server,
    listener,
    pki,
    url,
    kubeconfig: kubeconfigText({ server: url, ca: pki.ca.certificate, user: 'kubernetes-admin', client: pki.admin }),
    async kubeconfigFor(commonName, organizations, validMs) {
      const client = await issueClientCertificate(pki.ca, { commonName, organizations, now: Date.now(), ...(validMs === undefined ? {} : { validMs }) })
      return kubeconfigText({ server: url, ca: pki.ca.certificate, user: commonName, client })
    },
    async close() {
      await listener.close()
      pacer.stop()
    },
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const started = performance.now()
  const dev = await startDevServer()
  const file = process.argv[2] ?? 'dev.kubeconfig'
  writeFileSync(file, dev.kubeconfig)
  console.log(`${dev.url} after ${Math.round(performance.now() - started)} ms, kubeconfig in ${file}`)
}
