import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { EndpointSlice, Node, Pod, Service } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind, serviceNameLabel } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { keyOf, objectKey, splitKey } from '../../../api/machinery/object.ts'
import { hasCause, isNotFound } from '../../../api/machinery/status-error.ts'
import { textOf } from '../framework/pod-control.ts'
import { followPods, podsOf } from '../framework/service-pods.ts'
import { lastChangeAnnotation, TriggerTimes } from '../framework/trigger-time.ts'
import { addressTypesOf, controllerLabelValue, endpointGroups, managedByLabel, type AddressType } from './endpoints.ts'
import { planSlices } from './plan.ts'
import { SliceTracker } from './slice-tracker.ts'

const byService = 'service'

/** Publishes the endpoints of every service with a selector in EndpointSlices. Follows pkg/controller/endpointslice; not
 *  followed: hints by the automatic topology mode (those of trafficDistribution are given). */
export const endpointSliceController = defineController({
  name: 'endpointslice-controller',
  eventSource: 'endpoint-slice-controller',
  noun: 'service',
  workers: 5,
  retriesMax: 15,
  queue: { baseDelayMs: 1000 },
  setUp: (context, queue) => {
    const controller = new EndpointSliceController(context, queue)
    return (key) => controller.sync(key)
  },
})

class EndpointSliceController {
  readonly #context: ControllerContext
  readonly #services: Informer<Service>
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #slices: Informer<EndpointSlice>
  readonly #triggerTimes = new TriggerTimes()
  readonly #tracker = new SliceTracker()

  constructor(context: ControllerContext, queue: WorkQueue) {
    const { informers } = context
    this.#context = context
    this.#services = informers.of(serviceKind)
    this.#pods = informers.of(podKind)
    this.#nodes = informers.of(nodeKind)
    this.#slices = informers.of(endpointSliceKind)
    this.#slices.addIndex(byService, (slice) => {
      const key = serviceKeyOf(slice)
      return key === undefined ? [] : [key]
    })
    const touched = (service: Service): void => queue.add(keyOf(service))
    this.#services.onChange({
      added: touched,
      updated: touched,
      deleted: (service) => {
        this.#tracker.forget(keyOf(service))
        queue.add(keyOf(service))
      },
    })
    followPods(this.#services, this.#pods, (key) => queue.add(key))
    const foreign = (slice: EndpointSlice): void => {
      const key = serviceKeyOf(slice)
      if (key !== undefined && this.#tracker.isForeign(key, slice)) queue.add(key)
    }
    this.#slices.onChange({
      added: foreign,
      updated: (slice, old) => {
        const [key, oldKey] = [serviceKeyOf(slice), serviceKeyOf(old)]
        if (key !== oldKey && oldKey !== undefined) queue.add(oldKey)
        foreign(slice)
      },
      deleted: (slice) => {
        const key = serviceKeyOf(slice)
        if (key !== undefined && this.#tracker.deletionSeen(key, slice)) queue.add(key)
      },
    })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const service = this.#services.get(namespace, name)
    if (!service) {
      // Its slices are its dependents: the garbage collector takes them.
      this.#triggerTimes.forget(key)
      this.#tracker.forget(key)
      return undefined
    }
    if (service.spec?.type === 'ExternalName' || !service.spec?.selector || Object.keys(service.spec.selector).length === 0) return undefined
    const present = this.#slices.byIndex(byService, key).filter((slice) => !slice.metadata.deletionTimestamp)
    if (this.#tracker.isStale(key, present)) throw new Error('EndpointSlice informer cache is out of date')
    const pods = podsOf(service, this.#pods)
    const trigger = this.#triggerTimes.next(service, pods)
    const types = addressTypesOf(service)
    const failures: string[] = []
    for (const type of types) await this.#syncFamily(key, service, type, present.filter((slice) => slice.addressType === type), pods, trigger, failures)
    for (const slice of present) if (!types.includes(slice.addressType as AddressType)) await this.#attempt(failures, () => this.#remove(key, slice))
    if (failures.length === 0) return undefined
    const text = failures.join(', ')
    this.#context.events.event(service, 'Warning', 'FailedToUpdateEndpointSlices', `Error updating Endpoint Slices for Service ${key}: ${text}`)
    throw new Error(text)
  }

  async #syncFamily(key: string, service: Service, type: AddressType, present: readonly EndpointSlice[], pods: readonly Pod[], trigger: string | undefined, failures: string[]): Promise<void> {
    const { client } = this.#context
    const { groups, missing } = endpointGroups(service, pods, type, (node) => this.#nodes.get(undefined, node))
    for (const pod of missing) failures.push(`skipping Pod ${pod.metadata.name} for Service ${key}: Node ${pod.spec?.nodeName} Not Found`)
    const plan = planSlices(service, type, present, groups)
    const stamped = (slice: EndpointSlice): EndpointSlice => {
      const { [lastChangeAnnotation]: _, ...annotations } = slice.metadata.annotations ?? {}
      return { ...slice, metadata: { ...slice.metadata, annotations: trigger ? { ...annotations, [lastChangeAnnotation]: trigger } : annotations } }
    }
    if (!service.metadata.deletionTimestamp) {
      for (const slice of plan.create) {
        await this.#attempt(failures, async () => {
          try {
            this.#tracker.written(key, await client.create(endpointSliceKind, stamped(slice)))
          } catch (error) {
            if (!hasCause(error, 'NamespaceTerminating')) throw new Error(`failed to create EndpointSlice for Service ${key}: ${textOf(error)}`)
          }
        })
      }
    }
    for (const slice of plan.update) {
      await this.#attempt(failures, async () => {
        try {
          this.#tracker.written(key, await client.update(endpointSliceKind, stamped(slice)))
        } catch (error) {
          throw new Error(`failed to update ${slice.metadata.name} EndpointSlice for Service ${key}: ${textOf(error)}`)
        }
      })
    }
    for (const slice of plan.remove) await this.#attempt(failures, () => this.#remove(key, slice))
  }

  async #remove(key: string, slice: EndpointSlice): Promise<void> {
    try {
      await this.#context.client.delete(endpointSliceKind, slice.metadata.name, slice.metadata.namespace)
    } catch (error) {
      if (!isNotFound(error)) throw new Error(`failed to delete ${slice.metadata.name} EndpointSlice for Service ${key}: ${textOf(error)}`)
    }
    this.#tracker.removed(key, slice)
  }

  async #attempt(failures: string[], act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      failures.push(textOf(error))
    }
  }
}

/** The service whose slice it is, if this controller keeps it. */
function serviceKeyOf(slice: EndpointSlice): string | undefined {
  const name = slice.metadata.labels?.[serviceNameLabel]
  if (!name || slice.metadata.labels?.[managedByLabel] !== controllerLabelValue) return undefined
  return objectKey(slice.metadata.namespace, name)
}
