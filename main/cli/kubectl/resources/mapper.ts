import type { ApiClient } from '../../../api/client/contract.ts'
import { StatusError } from '../../../api/machinery/status-error.ts'
import { CliError } from '../cli-error.ts'

/** A resource as discovery describes it. */
export interface ApiResource {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly subresources: readonly string[]
}

/** `apps/v1` or `v1`. */
export function groupVersionOf(resource: Pick<ApiResource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

/** `deployments.apps` or `pods`: how kubectl names a type. */
export function typeName(resource: Pick<ApiResource, 'group' | 'plural'>): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
}

interface AggregatedDiscovery {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions?: readonly {
      readonly version: string
      readonly resources?: readonly {
        readonly resource: string
        readonly responseKind?: { readonly kind?: string }
        readonly scope?: string
        readonly singularResource?: string
        readonly verbs?: readonly string[]
        readonly shortNames?: readonly string[]
        readonly categories?: readonly string[]
        readonly subresources?: readonly { readonly subresource: string }[]
      }[]
    }[]
  }[]
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** Finds resources by whatever a person calls them, from the server's discovery. */
export class ResourceMapper {
  readonly #client: ApiClient
  #resources: Promise<readonly ApiResource[]> | undefined

  constructor(client: ApiClient) {
    this.#client = client
  }

  /** All resources, the core group first, each group's preferred version first. */
  all(): Promise<readonly ApiResource[]> {
    return (this.#resources ??= this.#discover())
  }

  /** By plural, singular, short name or kind, with group and version if given: `deploy`, `deployments.apps`, `deployments.v1.apps`. */
  async byName(name: string): Promise<ApiResource> {
    const resources = await this.all()
    const wanted = name.toLowerCase()
    const [first, ...rest] = wanted.split('.')
    const found =
      best(resources, wanted, () => true) ??
      (rest.length > 0 ? best(resources, first!, (resource) => resource.group === rest.join('.') || resource.group.startsWith(`${rest.join('.')}.`)) : undefined) ??
      (rest.length > 0 ? best(resources, first!, (resource) => resource.version === rest[0] && resource.group === rest.slice(1).join('.')) : undefined)
    if (!found) throw new CliError(`the server doesn't have a resource type "${name}"`)
    return found
  }

  /** Resources of a category such as `all`; empty when there is no such category. */
  async byCategory(category: string): Promise<readonly ApiResource[]> {
    return (await this.all()).filter((resource) => resource.categories.includes(category))
  }

  /** True when the server has the version, but no such kind in it. */
  async lacksKind(apiVersion: string, kind: string): Promise<boolean> {
    const version = (await this.all()).filter((resource) => groupVersionOf(resource) === apiVersion)
    return version.length > 0 && !version.some((resource) => resource.kind === kind)
  }

  /** The resource of an object. Throws kubectl's words when the server has no such kind. */
  async byKind(apiVersion: string, kind: string, name = '', namespace = '', source?: string): Promise<ApiResource> {
    const resources = await this.all()
    const found = resources.find((resource) => groupVersionOf(resource) === apiVersion && resource.kind === kind && !resource.plural.includes('/'))
    if (found) return found
    throw new CliError(`resource mapping not found for name: "${name}" namespace: "${namespace}" from "${source ?? ''}": no matches for kind "${kind}" in version "${apiVersion}"\nensure CRDs are installed first`)
  }

  async #discover(): Promise<readonly ApiResource[]> {
    const groups = (await Promise.all(['/api', '/apis'].map((path) => this.#fetch(path)))).flatMap((list) => list.items ?? [])
    const resources: ApiResource[] = []
    for (const group of groups) {
      for (const version of group.versions ?? []) {
        for (const entry of version.resources ?? []) {
          resources.push({
            group: group.metadata?.name ?? '',
            version: version.version,
            kind: entry.responseKind?.kind ?? '',
            plural: entry.resource,
            singular: entry.singularResource ?? '',
            shortNames: entry.shortNames ?? [],
            categories: entry.categories ?? [],
            namespaced: entry.scope === 'Namespaced',
            verbs: entry.verbs ?? [],
            subresources: (entry.subresources ?? []).map((sub) => sub.subresource),
          })
        }
      }
    }
    return resources
  }

  async #fetch(path: string): Promise<AggregatedDiscovery> {
    const response = await this.#client.raw('GET', path, undefined, { accept: aggregated })
    const body = response.body
    const value: unknown = body instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(body)) : body
    if (response.status >= 400) throw new StatusError(value as never)
    return value as AggregatedDiscovery
  }
}

/** Plural before singular before short name before kind; the earlier group wins, as discovery orders them. */
function best(resources: readonly ApiResource[], name: string, fits: (resource: ApiResource) => boolean): ApiResource | undefined {
  const ways: ((resource: ApiResource) => boolean)[] = [
    (resource) => resource.plural === name,
    (resource) => resource.singular === name,
    (resource) => resource.shortNames.includes(name),
    (resource) => resource.kind.toLowerCase() === name,
  ]
  for (const way of ways) {
    const found = resources.find((resource) => way(resource) && fits(resource))
    if (found) return found
  }
  return undefined
}
