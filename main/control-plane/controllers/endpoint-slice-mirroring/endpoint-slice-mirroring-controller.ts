import { defineController } from '../../../api/client/controller.ts'
import type { EndpointSlice } from '../../../api/generated/types.ts'
import { endpointsKind } from '../../../api/kinds/core/endpoints.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind, serviceNameLabel } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { keyOf, objectKey, splitKey } from '../../../api/machinery/object.ts'
import { hasCause, isNotFound } from '../../../api/machinery/status-error.ts'
import { textOf } from '../framework/pod-control.ts'
import { managedByLabel, mirroringLabelValue, planMirror } from './plan.ts'

const skipLabel = 'endpointslice.kubernetes.io/skip-mirror'
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader'
const byEndpoints = 'endpoints'

/** Copies Endpoints that people write themselves, for services without a selector, into EndpointSlices. Follows
 *  pkg/controller/endpointslicemirroring. */
export const endpointSliceMirroringController = defineController({
  name: 'endpointslice-mirroring-controller',
  noun: 'endpoints',
  workers: 5,
  retriesMax: 15,
  queue: { baseDelayMs: 1000, maxDelayMs: 100_000 },
  setUp({ client, informers, events }, queue) {
    const endpoints = informers.of(endpointsKind)
    const services = informers.of(serviceKind)
    const slices = informers.of(endpointSliceKind)
    const keyOfSlice = (slice: EndpointSlice): string | undefined => {
      const name = slice.metadata.labels?.[serviceNameLabel]
      return name && slice.metadata.labels?.[managedByLabel] === mirroringLabelValue ? objectKey(slice.metadata.namespace, name) : undefined
    }
    slices.addIndex(byEndpoints, (slice) => {
      const key = keyOfSlice(slice)
      return key === undefined ? [] : [key]
    })
    const touched = (object: { metadata: { name: string; namespace?: string } }): void => queue.add(keyOf(object))
    endpoints.onChange({ added: touched, updated: touched, deleted: touched })
    services.onChange({
      added: touched,
      updated: (service, old) => {
        if (isSelecting(service.spec?.selector) !== isSelecting(old.spec?.selector)) touched(service)
      },
      deleted: touched,
    })
    const sliceGone = (slice: EndpointSlice): void => {
      const key = keyOfSlice(slice)
      if (key !== undefined) queue.add(key)
    }
    slices.onChange({ updated: sliceGone, deleted: sliceGone })

    const remove = async (slice: EndpointSlice): Promise<void> => {
      await client.delete(endpointSliceKind, slice.metadata.name, slice.metadata.namespace).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
    }
    return async (key) => {
      const { namespace, name } = splitKey(key)
      const object = endpoints.get(namespace, name)
      const service = services.get(namespace, name)
      const present = slices.byIndex(byEndpoints, key)
      const mirrored = object && service && !isSelecting(service.spec?.selector) && object.metadata.labels?.[skipLabel] !== 'true' && object.metadata.annotations?.[leaderAnnotation] === undefined
      if (!mirrored) {
        for (const slice of present) await remove(slice)
        return undefined
      }
      const plan = planMirror(object, present)
      try {
        for (const slice of plan.create) {
          await client.create(endpointSliceKind, slice).catch((error: unknown) => {
            if (!hasCause(error, 'NamespaceTerminating')) throw error
          })
        }
        for (const slice of plan.update) await client.update(endpointSliceKind, slice)
        for (const slice of plan.remove) await remove(slice)
      } catch (error) {
        events.event(object, 'Warning', 'FailedToUpdateEndpointSlices', `Error updating Endpoint Slices for Endpoint ${key}: ${textOf(error)}`)
        throw error
      }
      return undefined
    }
  },
})

function isSelecting(selector: Readonly<Record<string, string>> | undefined): boolean {
  return selector !== undefined && Object.keys(selector).length > 0
}
