import type { Pod } from '../api/generated/types.ts'
import type { KubeObject } from '../api/machinery/object.ts'
import type { ManifestSource } from '../node/kubelet/static-pods.ts'

/** A node's `/etc/kubernetes/manifests`: what stands there runs. */
export class ManifestFolder implements ManifestSource {
  readonly #files = new Map<string, Pod>()
  readonly #listeners = new Set<() => void>()

  constructor(files: Readonly<Record<string, KubeObject>> = {}) {
    for (const [name, pod] of Object.entries(files)) this.#files.set(name, pod as Pod)
  }

  list(): { path: string; pod: Pod }[] {
    return [...this.#files].map(([name, pod]) => ({ path: `/etc/kubernetes/manifests/${name}`, pod }))
  }

  write(name: string, pod: Pod): void {
    this.#files.set(name, pod)
    this.#tell()
  }

  remove(name: string): void {
    if (this.#files.delete(name)) this.#tell()
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
