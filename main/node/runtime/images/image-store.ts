import { CriError, type ImageStatus } from '../../cri.ts'
import type { ImageManifest } from './catalogue.ts'
import type { Registries } from './registry.ts'
import { canonicalReference, parseReference } from './reference.ts'

interface StoredImage {
  readonly manifest: ImageManifest
  readonly tags: Set<string>
  readonly digests: Set<string>
}

/** The images on one node, and the layers that they share. */
export class ImageStore {
  readonly #images = new Map<string, StoredImage>()
  readonly #byName = new Map<string, string>()
  readonly #layers = new Map<string, { readonly sizeBytes: number; users: number }>()

  /** Bytes of the image's layers that are not here yet. */
  missingBytes(manifest: ImageManifest): number {
    let sum = 0
    for (const layer of manifest.layers) if (!this.#layers.has(layer.digest)) sum += layer.sizeBytes
    return sum
  }

  /** Takes an image in, under the name that was asked for. */
  add(manifest: ImageManifest, name: string): void {
    let image = this.#images.get(manifest.id)
    if (!image) {
      this.#images.set(manifest.id, (image = { manifest, tags: new Set(), digests: new Set() }))
      for (const layer of manifest.layers) {
        const known = this.#layers.get(layer.digest)
        if (known) known.users++
        else this.#layers.set(layer.digest, { sizeBytes: layer.sizeBytes, users: 1 })
      }
    }
    const digest = `${manifest.repository}@${manifest.digest}`
    image.digests.add(digest)
    this.#byName.set(digest, manifest.id)
    if (!name.includes('@')) {
      const before = this.#byName.get(name)
      if (before !== undefined && before !== manifest.id) this.#images.get(before)?.tags.delete(name)
      image.tags.add(name)
      this.#byName.set(name, manifest.id)
    }
  }

  /** By id (with or without `sha256:`, or its beginning), by tag or by digest. */
  find(image: string): ImageManifest | undefined {
    return this.#find(image)?.manifest
  }

  status(image: string): ImageStatus | undefined {
    const stored = this.#find(image)
    return stored && statusOf(stored)
  }

  list(): ImageStatus[] {
    return [...this.#images.values()].map(statusOf)
  }

  /** Forgets an image with all its names. */
  remove(image: string): void {
    const stored = this.#find(image)
    if (!stored) return
    this.#images.delete(stored.manifest.id)
    for (const name of [...stored.tags, ...stored.digests]) this.#byName.delete(name)
    for (const layer of stored.manifest.layers) {
      const known = this.#layers.get(layer.digest)
      if (known && --known.users === 0) this.#layers.delete(layer.digest)
    }
  }

  /** Disk that all layers take together. */
  get usedBytes(): number {
    let sum = 0
    for (const layer of this.#layers.values()) sum += layer.sizeBytes
    return sum
  }

  #find(image: string): StoredImage | undefined {
    const byId = this.#images.get(image.startsWith('sha256:') ? image : `sha256:${image}`)
    if (byId) return byId
    if (/^[0-9a-f]{6,64}$/.test(image)) {
      for (const [id, stored] of this.#images) if (id.startsWith(`sha256:${image}`)) return stored
    }
    const reference = parseReference(image)
    if (!reference) return undefined
    const id = this.#byName.get(canonicalReference(reference))
    return id === undefined ? undefined : this.#images.get(id)
  }
}

function statusOf(stored: StoredImage): ImageStatus {
  return {
    id: stored.manifest.id,
    repoTags: [...stored.tags],
    repoDigests: [...stored.digests],
    sizeBytes: stored.manifest.sizeBytes,
    user: stored.manifest.config.user,
  }
}

/** Puts images on a node as if they had been pulled before it started. Throws when the catalogue lacks one. */
export function preload(store: ImageStore, registries: Registries, images: readonly string[]): void {
  for (const image of images) {
    const reference = parseReference(image)
    if (!reference) throw new Error(`preloaded image ${image}: invalid reference format`)
    store.add(registries.resolve(reference), canonicalReference(reference))
  }
}

/** Reads a reference or fails as containerd does. */
export function requireReference(image: string): NonNullable<ReturnType<typeof parseReference>> {
  const reference = parseReference(image)
  if (!reference) throw new CriError('InvalidArgument', `failed to parse image reference "${image}": invalid reference format`)
  return reference
}

