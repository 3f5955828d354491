import { describe, expect, it } from 'vitest'
import type { Pod, Service } from '../../../api/generated/types.ts'
import { endpointsKind } from '../../../api/kinds/core/endpoints.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { endpointsController } from '../endpoints/endpoints-controller.ts'
import { atEveryWrite, benchFaults, controllerBench, readyStatus, seedNode, testNode, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { endpointSliceController } from './endpoint-slice-controller.ts'

const web: Service = {
  apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
  spec: { selector: { app: 'web' }, clusterIP: '10.96.0.20', ipFamilies: ['IPv4'], ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
}
const pod = (name: string): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app: 'web' } },
  spec: { nodeName: 'worker-1', containers: [{ name: 'nginx', image: 'nginx', ports: [{ name: 'http', containerPort: 8080 }] }] },
})

async function bench(options: BenchOptions = {}): Promise<ControllerBench> {
  return controllerBench([endpointSliceController, endpointsController], { ...options, before: (api) => seedNode(api, testNode('worker-1', { labels: { 'topology.kubernetes.io/zone': 'a' } })) })
}

function run(b: ControllerBench, name: string, podIP: string): void {
  b.api.mutate(podKind, 'default', name, (copy) => void (copy.status = readyStatus(b.kernel.now(), podIP)))
}

describe('the EndpointSlice and Endpoints controllers', () => {
  it('publish a pod as it becomes ready, goes and is gone', async () => {
    const b = await bench()
    b.api.seed(serviceKind, web)
    b.api.seed(podKind, pod('a'))
    await b.settle()
    const slice = (): unknown => b.api.stored(endpointSliceKind)[0]
    expect(slice()).toMatchObject({ addressType: 'IPv4', metadata: { name: expect.stringMatching(/^web-[a-z0-9]{5}$/) as string, labels: { app: 'web', 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' }, ownerReferences: [{ kind: 'Service', name: 'web', controller: true, blockOwnerDeletion: true }] } })
    expect(b.api.stored(endpointSliceKind)[0]!.endpoints ?? []).toEqual([])
    run(b, 'a', '10.244.1.2')
    await b.settle()
    expect(b.api.stored(endpointSliceKind)).toHaveLength(1)
    expect(slice()).toMatchObject({
      endpoints: [{ addresses: ['10.244.1.2'], conditions: { ready: true, serving: true, terminating: false }, nodeName: 'worker-1', zone: 'a', targetRef: { kind: 'Pod', name: 'a', namespace: 'default' } }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    })
    expect(b.api.peek(endpointsKind, 'default', 'web')).toMatchObject({
      metadata: { labels: { app: 'web', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' } },
      subsets: [{ addresses: [{ ip: '10.244.1.2', nodeName: 'worker-1', targetRef: { kind: 'Pod', name: 'a' } }], ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] }],
    })
    b.api.remove(podKind, 'default', 'a')
    await b.settle()
    expect(slice()).toMatchObject({ endpoints: [{ conditions: { ready: false, serving: true, terminating: true } }] })
    expect(b.api.peek(endpointsKind, 'default', 'web')?.subsets).toBeUndefined()
    b.api.remove(podKind, 'default', 'a', { gracePeriodSeconds: 0 })
    await b.settle()
    expect(b.api.stored(endpointSliceKind)[0]!.endpoints ?? []).toEqual([])
  })

  it('puts back what others take away', async () => {
    const b = await bench()
    b.api.seed(serviceKind, web)
    await b.settle()
    b.api.remove(endpointSliceKind, 'default', b.api.stored(endpointSliceKind)[0]!.metadata.name)
    b.api.remove(endpointsKind, 'default', 'web')
    await b.settle()
    expect(b.api.stored(endpointSliceKind)).toHaveLength(1)
    expect(b.api.stored(endpointsKind)).toHaveLength(1)
  })

  it('waits for the node of a pod', async () => {
    const b = await bench()
    b.api.seed(serviceKind, web)
    b.api.seed(podKind, { ...pod('a'), spec: { ...pod('a').spec!, nodeName: 'worker-9' } })
    run(b, 'a', '10.244.9.2')
    await b.kernel.runFor(500)
    expect(b.events()).toContain('Warning FailedToUpdateEndpointSlices Service/web: Error updating Endpoint Slices for Service default/web: skipping Pod a for Service default/web: Node worker-9 Not Found')
    seedNode(b.api, testNode('worker-9'))
    await b.settle()
    expect(b.api.stored(endpointSliceKind)[0]!.endpoints).toHaveLength(1)
  })

  it('keep slices of a service that selects nothing to themselves', async () => {
    const b = await bench()
    const { selector: _, ...spec } = web.spec!
    b.api.seed(serviceKind, { ...web, spec })
    await b.settle()
    expect(b.api.stored(endpointSliceKind)).toEqual([])
    expect(b.api.stored(endpointsKind)).toEqual([])
  })

  it('reach the same end whichever write fails', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      b.api.seed(serviceKind, web)
      for (const [index, name] of ['a', 'b', 'c'].entries()) {
        b.api.seed(podKind, pod(name))
        run(b, name, `10.244.1.${index + 2}`)
        await b.kernel.runFor(2_000)
      }
      b.api.remove(podKind, 'default', 'b', { gracePeriodSeconds: 0 })
      await b.settle()
      return {
        writes: b.api.writes.filter((line) => !line.includes(' events ')).length,
        check: () => {
          const addresses = b.api.stored(endpointSliceKind).flatMap((slice) => (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses))
          expect(addresses.sort()).toEqual(['10.244.1.2', '10.244.1.4'])
          expect(b.api.peek(endpointsKind, 'default', 'web')?.subsets?.[0]?.addresses?.map((address) => address.ip)).toEqual(['10.244.1.2', '10.244.1.4'])
        },
      }
    })
    expect(tried).toBeGreaterThan(10)
  })
})
