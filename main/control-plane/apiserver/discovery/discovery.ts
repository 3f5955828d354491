/** What the server tells clients about what it serves: aggregated (one document) and group by group. */
import type { Kind, Subresource } from '../../../api/kinds/kind.ts'
import { fnv32a } from '../../../api/machinery/hash.ts'
import { sha256 } from '../../../api/machinery/sha256.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { Resources } from '../registry/resources.ts'
import { nameOf } from '../router.ts'

interface GroupVersions {
  readonly group: string
  readonly versions: readonly string[]
}

/** A group's version that another server answers. */
export interface RemoteVersion {
  readonly group: string
  readonly version: string
  /** groupPriorityMinimum of its APIService. */
  readonly groupPriority: number
  /** As aggregated discovery lists them. */
  readonly resources: readonly object[]
  /** Whether they were current when last asked for. */
  readonly fresh: boolean
}

/** What other servers answer below this one's address. */
export interface RemoteGroups {
  /** Those of one group in the order in which clients should prefer them. */
  versions(): readonly RemoteVersion[]
  onChange(listener: () => void): void
}

interface ApiResource {
  readonly name: string
  readonly singularName: string
  readonly namespaced: boolean
  readonly group?: string
  readonly version?: string
  readonly kind: string
  readonly verbs: readonly string[]
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly storageVersionHash?: string
}

/** Upstream lists groups by priority, which is no order of their names. */
const groupOrder = [
  '', 'apiregistration.k8s.io', 'apps', 'events.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io', 'autoscaling', 'batch', 'certificates.k8s.io', 'networking.k8s.io', 'policy',
  'rbac.authorization.k8s.io', 'storage.k8s.io', 'admissionregistration.k8s.io', 'apiextensions.k8s.io', 'scheduling.k8s.io', 'coordination.k8s.io', 'node.k8s.io', 'discovery.k8s.io',
  'flowcontrol.apiserver.k8s.io', 'internal.apiserver.k8s.io', 'resource.k8s.io',
]

/** The priority of the groups of custom resources. */
const customGroupPriority = 1_000
/** Upstream's priorities of the server's own groups go down to this, in steps of about a hundred. */
const lowestOwnPriority = 15_900

/** Where a group that the table does not name stands: behind those of higher priority. */
function rankOfPriority(priority: number): number {
  if (priority > 18_000) return -priority
  const above = Math.round((18_000 - priority) / 100)
  return priority >= lowestOwnPriority ? Math.min(groupOrder.length, above) - 0.5 : groupOrder.length + (lowestOwnPriority - priority)
}

/** Discovery documents, made when asked for and kept until a kind comes or goes. */
export class Discovery {
  readonly #resources: Resources
  readonly #remote: RemoteGroups | undefined
  readonly #made = new Map<string, object>()

  constructor(resources: Resources, remote?: RemoteGroups) {
    this.#resources = resources
    this.#remote = remote
    resources.onChange(() => this.#made.clear())
    remote?.onChange(() => this.#made.clear())
  }

  /** Groups and versions in upstream's order; the core group is ''. */
  groups(): readonly GroupVersions[] {
    const versions = new Map<string, string[]>()
    for (const { kind } of this.#resources.all()) {
      const known = versions.get(kind.group)
      if (!known) versions.set(kind.group, [kind.version])
      else if (!known.includes(kind.version)) known.push(kind.version)
    }
    const groups = [...versions].map(([group, found]) => ({ group, versions: found.sort(compareVersions) }))
    const priorities = new Map<string, number>()
    for (const { group, version, groupPriority } of this.#remote?.versions() ?? []) {
      const known = groups.find((each) => each.group === group)
      if (!known) groups.push({ group, versions: [version] })
      else if (!known.versions.includes(version)) known.versions.push(version)
      if (!versions.has(group)) priorities.set(group, Math.max(groupPriority, priorities.get(group) ?? 0))
    }
    const rank = (group: string): number => {
      const priority = priorities.get(group)
      if (priority !== undefined) return rankOfPriority(priority)
      const at = groupOrder.indexOf(group)
      return at < 0 ? rankOfPriority(customGroupPriority) : at
    }
    return groups.sort((a, b) => rank(a.group) - rank(b.group) || (a.group < b.group ? -1 : 1))
  }

  /** `/api`: the versions of the core group. */
  coreVersions(serverAddress: string): object {
    return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }] }
  }

  /** `/apis`: all groups but core. */
  groupList(): object {
    return this.#once('groups', () => ({ kind: 'APIGroupList', apiVersion: 'v1', groups: this.groups().filter(({ group }) => group !== '').map(groupDocument) }))
  }

  /** `/apis/<group>`, or undefined. */
  group(name: string): object | undefined {
    const found = this.groups().find(({ group }) => group === name)
    return found && { kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(found) }
  }

  /** `/api/v1` and `/apis/<group>/<version>`, or undefined. */
  resourceList(group: string, version: string): object | undefined {
    if (!this.#resources.hasGroupVersion(group, version)) return undefined
    return this.#once(`${group}/${version}`, () => ({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group === '' ? version : `${group}/${version}`, resources: this.#kindsOf(group, version).flatMap((kind) => apiResources(kind, this.#storageVersionHash(kind))) }))
  }

  /** The aggregated document of `/api` (core) or `/apis` (all others), in apidiscovery.k8s.io `v2` or `v2beta1`. */
  aggregated(core: boolean, version: 'v2' | 'v2beta1'): object {
    return this.#once(`aggregated ${core} ${version}`, () => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: this.groups().filter(({ group }) => (group === '') === core).map(({ group, versions }) => ({
        metadata: group === '' ? {} : { name: group },
        versions: versions.map((each) => {
          const remote = this.#remote?.versions().find((one) => one.group === group && one.version === each)
          if (remote) return { version: each, ...(remote.resources.length > 0 ? { resources: remote.resources } : {}), freshness: remote.fresh ? 'Current' : 'Stale' }
          return { version: each, resources: this.#kindsOf(group, each).map(discoveredResource), freshness: 'Current' }
        }),
      })),
    }))
  }

  /** The entity tag of an aggregated document. */
  tagOf(document: object): string {
    return fnv32a(JSON.stringify(document)).toString(16).toUpperCase().padStart(8, '0').repeat(8)
  }

  #kindsOf(group: string, version: string): Kind[] {
    return [...this.#resources.all()].map(({ kind }) => kind).filter((kind) => kind.group === group && kind.version === version).sort((a, b) => (a.plural < b.plural ? -1 : 1))
  }

  /** Says in what form objects are stored: the first eight bytes of a hash of the form's name. Undefined: they are not. */
  #storageVersionHash({ group, version, kind, storagePrefix, storedAs, custom }: Kind): string | undefined {
    if (storagePrefix === undefined && !storedAs) return undefined
    let form = `${group}/${version}/${kind}`
    if (custom) form = `${custom.storedApiVersion}/${kind}`
    else if (storedAs) {
      const stored = [...this.#resources.all()].find((each) => each.kind.group === storedAs.group && each.kind.kind === storedAs.kind && !each.kind.storedAs)?.kind
      if (stored) form = `${stored.group}/${stored.version}/${stored.kind}`
    }
    const digits = sha256(new TextEncoder().encode(form)).slice(0, 16)
    return btoa(String.fromCharCode(...digits.match(/../g)!.map((pair) => parseInt(pair, 16))))
  }

  #once<T extends object>(key: string, make: () => T): T {
    let made = this.#made.get(key)
    if (!made) this.#made.set(key, (made = make()))
    return made as T
  }
}

function groupDocument({ group, versions }: GroupVersions): object {
  const all = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: all, preferredVersion: all[0] }
}

function apiResources(kind: Kind, storageVersionHash: string | undefined): ApiResource[] {
  const main: ApiResource = {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: verbsOf(kind),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(storageVersionHash === undefined ? {} : { storageVersionHash }),
  }
  return [main, ...[...kind.subresources].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map((subresource) => subresourceOf(kind, subresource))]
}

function subresourceOf(kind: Kind, subresource: Subresource<KubeObject>): ApiResource {
  const body = bodyOf(kind, subresource)
  return {
    name: `${kind.plural}/${nameOf(subresource)}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(body.group !== kind.group || body.version !== kind.version ? { group: body.group, version: body.version } : {}),
    kind: body.kind,
    verbs: subresourceVerbs(subresource),
  }
}

const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

/** What a subresource takes and answers. */
function bodyOf(kind: Kind, subresource: Subresource<KubeObject>): { readonly group: string; readonly version: string; readonly kind: string } {
  if (subresource.type === 'scale') return scale
  if (subresource.type === 'named' && subresource.body) return subresource.body
  return subresource.type === 'named' && !subresource.strategy ? connectBody(kind, subresource.name) : kind
}

/** Endpoints that connect rather than answer objects name their options in discovery. */
function connectBody(kind: Kind, name: string): { readonly group: string; readonly version: string; readonly kind: string } {
  const options: Readonly<Record<string, string>> = { attach: 'PodAttachOptions', exec: 'PodExecOptions', portforward: 'PodPortForwardOptions', proxy: `${kind.kind}ProxyOptions` }
  return { group: kind.group, version: kind.version, kind: options[name] ?? kind.kind }
}

function subresourceVerbs(subresource: Subresource<KubeObject>): readonly string[] {
  return subresource.type === 'named' ? [...subresource.verbs].sort() : ['get', 'patch', 'update']
}

function verbsOf(kind: Kind): readonly string[] {
  return [...(kind.custom?.advertisedVerbs ?? kind.verbs)].sort()
}

function discoveredResource(kind: Kind): object {
  const responseKind = { group: kind.group, version: kind.version, kind: kind.kind }
  const subresources = [...kind.subresources].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).map((subresource) => {
    const body = bodyOf(kind, subresource)
    return { subresource: nameOf(subresource), responseKind: { group: body.group, version: body.version, kind: body.kind }, verbs: subresourceVerbs(subresource) }
  })
  return {
    resource: kind.plural,
    responseKind,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  }
}

/** v1 before v1beta1 before v1alpha1, v2 before v1; others by name. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)]
  for (let index = 0; index < left.length; index++) {
    const difference = right[index]! - left[index]!
    if (difference !== 0) return difference
  }
  return a < b ? -1 : a > b ? 1 : 0
}

function versionRank(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (!match) return [0, 0, 0]
  return [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)]
}
