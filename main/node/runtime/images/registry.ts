import { CriError } from '../../cri.ts'
import type { ImageCatalogue, ImageManifest } from './catalogue.ts'
import { canonicalReference, repositoryOf, type ImageReference } from './reference.ts'

/** The registries of the world outside, as nodes see them. */
export interface Registries {
  /** The image a reference names. Throws CriError in containerd's words. */
  resolve(reference: ImageReference, auth?: { readonly username: string; readonly password: string }): ImageManifest
  /** Images that nodes have without pulling them. */
  readonly preloaded: readonly string[]
  /** Ms from asking until the manifest is known. */
  readonly resolveMs: number
  /** Bytes per second that a node downloads and unpacks. */
  readonly bytesPerSecond: number
}

export interface RegistryOptions {
  readonly catalogue: ImageCatalogue
  readonly resolveMs?: number
  /** Default 60 MB/s: an ordinary machine's download and unpacking together. */
  readonly bytesPerSecond?: number
  /** Hosts whose names resolve, beside those in the catalogue. */
  readonly knownHosts?: readonly string[]
  /** False: the machine has no way to the outside; every pull times out. */
  readonly reachable?: () => boolean
  /** What lookups are sent to, as it shows in messages. */
  readonly nameServer?: string
}

/** Registries that have what the catalogue has. */
export function catalogueRegistries(options: RegistryOptions): Registries {
  const hosts = new Set(options.knownHosts ?? ['docker.io', 'registry.k8s.io', 'quay.io', 'ghcr.io', 'gcr.io', 'k8s.gcr.io', 'public.ecr.aws', 'mcr.microsoft.com'])
  for (const name of options.catalogue.repositories()) hosts.add(name.slice(0, name.indexOf('/')))
  return {
    preloaded: options.catalogue.preloaded(),
    resolveMs: options.resolveMs ?? 420,
    bytesPerSecond: options.bytesPerSecond ?? 60_000_000,
    resolve(reference, auth) {
      const name = canonicalReference(reference)
      const fail = (code: string, reason: string): never => {
        throw new CriError(code, `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${reason}`)
      }
      const apiHost = reference.host === 'docker.io' ? 'registry-1.docker.io' : reference.host
      const url = `https://${apiHost}/v2/${reference.path}/manifests/${reference.digest ?? reference.tag}`
      if (options.reachable && !options.reachable()) fail('Unknown', `failed to do request: Head "${url}": dial tcp: lookup ${apiHost}: i/o timeout`)
      if (!hosts.has(reference.host)) {
        const bare = reference.host.split(':')[0]!
        if (/^\d+(\.\d+){3}$/.test(bare) || bare === 'localhost') {
          const port = reference.host.split(':')[1] ?? '443'
          fail('Unknown', `failed to do request: Head "${url}": dial tcp ${bare === 'localhost' ? '127.0.0.1' : bare}:${port}: connect: connection refused`)
        }
        fail('Unknown', `failed to do request: Head "${url}": dial tcp: lookup ${bare} on ${options.nameServer ?? '192.168.64.1'}:53: no such host`)
      }
      const repository = repositoryOf(reference)
      const allowed = options.catalogue.permits(repository, auth)
      const image = allowed ? options.catalogue.find(reference) : undefined
      if (image) return image
      if (!allowed || !options.catalogue.hasRepository(repository)) {
        // Hosts that let anonymous clients see what is missing say so; the others ask for a login first.
        if (reference.host === 'registry.k8s.io') fail('NotFound', `${name}: not found`)
        if (reference.host === 'ghcr.io') fail('Unknown', `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3A${encodeURIComponent(reference.path)}%3Apull&service=ghcr.io: 403 Forbidden`)
        if (reference.host === 'quay.io') fail('Unknown', `unexpected status from HEAD request to ${url}: 401 UNAUTHORIZED`)
        fail('Unknown', 'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed')
      }
      return fail('NotFound', `${name}: not found`)
    },
  }
}
