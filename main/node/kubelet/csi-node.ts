import type { ApiClient } from '../../api/client/contract.ts'
import type { CSINode, Node } from '../../api/generated/types.ts'
import { csiNodeKind } from '../../api/kinds/storage/csi-node.ts'
import { jsonEqual } from '../../api/machinery/equality.ts'
import { isAlreadyExists, isNotFound } from '../../api/machinery/status-error.ts'
import type { Process } from '../../kernel/machine.ts'
import type { CsiDriverRegistry } from '../csi.ts'

const retryMs = 2_000

/** Keeps the CSINode object that lists the drivers registered on this node. */
export class CsiNodeObject {
  readonly #process: Process
  readonly #client: ApiClient
  readonly #nodeName: string
  readonly #drivers: CsiDriverRegistry
  readonly #node: () => Node | undefined
  #busy = false
  #again = false

  constructor(process: Process, client: ApiClient, nodeName: string, drivers: CsiDriverRegistry, node: () => Node | undefined) {
    this.#process = process
    this.#client = client
    this.#nodeName = nodeName
    this.#drivers = drivers
    this.#node = node
  }

  start(): void {
    this.#process.scope.onClose(this.#drivers.onChange(() => this.#process.clock.after(0, () => this.#write())))
    // A node without drivers needs no object until one comes.
    if (this.#drivers.list().length > 0) this.#write()
  }

  #write(): void {
    if (this.#busy) {
      this.#again = true
      return
    }
    this.#busy = true
    void this.#writeOnce().then(
      () => this.#done(),
      (error: unknown) => {
        this.#process.journal.error('Error updating CSINode annotation', { err: error })
        this.#process.clock.after(retryMs, () => this.#write())
        this.#done()
      },
    )
  }

  #done(): void {
    this.#busy = false
    if (!this.#again) return
    this.#again = false
    this.#write()
  }

  async #writeOnce(): Promise<void> {
    const drivers = this.#drivers.list().map(({ name, nodeId, topologyKeys, volumesMax }) => ({
      name,
      nodeID: nodeId,
      topologyKeys: topologyKeys ? [...topologyKeys] : [],
      ...(volumesMax === undefined ? {} : { allocatable: { count: volumesMax } }),
    }))
    const node = this.#node()
    const existing = await this.#client.get(csiNodeKind, this.#nodeName).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    })
    if (existing) {
      if (!jsonEqual(existing.spec.drivers, drivers)) await this.#client.update(csiNodeKind, { ...existing, spec: { ...existing.spec, drivers } })
      return
    }
    const owner = node?.metadata.uid ? { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: this.#nodeName, uid: node.metadata.uid }] } : {}
    const object: CSINode = { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode', metadata: { name: this.#nodeName, ...owner }, spec: { drivers } }
    await this.#client.create(csiNodeKind, object).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
  }
}
