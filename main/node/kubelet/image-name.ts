/** Parts of an image reference, as distribution's reference grammar reads them. */
export interface ImageName {
  /** With registry and `library/`: `docker.io/library/nginx`. */
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const domain = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?'
let pattern: RegExp | undefined

/** Reads an image reference, or says why it is none (the words that follow `couldn't parse image name "x": `). */
export function parseImageName(image: string): ImageName | string {
  pattern ??= new RegExp(`^((?:${domain}/)?${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`)
  const match = pattern.exec(image)
  if (!match) return /[A-Z]/.test(image.split(/[:@]/)[0] ?? '') && pattern.test(image.toLowerCase()) ? 'repository name must be lowercase' : 'invalid reference format'
  const [, name, tag, digest] = match as unknown as [string, string, string?, string?]
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const hasDomain = first.includes('.') || first.includes(':') || first === 'localhost' || first !== first.toLowerCase()
  let repository = name
  if (!hasDomain) repository = slash < 0 ? `docker.io/library/${name}` : `docker.io/${name}`
  else if (first === 'index.docker.io') repository = `docker.io/${name.slice(slash + 1)}`
  return { repository, tag, digest }
}

/** The reference with `:latest` where it has neither tag nor digest: what the kubelet asks the runtime for. */
export function withDefaultTag(image: string, name: ImageName): string {
  return name.tag === undefined && name.digest === undefined ? `${image}:latest` : image
}

/** The name under which containerd lists the image: `docker.io/library/nginx:1.14`. */
export function canonicalImageName(image: string): string {
  const name = parseImageName(image)
  if (typeof name === 'string') return image
  if (name.digest !== undefined) return `${name.repository}@${name.digest}`
  return `${name.repository}:${name.tag ?? 'latest'}`
}
