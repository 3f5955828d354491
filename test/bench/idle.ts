/** What a standard lab costs while nobody does anything, by virtual minute: on a virtual clock and without sockets, so that other work on
 *  the machine hardly matters. `ENTRY=idle.ts in-process.mjs` bundles and starts this. */
import { Cluster } from '../../main/cluster/cluster.ts'
import { imageCatalogue } from '../../main/cluster/images.ts'
import { standardSpec } from '../../main/cluster/spec.ts'
import { es256Tokens, generateTokenKey } from '../../main/control-plane/apiserver/tokens.node.ts'
import { nodeHost } from '../../main/kernel/host.node.ts'

const minutes = Number(process.argv[2] ?? 10)
const nodes = Number(process.argv[3] ?? 3)

const cluster = new Cluster({
  spec: standardSpec('bench', 1, nodes),
  host: nodeHost,
  epoch: Date.UTC(2026, 0, 5, 9),
  tokens: es256Tokens(generateTokenKey()),
  caCertificate: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
  images: imageCatalogue,
})
const { kernel } = cluster
const boot = process.cpuUsage()
cluster.boot()
let ready = false
void cluster.ready.then(() => {
  ready = true
})
await kernel.runWhile(() => !ready, 300_000, 'every node Ready')
const booted = process.cpuUsage(boot)
await kernel.runFor(120_000)
const spans = new Map<string, number>()
const stop = process.env['SPANS'] === undefined ? undefined : kernel.trace.onSpan((span, phase) => {
  if (phase === 'start') {
    const name = `${span.where}: ${span.name}`.replace(/[0-9a-f]{8,}|\d{6,}/g, '…')
    spans.set(name, (spans.get(name) ?? 0) + 1)
  }
})
const cpu = process.cpuUsage()
const events = kernel.executed
await kernel.runFor(minutes * 60_000)
const used = process.cpuUsage(cpu)
stop?.()
const cpuMs = (used.user + used.system) / 1000
console.log(`${nodes} nodes: boot ${((booted.user + booted.system) / 1000).toFixed(0)} ms CPU; idle ${(cpuMs / minutes).toFixed(0)} ms CPU a minute (${(cpuMs / minutes / 600).toFixed(2)} % of a core), ${((kernel.executed - events) / minutes).toFixed(0)} events a minute`)
for (const [name, count] of [...spans].sort((a, b) => b[1] - a[1]).slice(0, 60)) console.log(`${(count / minutes).toFixed(1).padStart(8)} a minute  ${name}`)
await cluster.stop()
process.exit(0)
