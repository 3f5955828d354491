import { compareVersions } from '../discovery/discovery.ts'
import type { RemoteGroups, RemoteVersion } from '../discovery/discovery.ts'
import type { AggregatedService, AggregatedServices } from './aggregated-services.ts'

/** As APIResourceList has it; servers may send anything. */
interface ListedResource {
  readonly name: string
  readonly singularName?: string
  readonly namespaced?: boolean
  readonly group?: string
  readonly version?: string
  readonly kind?: string
  readonly verbs?: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

interface Known {
  readonly resources: readonly object[]
  readonly text: string
  readonly fresh: boolean
}

/** What aggregated services said of themselves when they were last asked, in the forms of this server's own discovery. */
export class RemoteDiscovery implements RemoteGroups {
  readonly #services: AggregatedServices
  readonly #known = new Map<string, Known>()
  readonly #openApi = new Map<string, string>()
  readonly #listeners = new Set<() => void>()

  constructor(services: AggregatedServices) {
    this.#services = services
    services.onChange((name) => {
      if (!services.named(name)) {
        this.#known.delete(name)
        this.#openApi.delete(name)
      }
      this.#changed()
    })
  }

  /** Keeps the APIResourceList that a service's server answered. */
  take(service: AggregatedService, document: unknown): void {
    const resources = discovered(service, listed(document))
    this.#put(service.name, { resources, text: JSON.stringify(resources), fresh: true })
  }

  /** What was known is out of date. */
  failed({ name }: AggregatedService): void {
    this.#put(name, { ...(this.#known.get(name) ?? { resources: [], text: '[]' }), fresh: false })
  }

  /** Keeps where a service's server says its OpenAPI v3 is. `fetch` answers a document of it. */
  async takeOpenApi(service: AggregatedService, fetch: (path: string) => Promise<unknown>): Promise<void> {
    const index = (await fetch('/openapi/v3')) as { readonly paths?: Readonly<Record<string, { readonly serverRelativeURL?: string }>> } | undefined
    const url = index?.paths?.[`apis/${service.group}/${service.version}`]?.serverRelativeURL
    const hash = typeof url === 'string' ? (/[?&]hash=([0-9A-Za-z]+)/.exec(url)?.[1] ?? '0') : undefined
    if (this.#openApi.get(service.name) === hash) return
    if (hash === undefined) this.#openApi.delete(service.name)
    else this.#openApi.set(service.name, hash)
    this.#changed()
  }

  /** Hashes of the OpenAPI v3 documents that services' servers have, by path. */
  openApiHashes(): Readonly<Record<string, string>> {
    const found: Record<string, string> = {}
    for (const { name, group, version } of this.#services.all()) {
      const hash = this.#openApi.get(name)
      if (hash !== undefined) found[`apis/${group}/${version}`] = hash
    }
    return found
  }

  versions(): readonly RemoteVersion[] {
    return [...this.#services.all()]
      .sort((a, b) => b.versionPriority - a.versionPriority || compareVersions(a.version, b.version))
      .map(({ name, group, version, groupPriority }) => ({ group, version, groupPriority, resources: this.#known.get(name)?.resources ?? [], fresh: this.#known.get(name)?.fresh ?? false }))
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  #put(name: string, known: Known): void {
    const before = this.#known.get(name)
    this.#known.set(name, known)
    if (before?.text !== known.text || before.fresh !== known.fresh) this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

function listed(document: unknown): ListedResource[] {
  const resources = (document as { readonly resources?: unknown } | undefined)?.resources
  return Array.isArray(resources) ? (resources as unknown[]).filter((each): each is ListedResource => typeof (each as ListedResource | null)?.name === 'string') : []
}

/** The old list in the form of aggregated discovery: subresources below their resources. */
function discovered({ group, version }: AggregatedService, list: readonly ListedResource[]): object[] {
  const responseKind = (each: ListedResource): object => ({ group: each.group || group, version: each.version || version, kind: each.kind ?? '' })
  return list.filter(({ name }) => !name.includes('/')).map((each) => {
    const subresources = list.filter(({ name }) => name.startsWith(`${each.name}/`)).map((sub) => ({ subresource: sub.name.slice(each.name.length + 1), responseKind: responseKind(sub), verbs: sub.verbs ?? [] }))
    return {
      resource: each.name,
      responseKind: responseKind(each),
      scope: each.namespaced ? 'Namespaced' : 'Cluster',
      singularResource: each.singularName ?? '',
      verbs: each.verbs ?? [],
      ...(each.shortNames?.length ? { shortNames: each.shortNames } : {}),
      ...(each.categories?.length ? { categories: each.categories } : {}),
      ...(subresources.length > 0 ? { subresources } : {}),
    }
  })
}
