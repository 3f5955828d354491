import type { Container, Pod, Volume } from '../../api/generated/types.ts'
import { quantityValue } from '../../api/machinery/quantity.ts'
import type { Clock } from '../../kernel/clock.ts'
import { MountFailed, VolumeNotAttached, VolumeNotProcessed, type ClaimedVolumes } from './claimed-volumes.ts'
import type { Cancellation } from './cancellation.ts'
import type { Mount, MountedFile, MountSource } from '../cri.ts'
import { expand } from './expansion.ts'
import type { EnvironmentVariable } from './environment.ts'
import { volumeFiles, type VolumeSources } from './volume-files.ts'

const firstRetryMs = 500
const maxRetryMs = 122_000
/** How long one sync waits for the volumes of its pod. */
const waitMs = 123_000

/** The volumes of one pod: what containers mount, kept up to date. A volume that cannot be set up is tried again with
 *  upstream's delays (0.5 s, doubling to 2 min 2 s), and each failure is told to `onFailure`. */
export class PodVolumes {
  readonly #clock: Clock
  readonly #onFailure: (message: string) => void
  readonly #ready = new Map<string, MountSource>()
  readonly #files = new Map<string, readonly MountedFile[]>()
  readonly #retry = new Map<string, { delayMs: number; at: number }>()
  readonly #readOnly = new Set<string>()
  readonly #unattached = new Set<string>()
  readonly #claimed: ClaimedVolumes

  constructor(clock: Clock, claimed: ClaimedVolumes, onFailure: (message: string) => void) {
    this.#clock = clock
    this.#claimed = claimed
    this.#onFailure = onFailure
  }

  /** Sets up what is not yet, renews what is; rejects with upstream's text when something is still missing after 2 min 3 s,
   *  and with Cancelled when given up. */
  async setUp(pod: Pod, sources: VolumeSources, cancellation: Cancellation): Promise<void> {
    const deadline = this.#clock.now() + waitMs
    const volumes = pod.spec?.volumes ?? []
    for (const volume of volumes) if (this.#ready.has(volume.name)) await this.#renew(pod, volume, sources)
    for (;;) {
      const missing = volumes.filter((volume) => !this.#ready.has(volume.name))
      if (missing.length === 0) return
      let nextAt = deadline
      const unprocessed = new Map<string, string>()
      for (const volume of missing) {
        const retry = this.#retry.get(volume.name)
        if (!retry || retry.at <= this.#clock.now()) {
          const problem = await this.#try(pod, volume, sources)
          if (problem !== undefined) unprocessed.set(volume.name, problem)
        }
        const again = this.#retry.get(volume.name)
        if (!this.#ready.has(volume.name) && again) nextAt = Math.min(nextAt, again.at)
      }
      const left = volumes.filter((volume) => !this.#ready.has(volume.name))
      if (left.length === 0) return
      const names = left.map((volume) => volume.name).join(' ')
      // Nothing to wait for: the next sync asks again.
      if (unprocessed.size > 0) throw new Error(`unmounted volumes=[${names}], unattached volumes=[], failed to process volumes=[${[...unprocessed.keys()].join(' ')}]: ${[...unprocessed.values()].join('; ')}`)
      if (this.#clock.now() >= deadline) {
        throw new Error(`unmounted volumes=[${names}], unattached volumes=[${left.filter((volume) => this.#unattached.has(volume.name)).map((volume) => volume.name).join(' ')}], failed to process volumes=[]: context deadline exceeded`)
      }
      await cancellation.sleep(Math.max(1, nextAt - this.#clock.now()))
    }
  }

  /** The mounts of a container. Throws upstream's text for a mount without a volume, or with a sub-path that lacks a value or
   *  leads outside. */
  mountsOf(container: Container, environment: readonly EnvironmentVariable[]): Mount[] {
    return (container.volumeMounts ?? []).map((mount) => {
      const source = this.#ready.get(mount.name)
      if (!source) throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
      const subPath = mount.subPathExpr ? expandedSubPath(mount.subPathExpr, environment) : mount.subPath
      if (subPath?.startsWith('/')) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`)
      if (subPath?.split('/').includes('..')) throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`)
      // Files mounted by subPath are never updated.
      const frozen = source.type === 'files' && subPath ? frozenFiles(source) : source
      return { containerPath: mount.mountPath, source: frozen, readOnly: (mount.readOnly ?? false) || source.type === 'files' || this.#readOnly.has(mount.name), ...(subPath ? { subPath } : {}) }
    })
  }

  /** Answers why the volume could not even be looked for. */
  async #try(pod: Pod, volume: Volume, sources: VolumeSources): Promise<string | undefined> {
    try {
      this.#ready.set(volume.name, await this.#source(pod, volume, sources))
      this.#retry.delete(volume.name)
      this.#unattached.delete(volume.name)
    } catch (error) {
      if (error instanceof VolumeNotProcessed) return error.message
      if (error instanceof VolumeNotAttached) {
        this.#unattached.add(volume.name)
        this.#retry.set(volume.name, { delayMs: firstRetryMs, at: this.#clock.now() + firstRetryMs })
        return undefined
      }
      this.#unattached.delete(volume.name)
      const before = this.#retry.get(volume.name)
      const delayMs = before ? Math.min(before.delayMs * 2, maxRetryMs) : firstRetryMs
      this.#retry.set(volume.name, { delayMs, at: this.#clock.now() + delayMs })
      const message = error instanceof Error ? error.message : String(error)
      this.#onFailure(error instanceof MountFailed ? message : `MountVolume.SetUp failed for volume "${volume.name}" : ${message}`)
    }
    return undefined
  }

  async #renew(pod: Pod, volume: Volume, sources: VolumeSources): Promise<void> {
    if (!this.#files.has(volume.name)) return
    try {
      const files = await volumeFiles(pod, volume, sources)
      if (files) this.#files.set(volume.name, files)
    } catch (error) {
      // What is mounted stays as it is.
      this.#onFailure(`MountVolume.SetUp failed for volume "${volume.name}" : ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  async #source(pod: Pod, volume: Volume, sources: VolumeSources): Promise<MountSource> {
    if (volume.emptyDir) {
      const limit = volume.emptyDir.sizeLimit
      return { type: 'scratch', volume: volume.name, memory: volume.emptyDir.medium === 'Memory', ...(limit !== undefined ? { sizeLimitBytes: quantityValue(limit) } : {}) }
    }
    if (volume.hostPath) return { type: 'host', path: volume.hostPath.path }
    const claimed = await this.#claimed.find(pod, volume)
    if (claimed) {
      if (claimed.readOnly) this.#readOnly.add(volume.name)
      return claimed.source
    }
    const files = await volumeFiles(pod, volume, sources)
    if (!files) throw new Error(`failed to get Plugin from volumeSpec for volume "${volume.name}" err=no volume plugin matched`)
    this.#files.set(volume.name, files)
    return { type: 'files', files: () => this.#files.get(volume.name)! }
  }
}

function frozenFiles(source: { readonly type: 'files'; readonly files: () => readonly MountedFile[] }): MountSource {
  const files = source.files()
  return { type: 'files', files: () => files }
}

function expandedSubPath(expression: string, environment: readonly EnvironmentVariable[]): string {
  const missing = new Set<string>()
  const path = expand(expression, (name) => {
    const value = environment.find((each) => each.name === name)?.value
    if (!value) missing.add(name)
    return value
  })
  if (missing.size > 0) throw new Error(`missing value for ${[...missing].sort().join(', ')}`)
  return path
}
