import type { Process } from '../../../kernel/machine.ts'
import type { OwnObjects } from '../bootstrap/own-objects.ts'
import type { ApiHandler, ApiRequest } from '../handlers/request.ts'
import type { OutboundDoor } from '../outbound/door.ts'
import type { ServiceLookup } from '../outbound/service-address.ts'
import type { Resources } from '../registry/resources.ts'
import { AggregatedServices } from './aggregated-services.ts'
import { keepAvailability } from './availability.ts'
import { Backends } from './backends.ts'
import { aggregatedOr, passOn } from './proxy.ts'
import { RemoteDiscovery } from './remote-discovery.ts'

export interface AggregationParts {
  readonly process: Process
  readonly resources: Resources
  readonly own: OwnObjects
  readonly lookup: ServiceLookup
  readonly outbound: OutboundDoor | undefined
}

/** Groups and versions that other servers answer in this one's place: the kube-aggregator of this server. */
export class Aggregation {
  readonly services: AggregatedServices
  readonly discovery: RemoteDiscovery
  readonly #backends: Backends
  readonly #parts: AggregationParts

  constructor(parts: AggregationParts) {
    this.#parts = parts
    this.services = new AggregatedServices(parts.resources)
    this.discovery = new RemoteDiscovery(this.services)
    this.#backends = new Backends(parts.process, parts.lookup, parts.outbound)
  }

  /** Passes on what is aggregated; all else goes to `local`. */
  inFrontOf(local: ApiHandler): ApiHandler {
    return aggregatedOr(this.services, this.#backends, local)
  }

  /** Passes on a request for the OpenAPI document of an aggregated group and version (`apis/<group>/<version>`); undefined when
   *  it has none. */
  openApi(request: ApiRequest, path: string): Promise<void> | undefined {
    if (this.discovery.openApiHashes()[path] === undefined) return undefined
    const [, group, version] = path.split('/')
    const service = this.services.find(group ?? '', version ?? '')
    return service && passOn(request, service, this.#backends)
  }

  /** Begins to ask the services how they are. */
  start(): void {
    keepAvailability({ ...this.#parts, services: this.services, backends: this.#backends, discovery: this.discovery })
  }
}
