import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { bridge } from '../bridge/bridge.ts'
import { readJson } from './client.ts'
import type { ObjectReference } from './object.ts'

/** One resource that the API server says it has. */
export interface Resource {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly shortNames: readonly string[]
  readonly subresources: readonly string[]
}

/** `deployments.apps`, as kubectl names it. */
export function resourceName(resource: Pick<Resource, 'group' | 'plural'>): string {
  return resource.group ? `${resource.plural}.${resource.group}` : resource.plural
}

export function resourcePath(resource: Pick<Resource, 'group' | 'version' | 'plural' | 'namespaced'>, namespace = '', name = '', subresource = ''): string {
  const root = resource.group ? `/apis/${resource.group}/${resource.version}` : `/api/${resource.version}`
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${scope}/${resource.plural}${name ? `/${encodeURIComponent(name)}` : ''}${subresource ? `/${subresource}` : ''}`
}

interface DiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions?: readonly {
      readonly version: string
      readonly resources?: readonly {
        readonly resource: string
        readonly responseKind?: { readonly kind?: string }
        readonly scope: string
        readonly singularResource?: string
        readonly shortNames?: readonly string[]
        readonly verbs?: readonly string[]
        readonly subresources?: readonly { readonly subresource: string }[]
      }[]
    }[]
  }[]
}

/** Resources of an aggregated discovery document, each group in its preferred (first) version. */
export function resourcesOf(list: DiscoveryList): Resource[] {
  const resources: Resource[] = []
  for (const group of list.items ?? []) {
    const seen = new Set<string>()
    for (const version of group.versions ?? []) {
      for (const entry of version.resources ?? []) {
        if (seen.has(entry.resource)) continue
        seen.add(entry.resource)
        resources.push({
          group: group.metadata?.name ?? '',
          version: version.version,
          kind: entry.responseKind?.kind ?? '',
          plural: entry.resource,
          singular: entry.singularResource ?? '',
          namespaced: entry.scope === 'Namespaced',
          verbs: entry.verbs ?? [],
          shortNames: entry.shortNames ?? [],
          subresources: (entry.subresources ?? []).map((subresource) => subresource.subresource),
        })
      }
    }
  }
  return resources
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

/** What kinds there are, read from the server's discovery when the lab is reachable and again after `refresh`. */
export const useDiscovery = defineStore('discovery', () => {
  const resources = shallowRef<readonly Resource[]>([])
  const error = shallowRef<Error>()
  const loaded = computed(() => resources.value.length > 0)
  let attempt = 0

  const refresh = async (): Promise<void> => {
    const mine = ++attempt
    try {
      const lists = await Promise.all(['/api', '/apis'].map((path) => readJson<DiscoveryList>(path, aggregated)))
      if (mine !== attempt) return
      resources.value = lists.flatMap(resourcesOf)
      error.value = undefined
    } catch (cause) {
      if (mine !== attempt) return
      error.value = cause as Error
      setTimeout(() => mine === attempt && void refresh(), 1_000)
    }
  }
  bridge().onState((state) => {
    if (state === 'open') void refresh()
    else attempt++
  })

  /** Those that can be listed and watched: the ones the window can show. */
  const listable = computed(() => resources.value.filter((resource) => resource.verbs.includes('list') && resource.verbs.includes('watch')))
  const byKind = computed(() => new Map(listable.value.map((resource) => [`${resource.group}/${resource.kind}`, resource])))
  const byName = computed(() => new Map(listable.value.map((resource) => [resourceName(resource), resource])))

  return {
    resources,
    listable,
    loaded,
    error,
    refresh,
    forKind: (reference: Pick<ObjectReference, 'group' | 'kind'>): Resource | undefined => byKind.value.get(`${reference.group}/${reference.kind}`),
    /** By kubectl's full name: `pods`, `deployments.apps`. */
    named: (name: string): Resource | undefined => byName.value.get(name),
  }
})
