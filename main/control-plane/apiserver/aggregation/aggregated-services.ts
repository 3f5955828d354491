import type { APIService } from '../../../api/generated/types.ts'
import { apiServiceKind } from '../../../api/kinds/apiregistration/api-service.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import type { Resources } from '../registry/resources.ts'

/** One group and version that a Service of the cluster answers in this server's place. */
export interface AggregatedService {
  /** Of its APIService: `v1beta1.metrics.k8s.io`. */
  readonly name: string
  readonly group: string
  readonly version: string
  readonly groupPriority: number
  readonly versionPriority: number
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number }
  /** Base64 of PEM. */
  readonly caBundle: string | undefined
  readonly insecure: boolean
  readonly available: boolean
}

/** The APIServices that name a Service, by group and version. Those without one this server answers itself. */
export class AggregatedServices {
  readonly #byPath = new Map<string, AggregatedService>()
  readonly #paths = new Map<string, string>()
  readonly #listeners = new Set<(name: string) => void>()

  constructor(resources: Resources) {
    const { cache } = resources.storeOf(apiServiceKind.group, apiServiceKind.plural)
    cache.onChange((event) => {
      if (event) return this.#take(event.object as APIService, event.type === 'DELETED')
      const gone = new Set(this.#paths.keys())
      cache.scan(undefined, (object) => {
        gone.delete(object.metadata.name)
        this.#take(object as APIService, false)
        return true
      })
      for (const name of gone) this.#forget(name)
    })
  }

  find(group: string, version: string): AggregatedService | undefined {
    return this.#byPath.size === 0 ? undefined : this.#byPath.get(`${group}/${version}`)
  }

  named(name: string): AggregatedService | undefined {
    const path = this.#paths.get(name)
    return path === undefined ? undefined : this.#byPath.get(path)
  }

  hasGroup(group: string): boolean {
    for (const each of this.#byPath.values()) if (each.group === group) return true
    return false
  }

  all(): Iterable<AggregatedService> {
    return this.#byPath.values()
  }

  /** Hears the name of every APIService of a Service that comes, changes or goes. */
  onChange(listener: (name: string) => void): void {
    this.#listeners.add(listener)
  }

  #take(object: APIService, isGone: boolean): void {
    const found = isGone ? undefined : aggregatedOf(object)
    if (!found) return this.#forget(object.metadata.name)
    this.#paths.set(found.name, `${found.group}/${found.version}`)
    this.#byPath.set(`${found.group}/${found.version}`, found)
    this.#tell(found.name)
  }

  #forget(name: string): void {
    const path = this.#paths.get(name)
    if (path === undefined) return
    this.#paths.delete(name)
    this.#byPath.delete(path)
    this.#tell(name)
  }

  #tell(name: string): void {
    for (const listener of this.#listeners) listener(name)
  }
}

function aggregatedOf({ metadata, spec, status }: APIService): AggregatedService | undefined {
  const { group = '', version = '', service } = spec ?? {}
  // The core group and the aggregator's own stay here whatever somebody writes.
  if (!service || group === '' || group === apiServiceKind.group || version === '') return undefined
  return {
    name: metadata.name,
    group,
    version,
    groupPriority: spec?.groupPriorityMinimum ?? 0,
    versionPriority: spec?.versionPriority ?? 0,
    service: { namespace: service.namespace ?? '', name: service.name ?? '', port: service.port ?? 443 },
    caBundle: spec?.caBundle || undefined,
    insecure: spec?.insecureSkipTLSVerify === true,
    available: conditionOf(status?.conditions, 'Available')?.status === 'True',
  }
}
