import type { EtcdClient } from '../../etcd/client.ts'
import type { Leases } from '../registry/leases.ts'
import { rangeEndOf } from '../storage/keys.ts'

/** Upstream's DefaultEndpointReconcilerTTL. */
const ttlSeconds = 15
const start = '/registry/masterleases/'

/** Which API servers live: a key per address that goes by itself when its server stops renewing it. */
export class MasterLeases {
  readonly #etcd: EtcdClient
  readonly #leases: Leases
  #generation = 0

  constructor(etcd: EtcdClient, leases: Leases) {
    this.#etcd = etcd
    this.#leases = leases
  }

  /** Says that the server at `address` lives for another while. */
  async renew(address: string): Promise<void> {
    const lease = await this.#leases.forTtl(ttlSeconds)
    const record = { kind: 'Endpoints', apiVersion: 'v1', metadata: { generation: ++this.#generation, creationTimestamp: null }, subsets: [{ addresses: [{ ip: address }] }] }
    await this.#etcd.put({ key: start + address, value: new TextEncoder().encode(JSON.stringify(record)), lease })
  }

  async remove(address: string): Promise<void> {
    await this.#etcd.deleteRange({ key: start + address })
  }

  /** The addresses of all servers that live, in order. */
  async list(): Promise<string[]> {
    const { kvs } = await this.#etcd.range({ key: start, rangeEnd: rangeEndOf(start), keysOnly: true })
    return kvs.map(({ key }) => key.slice(start.length)).sort()
  }
}
