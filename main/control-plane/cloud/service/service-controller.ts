import { defineController, type ControllerContext, type ControllerDefinition, type Outcome } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Node, Service } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { hasFinalizer, isBeingDeleted, keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import type { Cloud } from '../cloud-client.ts'
import { changesOf, cleanupFinalizer, ingressOf, isTarget, loadBalancerNameOf, requestFor, wantsLoadBalancer } from './load-balancer-request.ts'

/** Delays between attempts after failures. */
const retryMinMs = 5_000
const retryMaxMs = 300_000
/** Nodes tend to come together. */
const gatherNodesMs = 100

/** Gives every Service of type LoadBalancer one from the cloud, keeps it as the service wants it and its targets equal to the nodes, and takes
 *  it back before the service goes. Follows k8s.io/cloud-provider/controllers/service, with its words. */
export function serviceController(cloud: Cloud): ControllerDefinition {
  return defineController({
    name: 'service-controller',
    eventSource: 'service-controller',
    noun: 'service',
    workers: 1,
    actsAsManager: true,
    queue: { baseDelayMs: retryMinMs, maxDelayMs: retryMaxMs },
    setUp: (context, queue) => {
      const controller = new ServiceController(context, queue, cloud)
      return (key) => controller.sync(key)
    },
  })
}

class ServiceController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #cloud: Cloud
  readonly #services: Informer<Service>
  readonly #nodes: Informer<Node>
  /** Services as their load balancer was last made for; those whose load balancer was made by this process. */
  readonly #applied = new Map<string, Service>()
  /** Whose targets have to follow the nodes, and nothing else. */
  readonly #hosts = new Set<string>()
  /** Services that were cleaned up, by key: the cache may not have heard of it yet. Value: the UID. */
  readonly #cleaned = new Map<string, string>()
  #gathering = false

  constructor(context: ControllerContext, queue: WorkQueue, cloud: Cloud) {
    this.#context = context
    this.#queue = queue
    this.#cloud = cloud
    this.#services = context.informers.of(serviceKind)
    this.#nodes = context.informers.of(nodeKind)
    const { events } = context
    this.#services.onChange({
      added: (service) => {
        if (wantsLoadBalancer(service) || needsCleanup(service)) queue.add(keyOf(service))
      },
      updated: (service, old) => {
        const changes = changesOf(old, service)
        for (const { reason, message } of changes) if (reason !== undefined) events.event(service, 'Normal', reason, message!)
        if (changes.length > 0 || needsCleanup(service)) queue.add(keyOf(service))
      },
      deleted: (service) => {
        this.#applied.delete(keyOf(service))
        this.#hosts.delete(keyOf(service))
        this.#cleaned.delete(keyOf(service))
      },
    })
    this.#nodes.onChange({
      added: (node) => isTarget(node) && this.#nodesChanged(),
      updated: (node, old) => isTarget(node) !== isTarget(old) && this.#nodesChanged(),
      deleted: () => this.#nodesChanged(),
    })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    const service = this.#services.get(namespace, name)
    if (!service) return undefined
    const onlyHosts = this.#hosts.delete(key) && this.#applied.has(key) && changesOf(this.#applied.get(key)!, service).length === 0
    if (onlyHosts && wantsLoadBalancer(service) && !needsCleanup(service)) await this.#updateHosts(key, service)
    else {
      try {
        await this.#sync(key, service)
      } catch (error) {
        this.#context.events.event(service, 'Warning', 'SyncLoadBalancerFailed', `Error syncing load balancer: ${(error as Error).message}`)
        throw error
      }
    }
    return undefined
  }

  async #sync(key: string, service: Service): Promise<void> {
    const { events, client } = this.#context
    const { namespace, name } = service.metadata
    if (!wantsLoadBalancer(service) || needsCleanup(service)) {
      if (!hasFinalizer(service, cleanupFinalizer) || this.#cleaned.get(key) === service.metadata.uid) return
      const balancer = loadBalancerNameOf(service)
      if (await named('failed to check if load balancer exists before cleanup', this.#cloud.loadBalancer(balancer))) {
        events.event(service, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer')
        await named('failed to delete load balancer', this.#cloud.deleteLoadBalancer(balancer))
      }
      this.#applied.delete(key)
      const { loadBalancer } = service.status ?? {}
      // The finalizers are replaced as a list: what was read has to be what is stored.
      let { resourceVersion } = service.metadata
      if (!isBeingDeleted(service) && (loadBalancer?.ingress?.length ?? 0) > 0) {
        const cleared = await named('failed to update load balancer status', client.patch<Service>(serviceKind, name, namespace, 'merge', { metadata: { resourceVersion }, status: { loadBalancer: null } }, { subresource: 'status' }))
        resourceVersion = cleared.metadata.resourceVersion
      }
      const finalizers = (service.metadata.finalizers ?? []).filter((each) => each !== cleanupFinalizer)
      await named('failed to remove load balancer cleanup finalizer', ignoreGone(client.patch(serviceKind, name, namespace, 'merge', { metadata: { finalizers: finalizers.length > 0 ? finalizers : null, resourceVersion } })))
      this.#cleaned.set(key, service.metadata.uid ?? '')
      events.event(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer')
      return
    }
    this.#cleaned.delete(key)
    events.event(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer')
    if (!hasFinalizer(service, cleanupFinalizer)) {
      await named('failed to add load balancer cleanup finalizer', client.patch(serviceKind, name, namespace, 'merge', { metadata: { finalizers: [...(service.metadata.finalizers ?? []), cleanupFinalizer], resourceVersion: service.metadata.resourceVersion } }))
    }
    const request = await named('failed to ensure load balancer', (async () => requestFor(service, this.#nodes.list()))())
    if (request.targets.length === 0) events.event(service, 'Warning', 'UnAvailableLoadBalancer', 'There are no available nodes for LoadBalancer')
    const { address } = await named('failed to ensure load balancer', this.#cloud.putLoadBalancer(loadBalancerNameOf(service), request))
    const ingress = ingressOf(address)
    if (!semanticEqual(service.status?.loadBalancer?.ingress ?? [], ingress)) await named('failed to update load balancer status', ignoreGone(client.patch(serviceKind, name, namespace, 'merge', { status: { loadBalancer: { ingress } } }, { subresource: 'status' })))
    this.#applied.set(key, service)
    events.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')
  }

  async #updateHosts(key: string, service: Service): Promise<void> {
    const { events } = this.#context
    const request = requestFor(service, this.#nodes.list())
    try {
      await this.#cloud.putLoadBalancer(loadBalancerNameOf(service), request)
    } catch (error) {
      this.#hosts.add(key)
      events.event(service, 'Warning', 'UpdateLoadBalancerFailed', `Error updating load balancer with new hosts [${request.targets.slice(0, 3).join(' ')}] [node names limited, total number of nodes: ${request.targets.length}], error: ${(error as Error).message}`)
      throw error
    }
    if (request.targets.length === 0) events.event(service, 'Warning', 'UnAvailableLoadBalancer', 'There are no available nodes for LoadBalancer')
    else events.event(service, 'Normal', 'UpdatedLoadBalancer', 'Updated load balancer with new hosts')
  }

  #nodesChanged(): void {
    if (this.#gathering) return
    this.#gathering = true
    this.#context.process.clock.after(gatherNodesMs, () => {
      this.#gathering = false
      for (const key of this.#applied.keys()) {
        this.#hosts.add(key)
        this.#queue.add(key)
      }
    })
  }
}

function needsCleanup(service: Service): boolean {
  return hasFinalizer(service, cleanupFinalizer) && (isBeingDeleted(service) || !wantsLoadBalancer(service))
}

/** Says before an error what was being done. */
async function named<T>(what: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error })
  }
}

async function ignoreGone(promise: Promise<unknown>): Promise<void> {
  await promise.catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}
