import { defineController } from '../../../api/client/controller.ts'
import type { CoreEndpointPort, EndpointAddress, Endpoints, EndpointSubset, Pod, Service, ServicePort } from '../../../api/generated/types.ts'
import { endpointsKind } from '../../../api/kinds/core/endpoints.ts'
import { repackSubsets } from '../../../api/kinds/core/endpoints-subsets.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isPodReady, targetPortOf } from '../../../api/machinery/pod.ts'
import { hasCause, isForbidden, isNotFound } from '../../../api/machinery/status-error.ts'
import { textOf } from '../framework/pod-control.ts'
import { belongsInEndpoints, followPods, hasHostnameIn, isHeadless, podsOf } from '../framework/service-pods.ts'
import { lastChangeAnnotation, TriggerTimes } from '../framework/trigger-time.ts'

const headlessLabel = 'service.kubernetes.io/headless'
const managedByLabel = 'endpoints.kubernetes.io/managed-by'
const manager = 'endpoint-controller'
/** On Endpoints that hold an election: they are nobody's but the candidates'. */
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader'
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity'
const capacity = 1000

/** Keeps an Endpoints object beside every service with a selector. Follows pkg/controller/endpoint. */
export const endpointsController = defineController({
  name: 'endpoints-controller',
  eventSource: 'endpoint-controller',
  noun: 'service',
  workers: 5,
  retriesMax: 15,
  setUp({ client, informers, events }, queue) {
    const services = informers.of(serviceKind)
    const pods = informers.of(podKind)
    const endpoints = informers.of(endpointsKind)
    const triggerTimes = new TriggerTimes()
    const touched = (object: { metadata: { name: string; namespace?: string } }): void => queue.add(keyOf(object))
    services.onChange({ added: touched, updated: touched, deleted: touched })
    followPods(services, pods, (key) => queue.add(key))
    endpoints.onChange({
      // Left over by a service that went while nobody looked, or made too late for one that has gone.
      added: (object) => {
        const { namespace, name, annotations, labels } = object.metadata
        const isOurs = labels?.[managedByLabel] === manager || !endpoints.synced
        if (isOurs && annotations?.[leaderAnnotation] === undefined && !services.get(namespace, name)) touched(object)
      },
      deleted: touched,
    })

    return async (key) => {
      const { namespace, name } = splitKey(key)
      const service = services.get(namespace, name)
      if (!service) {
        triggerTimes.forget(key)
        await client.delete(endpointsKind, name, namespace).catch((error: unknown) => {
          if (!isNotFound(error)) throw error
        })
        return undefined
      }
      if (service.spec?.type === 'ExternalName' || !service.spec?.selector || Object.keys(service.spec.selector).length === 0) return undefined
      const present = endpoints.get(namespace, name)
      const selected = podsOf(service, pods)
      const wanted = planEndpoints(service, selected, present, triggerTimes.next(service, selected))
      if (wanted === present) return undefined
      try {
        if (present) await client.update(endpointsKind, wanted)
        else await client.create(endpointsKind, wanted)
      } catch (error) {
        if (!present && (hasCause(error, 'NamespaceTerminating') || isForbidden(error))) return undefined
        events.event(wanted, 'Warning', present ? 'FailedToUpdateEndpoint' : 'FailedToCreateEndpoint', `Failed to ${present ? 'update' : 'create'} endpoint ${namespace}/${name}: ${textOf(error)}`)
        throw error
      }
      return undefined
    }
  },
})

/** The Endpoints that a service should have; `present` itself when it is right. */
export function planEndpoints(service: Service, pods: readonly Pod[], present: Endpoints | undefined, trigger: string | undefined): Endpoints {
  const { subsets, truncated } = limited(repackSubsets(pods.flatMap((pod) => subsetsOf(service, pod))))
  const { [headlessLabel]: _, ...copied } = service.metadata.labels ?? {}
  const labels: Record<string, string> = { ...copied, [managedByLabel]: manager, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}) }
  const { [overCapacityAnnotation]: wasTruncated, ...kept } = present?.metadata.annotations ?? {}
  if (present && semanticEqual(present.subsets, subsets) && semanticEqual(present.metadata.labels, labels) && (wasTruncated !== undefined) === truncated) return present
  const annotations = { ...kept, ...(truncated ? { [overCapacityAnnotation]: 'truncated' } : {}), ...(trigger ? { [lastChangeAnnotation]: trigger } : {}) }
  if (!trigger) delete (annotations as Record<string, string>)[lastChangeAnnotation]
  const metadata = { ...(present?.metadata ?? { name: service.metadata.name, namespace: service.metadata.namespace ?? '' }), labels, annotations }
  return { apiVersion: 'v1', kind: 'Endpoints', metadata, ...(subsets.length > 0 ? { subsets } : {}) }
}

function subsetsOf(service: Service, pod: Pod): EndpointSubset[] {
  const publishNotReady = Boolean(service.spec?.publishNotReadyAddresses)
  if (!belongsInEndpoints(pod, publishNotReady)) return []
  const ip = addressOf(service, pod)
  if (!ip) return []
  const { name, namespace, uid } = pod.metadata
  const address: EndpointAddress = {
    ip,
    ...(hasHostnameIn(pod, service) ? { hostname: pod.spec!.hostname! } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace: namespace!, name, uid: uid! },
  }
  const under = publishNotReady || isPodReady(pod) ? { addresses: [address] } : { notReadyAddresses: [address] }
  const ports = service.spec?.ports ?? []
  if (ports.length === 0) return isHeadless(service) ? [under] : []
  return ports.flatMap((port) => {
    const number = targetPortOf(pod, port.targetPort ?? port.port, port.protocol ?? 'TCP')
    return number === undefined ? [] : [{ ...under, ports: [portOf(port, number)] }]
  })
}

function portOf(port: ServicePort, number: number): CoreEndpointPort {
  return { ...(port.name ? { name: port.name } : {}), port: number, protocol: port.protocol ?? 'TCP', ...(port.appProtocol ? { appProtocol: port.appProtocol } : {}) }
}

/** The pod's address of the service's first family. */
function addressOf(service: Service, pod: Pod): string | undefined {
  const wantsV6 = service.spec?.ipFamilies?.[0] === 'IPv6'
  const addresses = pod.status?.podIPs?.map((each) => each.ip) ?? (pod.status?.podIP ? [pod.status.podIP] : [])
  return addresses.find((ip) => ip.includes(':') === wantsV6)
}

/** At most 1000 addresses, ready ones first. */
function limited(subsets: EndpointSubset[]): { subsets: EndpointSubset[]; truncated: boolean } {
  const count = (list: readonly EndpointAddress[] | undefined): number => list?.length ?? 0
  const total = subsets.reduce((sum, subset) => sum + count(subset.addresses) + count(subset.notReadyAddresses), 0)
  if (total <= capacity) return { subsets, truncated: false }
  let room = capacity
  const take = (list: readonly EndpointAddress[] | undefined): EndpointAddress[] => {
    const taken = (list ?? []).slice(0, room)
    room -= taken.length
    return taken
  }
  const ready = subsets.map((subset) => take(subset.addresses))
  const shortened = subsets.map((subset, index): EndpointSubset => {
    const notReady = take(subset.notReadyAddresses)
    return { ...(ready[index]!.length > 0 ? { addresses: ready[index]! } : {}), ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}), ...(subset.ports ? { ports: subset.ports } : {}) }
  })
  return { subsets: shortened.filter((subset) => subset.addresses || subset.notReadyAddresses), truncated: true }
}
