import { describe, expect, it } from 'vitest'
import type { Endpoints, Service } from '../../../api/generated/types.ts'
import { endpointsKind } from '../../../api/kinds/core/endpoints.ts'
import { serviceKind } from '../../../api/kinds/core/service.ts'
import { endpointSliceKind } from '../../../api/kinds/discovery/endpoint-slice.ts'
import { atEveryWrite, benchFaults, controllerBench, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { endpointSliceMirroringController } from './endpoint-slice-mirroring-controller.ts'

const service: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: 'default' }, spec: { clusterIP: '10.96.0.9', ports: [{ port: 5432 }] } }
const endpoints = (ips: readonly string[], more: Partial<Endpoints['metadata']> = {}): Endpoints => ({
  apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'db', namespace: 'default', ...more }, subsets: [{ addresses: ips.map((ip) => ({ ip })), notReadyAddresses: [{ ip: '10.9.9.9' }], ports: [{ port: 5432, protocol: 'TCP' }] }],
})
const bench = (options: BenchOptions = {}): Promise<ControllerBench> => controllerBench([endpointSliceMirroringController], options)
const addresses = (b: ControllerBench): string[] => b.api.stored(endpointSliceKind).flatMap((slice) => slice.endpoints!.map((each) => `${each.addresses[0]} ${each.conditions!.ready}`))

describe('mirrored endpoints', () => {
  it('follow the Endpoints of a service without selector', async () => {
    const b = await bench()
    b.api.seed(serviceKind, service)
    b.api.seed(endpointsKind, endpoints(['10.0.0.1', '10.0.0.2']))
    await b.settle()
    expect(addresses(b)).toEqual(['10.0.0.1 true', '10.0.0.2 true', '10.9.9.9 false'])
    expect(b.api.stored(endpointSliceKind)[0]).toMatchObject({ metadata: { name: expect.stringMatching(/^db-[a-z0-9]{5}$/) as string, labels: { 'kubernetes.io/service-name': 'db', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' }, ownerReferences: [{ kind: 'Endpoints', name: 'db' }] }, ports: [{ name: '', port: 5432, protocol: 'TCP' }] })
    b.api.mutate(endpointsKind, 'default', 'db', (copy) => void (copy.subsets = endpoints(['10.0.0.3']).subsets!))
    await b.settle()
    expect(addresses(b)).toEqual(['10.0.0.3 true', '10.9.9.9 false'])
    b.api.remove(endpointsKind, 'default', 'db')
    await b.settle()
    expect(b.api.stored(endpointSliceKind)).toEqual([])
  })

  it.each<[string, Service, Endpoints]>([
    ['with a selector', { ...service, spec: { ...service.spec, selector: { app: 'db' } } }, endpoints(['10.0.0.1'])],
    ['told to skip', service, endpoints(['10.0.0.1'], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } })],
    ['that hold an election', service, endpoints(['10.0.0.1'], { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } })],
  ])('are not made %s', async (_name, made, object) => {
    const b = await bench()
    b.api.seed(serviceKind, made)
    b.api.seed(endpointsKind, object)
    await b.settle()
    expect(b.api.stored(endpointSliceKind)).toEqual([])
  })

  it('are right in the end whichever write fails', async () => {
    await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      b.api.seed(serviceKind, service)
      b.api.seed(endpointsKind, endpoints(['10.0.0.1']))
      await b.settle()
      b.api.mutate(endpointsKind, 'default', 'db', (copy) => void (copy.subsets = endpoints(['10.0.0.2']).subsets!))
      await b.settle()
      return { writes: b.api.writes.length, check: () => expect(addresses(b)).toEqual(['10.0.0.2 true', '10.9.9.9 false']) }
    })
  })
})
