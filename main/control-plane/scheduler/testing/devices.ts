import type { Device, DeviceClass, ExactDeviceRequest, Pod, ResourceClaim, ResourceSlice } from '../../../api/generated/types.ts'
import { keyOf, objectKey, type KubeObject } from '../../../api/machinery/object.ts'
import type { DeviceSources } from '../devices/device-sources.ts'

/** The driver of all devices here. */
export const testDriver = 'gpu.example.com'

/** Devices that stay as they are. */
export function devicesOf(...objects: (DeviceClass | ResourceClaim | ResourceSlice)[]): DeviceSources {
  const of = <T extends KubeObject>(kind: string): T[] => objects.filter((object) => object.kind === kind) as unknown as T[]
  return {
    claims: {
      get: (namespace, name) => of<ResourceClaim>('ResourceClaim').find((claim) => keyOf(claim) === objectKey(namespace, name)),
      onChange: (handler) => {
        for (const claim of of<ResourceClaim>('ResourceClaim')) handler.added?.(claim)
        return () => {}
      },
    },
    classes: { get: (_, name) => of<DeviceClass>('DeviceClass').find(({ metadata }) => metadata.name === name) },
    slices: { byIndex: (_, node) => of<ResourceSlice>('ResourceSlice').filter(({ spec }) => (spec.nodeName ?? '') === node) },
  }
}

/** A class for all devices of the driver. */
export function testDeviceClass(name = 'gpu', expression = `device.driver == "${testDriver}"`): DeviceClass {
  return { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name, uid: `class-${name}` }, spec: { selectors: [{ cel: { expression } }] } }
}

/** A node's devices, a pool of their own. */
export function testSlice(node: string, devices: readonly Device[], change: (slice: ResourceSlice) => void = () => {}): ResourceSlice {
  const slice: ResourceSlice = {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: `slice-${node}`, uid: `slice-${node}` },
    spec: { driver: testDriver, nodeName: node, pool: { name: node, generation: 1, resourceSliceCount: 1 }, devices: [...devices] },
  }
  change(slice)
  return slice
}

/** A claim for devices of the class `gpu`. */
export function testResourceClaim(name: string, exactly: Partial<ExactDeviceRequest> = {}, change: (claim: ResourceClaim) => void = () => {}): ResourceClaim {
  const claim: ResourceClaim = {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name, namespace: 'default', uid: `claim-${name}` },
    spec: { devices: { requests: [{ name: 'it', exactly: { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1, ...exactly } }] } },
  }
  change(claim)
  return claim
}

/** Lets a pod use claims by name. */
export function claiming(...claims: string[]): (pod: Pod) => void {
  return (pod) => void (pod.spec!.resourceClaims = claims.map((name) => ({ name, resourceClaimName: name })))
}
