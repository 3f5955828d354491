import { defineKind, type Kind, type Verb } from '../kinds/kind.ts'
import { kindForResource } from '../kinds/registry.ts'
import { parseGroupVersion } from '../machinery/object.ts'
import type { ApiClient } from './contract.ts'

/** One resource as the server announces it, in its group's preferred version. */
export interface DiscoveredResource {
  readonly kind: Kind
  readonly verbs: readonly string[]
}

export interface Discovery {
  readonly resources: readonly DiscoveredResource[]
  /** Group versions that could not be discovered (an extension server is away), with what they said. */
  readonly failures: readonly { readonly groupVersion: string; readonly message: string }[]
}

const aggregated = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json' }

interface AggregatedList {
  readonly kind: string
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string }
    readonly versions?: readonly {
      readonly version: string
      readonly freshness?: string
      readonly resources?: readonly {
        readonly resource: string
        readonly scope?: string
        readonly singularResource?: string
        readonly verbs?: readonly string[]
        readonly responseKind?: { readonly group?: string; readonly version?: string; readonly kind?: string }
      }[]
    }[]
  }[]
}

interface ResourceList {
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean; readonly verbs?: readonly string[]; readonly singularName?: string }[]
}

/** Asks the server what it serves: every resource once, in the preferred version of its group; no subresources. */
export async function discover(client: ApiClient): Promise<Discovery> {
  const resources: DiscoveredResource[] = []
  const failures: { groupVersion: string; message: string }[] = []
  for (const path of ['/api', '/apis']) {
    const response = await client.raw('GET', path, undefined, aggregated)
    if (response.status >= 400) {
      failures.push({ groupVersion: path, message: (response.body as { message?: string } | undefined)?.message ?? `status ${response.status}` })
      continue
    }
    const body = response.body as AggregatedList
    if (body.kind === 'APIGroupDiscoveryList') readAggregated(body, resources, failures)
    else await readLegacy(client, path, body, resources, failures)
  }
  return { resources, failures }
}

function readAggregated(list: AggregatedList, resources: DiscoveredResource[], failures: { groupVersion: string; message: string }[]): void {
  for (const group of list.items ?? []) {
    const seen = new Set<string>()
    for (const { version, freshness, resources: served = [] } of group.versions ?? []) {
      const groupName = group.metadata?.name ?? ''
      if (freshness === 'Stale') failures.push({ groupVersion: `${groupName}/${version}`, message: 'stale GroupVersion discovery' })
      for (const each of served) {
        if (seen.has(each.resource)) continue
        seen.add(each.resource)
        resources.push({ kind: kindFor(groupName, version, each.resource, each.responseKind?.kind ?? '', each.scope === 'Namespaced', each.singularResource, each.verbs), verbs: each.verbs ?? [] })
      }
    }
  }
}

async function readLegacy(client: ApiClient, path: string, body: unknown, resources: DiscoveredResource[], failures: { groupVersion: string; message: string }[]): Promise<void> {
  const versions = path === '/api'
    ? ((body as { versions?: string[] }).versions ?? [])
    : ((body as { groups?: { preferredVersion?: { groupVersion: string } }[] }).groups ?? []).flatMap((group) => group.preferredVersion?.groupVersion ?? [])
  for (const groupVersion of versions) {
    const response = await client.raw('GET', `${path}/${groupVersion}`)
    if (response.status >= 400) {
      failures.push({ groupVersion, message: (response.body as { message?: string } | undefined)?.message ?? `status ${response.status}` })
      continue
    }
    const { group, version } = parseGroupVersion(groupVersion)
    for (const each of (response.body as ResourceList).resources ?? []) {
      if (each.name.includes('/')) continue
      resources.push({ kind: kindFor(group, version, each.name, each.kind, each.namespaced, each.singularName, each.verbs), verbs: each.verbs ?? [] })
    }
  }
}

/** The declaration where there is one, else just enough of one to name the resource. */
function kindFor(group: string, version: string, plural: string, kind: string, namespaced: boolean, singular: string | undefined, verbs: readonly string[] = []): Kind {
  const known = kindForResource(group, version, plural)
  if (known) return known
  return defineKind({ group, version, kind, plural, namespaced, schema: '', strategy: { validateName: () => [] }, ...(singular ? { singular } : {}), verbs: verbs as readonly Verb[] })
}
