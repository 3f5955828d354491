/** An image reference in the parts that containerd knows. */
export interface ImageReference {
  /** `docker.io`. */
  readonly host: string
  /** `library/nginx`. */
  readonly path: string
  readonly tag: string | undefined
  /** `sha256:…`. */
  readonly digest: string | undefined
}

/** Reads a reference as docker does: no host means docker.io, no folder there means library, neither tag nor digest means
 *  latest. Undefined when it is none. */
export function parseReference(image: string): ImageReference | undefined {
  const at = image.indexOf('@')
  const digest = at < 0 ? undefined : image.slice(at + 1)
  if (digest !== undefined && !/^[a-z0-9]+:[0-9a-f]{32,}$/i.test(digest)) return undefined
  let name = at < 0 ? image : image.slice(0, at)
  let tag: string | undefined
  const colon = name.lastIndexOf(':')
  if (colon > name.lastIndexOf('/')) {
    tag = name.slice(colon + 1)
    name = name.slice(0, colon)
    if (!/^\w[\w.-]{0,127}$/.test(tag)) return undefined
  }
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  let host = 'docker.io'
  let path = name
  if (first.includes('.') || first.includes(':') || first === 'localhost') {
    host = first === 'index.docker.io' ? 'docker.io' : first
    path = name.slice(slash + 1)
  }
  if (!/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/.test(path)) return undefined
  if (host === 'docker.io' && !path.includes('/')) path = `library/${path}`
  if (tag === undefined && digest === undefined) tag = 'latest'
  return { host, path, tag, digest }
}

/** `docker.io/library/nginx`. */
export function repositoryOf(reference: ImageReference): string {
  return `${reference.host}/${reference.path}`
}

/** `docker.io/library/nginx:latest`; with a digest, `docker.io/library/nginx@sha256:…`. */
export function canonicalReference(reference: ImageReference): string {
  const repository = repositoryOf(reference)
  if (reference.digest !== undefined) return `${repository}@${reference.digest}`
  return `${repository}:${reference.tag}`
}
