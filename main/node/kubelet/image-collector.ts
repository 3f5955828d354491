import type { Process } from '../../kernel/machine.ts'
import type { ContainerRuntime } from '../cri.ts'
import { observe } from './eviction-thresholds.ts'
import type { KubeletEvents } from './events.ts'

/** When images that nobody uses go. Shares are of the file system that holds them. */
export interface ImageCollectionSettings {
  readonly highShare: number
  readonly lowShare: number
  readonly minAgeMs: number
}

export const defaultImageCollection: ImageCollectionSettings = { highShare: 0.85, lowShare: 0.8, minAgeMs: 120_000 }

const periodMs = 300_000

interface ImageRecord {
  readonly firstDetected: number
  lastUsed: number
}

/** Removes images that no container uses, the one that was used longest ago first, when the disk is 85 % full, until 80 % is (upstream's image
 *  garbage collection). */
export class ImageCollector {
  readonly #process: Process
  readonly #runtime: ContainerRuntime
  readonly #events: KubeletEvents
  readonly #capacity: { readonly memoryBytes: number; readonly ephemeralStorageBytes: number }
  readonly #settings: ImageCollectionSettings
  readonly #records = new Map<string, ImageRecord>()

  constructor(process: Process, runtime: ContainerRuntime, events: KubeletEvents, capacity: { readonly memoryBytes: number; readonly ephemeralStorageBytes: number }, settings: ImageCollectionSettings = defaultImageCollection) {
    this.#process = process
    this.#runtime = runtime
    this.#events = events
    this.#capacity = capacity
    this.#settings = settings
  }

  start(): void {
    this.#process.clock.every(() => periodMs, () => void this.collect())
  }

  /** Frees what the usual shares ask for. */
  async collect(): Promise<void> {
    const { highShare, lowShare } = this.#settings
    try {
      const { available, capacity } = observe(this.#runtime.footprint(), this.#capacity)['imagefs.available']
      await this.#detect()
      if (capacity === 0 || (capacity - available) / capacity < highShare) return
      const wanted = Math.ceil(capacity * (1 - lowShare)) - available
      const freed = await this.#free(wanted, this.#settings.minAgeMs)
      if (freed < wanted) this.#events.node('Warning', 'FreeDiskSpaceFailed', `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      this.#process.journal.error('Image garbage collection failed once. Stats initialization may not have completed yet', { err: error })
      this.#events.node('Warning', 'ImageGCFailed', text)
    }
  }

  /** Frees every image that nobody uses, whatever its age: what eviction does first. */
  async removeUnused(): Promise<number> {
    await this.#detect()
    return this.#free(Infinity, 0)
  }

  /** Notes which images are here and which are in use; answers those in use. */
  async #detect(): Promise<ReadonlySet<string>> {
    const now = this.#process.clock.now()
    const [images, containers] = [await this.#runtime.listImages(), await this.#runtime.listContainers()]
    const used = new Set(containers.map((container) => container.config.imageId))
    const present = new Set(images.map((image) => image.id))
    for (const id of [...this.#records.keys()]) if (!present.has(id)) this.#records.delete(id)
    for (const { id } of images) {
      let record = this.#records.get(id)
      if (!record) this.#records.set(id, (record = { firstDetected: now, lastUsed: 0 }))
      if (used.has(id)) record.lastUsed = now
    }
    return used
  }

  async #free(wantedBytes: number, minAgeMs: number): Promise<number> {
    const now = this.#process.clock.now()
    const used = await this.#detect()
    const images = (await this.#runtime.listImages())
      .filter((image) => !used.has(image.id) && !image.repoTags.some((tag) => tag.includes('/pause:')))
      .map((image) => ({ image, record: this.#records.get(image.id)! }))
      .sort((a, b) => a.record.lastUsed - b.record.lastUsed || a.record.firstDetected - b.record.firstDetected || (a.image.id < b.image.id ? -1 : 1))
    let freed = 0
    for (const { image, record } of images) {
      if (freed >= wantedBytes) break
      if (now - record.firstDetected < minAgeMs) continue
      this.#process.journal.info('Removing image to free bytes', { imageID: image.id, size: image.sizeBytes })
      await this.#runtime.removeImage(image.id)
      this.#records.delete(image.id)
      freed += image.sizeBytes
    }
    return freed
  }
}
