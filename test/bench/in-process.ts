/** Pods to Ready with the whole cluster in this process, on a virtual clock and without sockets: for profiling (`--cpu-prof`) and
 *  for comparing CPU time before and after a change. Prints one line per run; `in-process.mjs` bundles and starts this. */
import type { ApiClient } from '../../main/api/client/contract.ts'
import { restClient } from '../../main/api/client/rest-client.ts'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { Cluster } from '../../main/cluster/cluster.ts'
import { adminCertificate } from '../../main/cluster/gateway.ts'
import { imageCatalogue } from '../../main/cluster/images.ts'
import { standardSpec } from '../../main/cluster/spec.ts'
import { es256Tokens, generateTokenKey } from '../../main/control-plane/apiserver/tokens.node.ts'
import { nodeHost } from '../../main/kernel/host.node.ts'
import { HttpClient } from '../../main/kernel/http.ts'
import type { Machine } from '../../main/kernel/machine.ts'

const pods = Number(process.argv[2] ?? 300)
const nodes = Number(process.argv[3] ?? 3)
const runs = Number(process.argv[4] ?? 1)

for (let run = 0; run < runs; run++) {
  const cluster = new Cluster({
    spec: standardSpec('bench', 1, nodes),
    host: nodeHost,
    epoch: Date.UTC(2026, 0, 5, 9),
    tokens: es256Tokens(generateTokenKey()),
    caCertificate: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    images: imageCatalogue,
  })
  const { kernel } = cluster
  const machine = cluster.machines.get('controlplane') as Machine
  let client!: ApiClient
  machine.start('bench', (process) => {
    client = restClient(new HttpClient(process, { address: machine.stack.address, port: 6443 }, adminCertificate), { userAgent: 'bench' })
    return {}
  })
  const bootStarted = performance.now()
  cluster.boot()
  let ready = false
  void cluster.ready.then(() => {
    ready = true
  })
  await kernel.runWhile(() => !ready, 300_000, 'every node Ready')
  const bootMs = performance.now() - bootStarted
  await kernel.runFor(5_000)
  globalThis.gc?.()
  const held = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external
  const heldBefore = held()
  const cpu = process.cpuUsage()
  const wall = performance.now()
  const [virtual, events] = [kernel.now(), kernel.executed]
  await kernel.settle(
    client.create(deploymentKind, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'bench', namespace: 'default' },
      spec: { replicas: pods, selector: { matchLabels: { app: 'bench' } }, template: { metadata: { labels: { app: 'bench' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14' }] } } },
    } as never),
  )
  for (;;) {
    const deployment = await kernel.settle(client.get(deploymentKind, 'bench', 'default'))
    if (deployment.status?.readyReplicas === pods) break
    if (kernel.now() - virtual > 600_000) throw new Error(`only ${deployment.status?.readyReplicas ?? 0} of ${pods} pods are Ready after ten minutes`)
    await kernel.runFor(500)
  }
  const wallMs = performance.now() - wall
  const used = process.cpuUsage(cpu)
  const [eventsUsed, virtualMs] = [kernel.executed - events, kernel.now() - virtual]
  let heldPerPod = ''
  if (globalThis.gc) {
    // With --expose-gc also what a pod costs while it idles: after etcd has been compacted and events of the start are history.
    await kernel.runFor(700_000)
    globalThis.gc()
    heldPerPod = `; ${((held() - heldBefore) / pods / 1024).toFixed(1)} KiB held per idle pod`
  }
  console.log(`${pods} pods on ${nodes} nodes: ${wallMs.toFixed(0)} ms wall, ${((used.user + used.system) / 1000).toFixed(0)} ms CPU, ${eventsUsed} events, ${virtualMs.toFixed(0)} virtual ms; boot ${bootMs.toFixed(0)} ms${heldPerPod}`)
  await cluster.stop()
}
process.exit(0)
