import { DirectoryInode, FileInode, LinkInode } from '../files/inode.ts'
import { Random } from '../../../kernel/random.ts'
import { repositoryOf, type ImageReference } from './reference.ts'

/** What a base image brings: programs and files that many images share. The shape of `resources/images/bases.json`. */
export interface BaseDeclaration {
  readonly sizeMiB: number
  /** Another base that this one builds on. */
  readonly extends?: string
  /** Directory → programs in it, each under its own name. */
  readonly tools?: Readonly<Record<string, readonly string[]>>
  /** Path → program. */
  readonly programs?: Readonly<Record<string, string | ProgramDeclaration>>
  readonly files?: Readonly<Record<string, string>>
  readonly links?: Readonly<Record<string, string>>
  readonly directories?: readonly string[]
}

export interface ProgramDeclaration {
  readonly program: string
  readonly settings?: unknown
}

/** What a repository has: the shape of the entries of `resources/images/*.json`. `${version}` in strings stands for the
 *  version that a tag means. */
export interface RepositoryDeclaration extends Omit<BaseDeclaration, 'extends'> {
  /** With its registry: `docker.io/library/nginx`. */
  readonly name: string
  readonly base: string
  /** Tags that mean a version which they do not spell out: `latest`, `1.25`. */
  readonly versions?: Readonly<Record<string, string>>
  /** Which other tags exist (anchored). Absent: only those in `versions`. */
  readonly tags?: string
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly workingDir?: string
  readonly user?: string
  readonly ports?: readonly number[]
  readonly volumes?: readonly string[]
  readonly stopSignal?: string
  /** Tags that every node has from the start, as kubeadm's images and those of a machine image are. */
  readonly preloaded?: readonly string[]
  /** Who may pull it; absent: everybody. */
  readonly credentials?: { readonly username: string; readonly password: string }
  /** Tags with this in them are built otherwise: first match wins. */
  readonly variants?: readonly ({ readonly match: string } & Partial<Omit<RepositoryDeclaration, 'name' | 'versions' | 'tags' | 'variants'>>)[]
}

export interface CatalogueData {
  readonly bases: Readonly<Record<string, BaseDeclaration>>
  readonly repositories: readonly RepositoryDeclaration[]
}

export interface ImageLayer {
  readonly digest: string
  readonly sizeBytes: number
}

export interface ImageConfig {
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly env: readonly string[]
  readonly workingDir: string
  readonly user: string
  readonly stopSignal: string
  readonly ports: readonly number[]
}

/** One image as a registry describes it. */
export interface ImageManifest {
  readonly repository: string
  readonly tag: string
  readonly version: string
  /** Digest of the manifest. */
  readonly digest: string
  /** Digest of the configuration: what the CRI calls the image's id. */
  readonly id: string
  readonly layers: readonly ImageLayer[]
  readonly sizeBytes: number
  readonly config: ImageConfig
  /** The image's files, built when first asked for and shared by all its containers. */
  root(): DirectoryInode
}

const mebibyte = 1_048_576

/** The file trees of images, by their declarations: every node's catalogue of the same data shares them. */
const rootsOf = new WeakMap<RepositoryDeclaration, Map<string, DirectoryInode>>()

/** All images that exist in the simulated world. */
export class ImageCatalogue {
  readonly #bases: Readonly<Record<string, BaseDeclaration>>
  readonly #repositories = new Map<string, RepositoryDeclaration>()
  readonly #images = new Map<string, ImageManifest>()
  readonly #byDigest = new Map<string, ImageManifest>()

  constructor(data: CatalogueData) {
    this.#bases = data.bases
    for (const repository of data.repositories) this.#repositories.set(repository.name, repository)
  }

  hasRepository(name: string): boolean {
    return this.#repositories.has(name)
  }

  repositories(): string[] {
    return [...this.#repositories.keys()]
  }

  /** Whether a pull with these credentials is allowed. */
  permits(name: string, auth: { readonly username: string; readonly password: string } | undefined): boolean {
    const needed = this.#repositories.get(name)?.credentials
    return !needed || (auth?.username === needed.username && auth.password === needed.password)
  }

  /** References of the images that every node has from the start. */
  preloaded(): string[] {
    return [...this.#repositories.values()].flatMap((repository) => (repository.preloaded ?? []).map((tag) => `${repository.name}:${tag}`))
  }

  declaration(name: string): RepositoryDeclaration | undefined {
    return this.#repositories.get(name)
  }

  /** Adds (or replaces) a repository: images that a person made up. */
  add(repository: RepositoryDeclaration): void {
    this.#repositories.set(repository.name, repository)
    for (const key of [...this.#images.keys()]) if (key.startsWith(`${repository.name}:`)) this.#images.delete(key)
  }

  /** The image that a reference names, or undefined when the repository has no such tag or digest. */
  find(reference: ImageReference): ImageManifest | undefined {
    const repository = this.#repositories.get(repositoryOf(reference))
    if (!repository) return undefined
    if (reference.digest !== undefined) {
      for (const tag of Object.keys(repository.versions ?? {})) this.#image(repository, tag)
      const known = this.#byDigest.get(reference.digest)
      if (known?.repository === repository.name) return known
      return undefined
    }
    return this.#image(repository, reference.tag ?? 'latest')
  }

  #image(repository: RepositoryDeclaration, tag: string): ImageManifest | undefined {
    const key = `${repository.name}:${tag}`
    const known = this.#images.get(key)
    if (known) return known
    const version = versionOf(repository, tag)
    if (version === undefined) return undefined
    const variant = repository.variants?.find((each) => tag.includes(each.match))
    const built = { ...repository, ...variant, programs: { ...repository.programs, ...variant?.programs }, files: { ...repository.files, ...variant?.files } }
    const content = `${repository.name}@${version}${variant?.match ?? ''}`
    const baseLayers = this.#baseLayers(built.base)
    const own = built.sizeMiB * mebibyte
    const layers: ImageLayer[] = [
      ...baseLayers,
      { digest: digestOf(`layer ${content}`), sizeBytes: Math.round(own * 0.97) },
      { digest: digestOf(`layer ${repository.name}`), sizeBytes: Math.round(own * 0.03) },
    ]
    const fill = (text: string): string => text.replaceAll('${version}', version)
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...built.env }
    const image: ImageManifest = {
      repository: repository.name,
      tag,
      version,
      digest: digestOf(`manifest ${content}`),
      id: digestOf(`config ${content}`),
      layers,
      sizeBytes: layers.reduce((sum, layer) => sum + layer.sizeBytes, 0),
      config: {
        entrypoint: (built.entrypoint ?? []).map(fill),
        cmd: (built.cmd ?? []).map(fill),
        env: Object.entries(env).map(([name, value]) => `${name}=${fill(value)}`),
        workingDir: built.workingDir ?? '/',
        user: built.user ?? '',
        stopSignal: built.stopSignal ?? 'SIGTERM',
        ports: built.ports ?? [],
      },
      root: () => {
        let roots = rootsOf.get(repository)
        if (!roots) rootsOf.set(repository, (roots = new Map()))
        let root = roots.get(content)
        if (!root) roots.set(content, (root = this.#build(built, fill)))
        return root
      },
    }
    this.#images.set(key, image)
    if (!this.#byDigest.has(image.digest)) this.#byDigest.set(image.digest, image)
    return image
  }

  #baseLayers(name: string): ImageLayer[] {
    const base = this.#bases[name]
    if (!base) throw new Error(`image catalogue: no base ${name}`)
    const below = base.extends === undefined ? [] : this.#baseLayers(base.extends)
    return base.sizeMiB === 0 ? below : [...below, { digest: digestOf(`base ${name}`), sizeBytes: Math.round(base.sizeMiB * mebibyte) }]
  }

  #build(repository: RepositoryDeclaration, fill: (text: string) => string): DirectoryInode {
    const root = new DirectoryInode()
    for (const path of ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sbin', 'sys', 'usr/bin', 'usr/sbin', 'usr/local/bin', 'usr/lib', 'var/log', 'var/lib', 'run', 'mnt', 'opt']) {
      root.plant(path, new DirectoryInode())
    }
    const temporary = (): DirectoryInode => new DirectoryInode(new Map(), { mode: 0o777 })
    root.plant('tmp', temporary())
    root.plant('var/tmp', temporary())
    // Tools know what image they are part of: some behave by its age.
    const about: ToolSettings = { image: repository.name, version: fill('${version}') }
    this.#plantBase(root, repository.base, fill, about)
    plant(root, repository, fill, about)
    return root.share()
  }

  #plantBase(root: DirectoryInode, name: string, fill: (text: string) => string, about: ToolSettings): void {
    const base = this.#bases[name]!
    if (base.extends !== undefined) this.#plantBase(root, base.extends, fill, about)
    plant(root, base, fill, about)
  }
}

/** What the settings of a base image's tools are. */
export interface ToolSettings {
  readonly image: string
  readonly version: string
}

function plant(root: DirectoryInode, declaration: BaseDeclaration | RepositoryDeclaration, fill: (text: string) => string, about: ToolSettings): void {
  for (const path of declaration.directories ?? []) root.plant(path, new DirectoryInode())
  for (const [directory, names] of Object.entries(declaration.tools ?? {})) {
    for (const name of names) root.plant(`${directory}/${name}`, new FileInode('', { program: name, settings: about }))
  }
  for (const [path, declared] of Object.entries(declaration.programs ?? {})) {
    const program = typeof declared === 'string' ? { program: declared } : declared
    root.plant(path, new FileInode('', { program: program.program, settings: fillSettings(program.settings, fill) }))
  }
  for (const [path, content] of Object.entries(declaration.files ?? {})) {
    root.plant(path, new FileInode(fill(content), { mode: content.startsWith('#!') ? 0o755 : 0o644 }))
  }
  for (const [path, target] of Object.entries(declaration.links ?? {})) root.plant(path, new LinkInode(target))
}

function fillSettings(settings: unknown, fill: (text: string) => string): unknown {
  if (typeof settings === 'string') return fill(settings)
  if (Array.isArray(settings)) return settings.map((each) => fillSettings(each, fill))
  if (typeof settings !== 'object' || settings === null) return settings
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, fillSettings(value, fill)]))
}

function versionOf(repository: RepositoryDeclaration, tag: string): string | undefined {
  const known = repository.versions?.[tag]
  if (known !== undefined) return known
  if (repository.tags === undefined || !new RegExp(`^(?:${repository.tags})$`).test(tag)) return undefined
  const spelled = /\d+(?:\.\d+)*/.exec(tag)?.[0]
  if (spelled === undefined) return repository.versions?.latest ?? tag
  return repository.versions?.[spelled] ?? spelled
}

/** A digest that is always the same for the same text; no hash of real content. */
export function digestOf(text: string): string {
  const hash = (seed: number): number => {
    let value = seed
    for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193) >>> 0
    return value
  }
  const random = new Random(hash(0x811c9dc5))
  const other = new Random(hash(0x5bd1e995))
  let hex = ''
  for (let index = 0; index < 8; index++) hex += ((random.uint32() ^ other.uint32()) >>> 0).toString(16).padStart(8, '0')
  return `sha256:${hex}`
}
