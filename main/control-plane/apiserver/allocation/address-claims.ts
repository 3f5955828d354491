import type { IPAddress } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isAlreadyExists } from '../../../api/machinery/status-error.ts'
import type { KeyValue } from '../../etcd/client.ts'
import { rangeEndOf, storageKey } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import type { OwnObjects } from '../bootstrap/own-objects.ts'
import type { Store } from '../registry/store.ts'

const start = '/registry/ipaddresses/'
const servicesPrefix = 'services/specs'

/** Whose an address is. */
export interface Holder {
  readonly namespace: string
  readonly name: string
}

/** One claim as etcd has it. */
export interface AddressClaim {
  readonly address: string
  readonly holder: Holder
  readonly revision: number
}

/** Which Service has which cluster address, in etcd: one IPAddress object per address, under its name. Only one server can
 *  create it, so that none is handed out twice, however many servers there are and however old what they know is. */
export class AddressClaims {
  readonly #storage: Storage
  readonly #own: OwnObjects
  readonly #store: Store

  /** `store`: the one of IPAddresses. */
  constructor(storage: Storage, own: OwnObjects, store: Store) {
    this.#storage = storage
    this.#own = own
    this.#store = store
  }

  /** Takes an address; false when somebody has it. */
  async claim(address: string, holder: Holder): Promise<boolean> {
    const object: IPAddress = {
      kind: 'IPAddress',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name: address, labels: { 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' } },
      spec: { parentRef: { group: '', resource: 'services', namespace: holder.namespace, name: holder.name } },
    }
    try {
      await this.#store.create(this.#own.context(), object as KubeObject, { dryRun: false, fieldManager: 'kube-apiserver' })
      return true
    } catch (error) {
      if (isAlreadyExists(error)) return false
      throw error
    }
  }

  async isClaimed(address: string): Promise<boolean> {
    return (await this.#storage.read(start + address)).kv !== undefined
  }

  /** Gives an address back, unless the Service is there and has it: whoever asks may not know how its last write ended. */
  async release(address: string, holder: Holder): Promise<void> {
    const service = storageKey(servicesPrefix, holder.namespace, holder.name)
    const remove = { type: 'deleteRange', request: { key: start + address } } as const
    const { succeeded, responses } = await this.#storage.etcd.txn({
      compare: [{ key: service, target: 'version', result: 'equal', value: 0 }],
      success: [remove],
      failure: [{ type: 'range', request: { key: service } }],
    })
    if (succeeded) return
    const found = responses[0]?.type === 'range' ? responses[0].response.kvs[0] : undefined
    if (!found || decoded<{ spec?: { clusterIP?: string } }>(found).spec?.clusterIP === address) return
    await this.#storage.etcd.txn({ compare: [{ key: service, target: 'mod', result: 'equal', value: found.modRevision }], success: [remove], failure: [] })
  }

  async list(): Promise<AddressClaim[]> {
    const { kvs } = await this.#storage.etcd.range({ key: start, rangeEnd: rangeEndOf(start) })
    return kvs.map((kv) => {
      const { namespace = '', name = '' } = decoded<{ spec?: { parentRef?: Partial<Holder> } }>(kv).spec?.parentRef ?? {}
      return { address: kv.key.slice(start.length), holder: { namespace, name }, revision: kv.modRevision }
    })
  }

  /** Removes a claim that belongs to nobody, if it is still the one that was seen. */
  async remove({ address, revision }: AddressClaim): Promise<void> {
    await this.#storage.remove(start + address, revision)
  }
}

function decoded<T>({ value }: KeyValue): T & KubeObject {
  return JSON.parse(new TextDecoder().decode(value)) as T & KubeObject
}
