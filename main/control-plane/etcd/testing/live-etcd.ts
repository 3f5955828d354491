import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SimulatedDisk } from '../../../kernel/disk.ts'
import { nodeHost } from '../../../kernel/host.node.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import { Machine } from '../../../kernel/machine.ts'
import { Network } from '../../../kernel/network.ts'
import { Pacer } from '../../../kernel/pacer.ts'
import { createPki, issueClientCertificate } from '../../apiserver/pki.node.ts'
import type { EtcdMaintenance } from '../callers.ts'
import type { EtcdClient } from '../client.ts'
import { listenEtcd } from '../grpc/listener.node.ts'
import { etcdClient } from '../network-client.ts'
import { etcdServer } from '../server.ts'

/** A simulated etcd that real clients can talk to. */
export interface LiveEtcd {
  readonly endpoint: string
  /** For etcdctl: where it is and who we are. */
  readonly environment: Readonly<Record<string, string>>
  /** The same for somebody who may do nothing. */
  readonly stranger: Readonly<Record<string, string>>
  readonly kernel: Kernel
  readonly machine: Machine
  close(): void
}

export async function liveEtcd(): Promise<LiveEtcd> {
  const kernel = new Kernel({ host: nodeHost, seed: 1, epoch: Date.now() })
  const machine = new Machine(new Network(kernel), 'controlplane', '192.168.64.10', new SimulatedDisk(kernel, 'controlplane'))
  machine.start('etcd', etcdServer({ name: 'controlplane' }))
  let client!: EtcdClient & EtcdMaintenance
  machine.start('edge', (process) => {
    client = etcdClient(process, [{ address: '127.0.0.1', port: 2379 }])
    return {}
  })
  const pacer = new Pacer(kernel, nodeHost)
  const pki = await createPki({ now: Date.now() })
  const other = await issueClientCertificate(pki.ca, { commonName: 'jane', organizations: ['guests'], now: Date.now() })
  const listener = await listenEtcd({
    client: () => client,
    enter: (label, data, run) => kernel.input(label, data, run, pacer.stamp()),
    tls: { key: pki.server.key, cert: pki.server.certificate, ca: pki.ca.certificate },
  })
  pacer.resume(Date.now())
  const directory = mkdtempSync(join(tmpdir(), 'orrery-etcdctl-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const endpoint = `https://127.0.0.1:${listener.port}`
  const environment = (name: string, pair: { readonly certificate: string; readonly key: string }): Record<string, string> => ({
    ETCDCTL_API: '3',
    ETCDCTL_ENDPOINTS: endpoint,
    ETCDCTL_CACERT: file('ca.crt', pki.ca.certificate),
    ETCDCTL_CERT: file(`${name}.crt`, pair.certificate),
    ETCDCTL_KEY: file(`${name}.key`, pair.key),
  })
  return {
    endpoint,
    environment: environment('admin', pki.admin),
    stranger: environment('stranger', other),
    kernel,
    machine,
    close() {
      pacer.stop()
      listener.close()
      rmSync(directory, { recursive: true })
    },
  }
}
