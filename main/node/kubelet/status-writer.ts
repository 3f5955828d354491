import type { Pod, PodStatus } from '../../api/generated/types.ts'
import type { ApiClient } from '../../api/client/contract.ts'
import type { Kind } from '../../api/kinds/kind.ts'
import { jsonEqual } from '../../api/machinery/equality.ts'
import { isNotFound } from '../../api/machinery/status-error.ts'
import type { Process } from '../../kernel/machine.ts'
import { podStatusPatch } from './status-patch.ts'

/** How long after a failed write the next one is tried: upstream's periodic sync of the status manager. */
const retryMs = 10_000

interface Entry {
  /** As the kubelet names it: a static pod's own uid. */
  readonly uid: string
  pod: Pod
  status: PodStatus
  version: number
  writtenVersion: number
  /** The API's pod as the last write answered it. */
  written: Pod | undefined
  /** The pod has ended on this node: once its status is written it may be deleted from the API. */
  finished: boolean
  writing: boolean
  retry: { cancel(): void } | undefined
}

export interface StatusWriterOptions {
  readonly process: Process
  readonly client: ApiClient
  readonly podKind: Kind<Pod>
  /** The API's pod that shows the status of the pod with that uid: itself, or the mirror of a static pod. */
  readonly apiPodOf: (uid: string) => Pod | undefined
  readonly isStatic: (pod: Pod) => boolean
  /** Told when the API no longer has the pod, so that its status is of no use to anyone. */
  readonly onGone?: (uid: string) => void
}

/** The newest status of every pod, and its way to the API: one write at a time per pod, the newest status wins, failures are
 *  tried again. Follows upstream's status manager, except that it compares with the informer's copy in place of a GET. */
export class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: StatusWriterOptions) {
    this.#options = options
  }

  /** The status last set. */
  get(uid: string): PodStatus | undefined {
    return this.#entries.get(uid)?.status
  }

  set(pod: Pod, status: PodStatus): void {
    const entry = this.#entry(pod, status)
    entry.pod = pod
    if (entry.version > 0 && jsonEqual(entry.status, status)) {
      if (entry.version > entry.writtenVersion) this.#write(entry)
      return
    }
    entry.status = status
    entry.version++
    this.#options.process.changed('status')
    this.#write(entry)
  }

  /** The pod has ended here and holds nothing any more: its object goes once the API shows its last status. */
  finish(pod: Pod): void {
    const entry = this.#entries.get(pod.metadata.uid!)
    if (!entry) return
    entry.pod = pod
    entry.finished = true
    this.#write(entry)
  }

  /** Something in the API changed that may need a write: the mirror pod appeared, or somebody overwrote a status. */
  reconcile(uid: string): void {
    const entry = this.#entries.get(uid)
    if (!entry || entry.writing) return
    const api = this.#apiPod(entry)
    if (api && podStatusPatch(api, entry.status) !== undefined) {
      entry.version++
      this.#write(entry)
    } else if (entry.finished) this.#write(entry)
  }

  forget(uid: string): void {
    this.#entries.get(uid)?.retry?.cancel()
    this.#entries.delete(uid)
  }

  snapshot(): { readonly pod: string; readonly phase: string; readonly version: number; readonly written: number }[] {
    return [...this.#entries.values()].map((entry) => ({
      pod: `${entry.pod.metadata.namespace}/${entry.pod.metadata.name}`,
      phase: entry.status.phase ?? '',
      version: entry.version,
      written: entry.writtenVersion,
    }))
  }

  #entry(pod: Pod, status: PodStatus): Entry {
    const uid = pod.metadata.uid!
    let entry = this.#entries.get(uid)
    if (!entry) this.#entries.set(uid, (entry = { uid, pod, status, version: 0, writtenVersion: 0, written: undefined, finished: false, writing: false, retry: undefined }))
    return entry
  }

  /** The API's pod as far as we know it: what the informer has, or what our last write answered when that is newer. */
  #apiPod(entry: Entry): Pod | undefined {
    const cached = this.#options.apiPodOf(entry.uid)
    const { written } = entry
    if (!cached || !written || cached.metadata.uid !== written.metadata.uid) return cached
    return Number(written.metadata.resourceVersion) > Number(cached.metadata.resourceVersion) ? written : cached
  }

  #write(entry: Entry): void {
    if (entry.writing) return
    entry.retry?.cancel()
    entry.retry = undefined
    entry.writing = true
    void this.#writeAll(entry).then(
      () => {
        entry.writing = false
      },
      (error: unknown) => {
        entry.writing = false
        if (this.#entries.get(entry.uid) !== entry) return
        if (isNotFound(error)) {
          this.#gone(entry)
          return
        }
        const { process } = this.#options
        process.journal.warning('Failed to update status for pod', { pod: `${entry.pod.metadata.namespace}/${entry.pod.metadata.name}`, err: error })
        entry.retry = process.clock.after(retryMs, () => this.#write(entry))
      },
    )
  }

  async #writeAll(entry: Entry): Promise<void> {
    const { client, podKind, isStatic } = this.#options
    while (this.#entries.get(entry.uid) === entry) {
      const api = this.#apiPod(entry)
      if (!api) return
      const { version, status } = entry
      if (version > entry.writtenVersion) {
        const patch = podStatusPatch(api, status)
        if (patch) {
          entry.written = await client.patch(podKind, api.metadata.name, api.metadata.namespace, 'strategic', patch, { subresource: 'status' })
        }
        entry.writtenVersion = version
        continue
      }
      if (entry.finished && !isStatic(entry.pod) && api.metadata.deletionTimestamp !== undefined) {
        try {
          await client.delete(podKind, api.metadata.name, api.metadata.namespace, { gracePeriodSeconds: 0, preconditions: { uid: entry.uid } })
        } catch (error) {
          if (!isNotFound(error)) throw error
        }
        this.#gone(entry)
      }
      return
    }
  }

  #gone(entry: Entry): void {
    this.forget(entry.uid)
    this.#options.onGone?.(entry.uid)
  }
}
