import { describe, expect, it } from 'vitest'
import type { IPAddress, ServiceCIDR } from '../../../api/generated/types.ts'
import { ipAddressKind } from '../../../api/kinds/networking/ip-address.ts'
import { serviceCIDRKind } from '../../../api/kinds/networking/service-cidr.ts'
import { atEveryWrite, benchFaults, controllerBench, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { serviceCidrController } from './service-cidr-controller.ts'

const range = (name: string, ...cidrs: string[]): ServiceCIDR => ({ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, spec: { cidrs } })
const address = (name: string): IPAddress => ({ apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', metadata: { name }, spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } } })
const more = (b: ControllerBench): ServiceCIDR | undefined => b.api.peek<ServiceCIDR>(serviceCIDRKind, undefined, 'more')

describe('a range', () => {
  it('is ready, and stays until its addresses are free, whatever fails', async () => {
    await atEveryWrite(benchFaults, async (fault: BenchOptions['fault']) => {
      const b = await controllerBench([serviceCidrController], fault ? { fault } : {})
      b.api.seed(serviceCIDRKind, range('kubernetes', '10.96.0.0/12'))
      b.api.seed(serviceCIDRKind, range('more', '10.200.0.0/24'))
      b.api.seed(ipAddressKind, address('10.200.0.7'))
      await b.settle()
      const ready = more(b)
      b.api.remove(serviceCIDRKind, undefined, 'more')
      await b.settle()
      const held = more(b)
      b.api.remove(ipAddressKind, undefined, '10.200.0.7')
      await b.kernel.runFor(30_000)
      return {
        writes: b.api.writes.length,
        check: () => {
          expect(ready!.metadata.finalizers).toEqual(['networking.k8s.io/service-cidr-finalizer'])
          expect(ready!.status!.conditions).toMatchObject([{ type: 'Ready', status: 'True', message: 'Kubernetes Service CIDR is ready' }])
          expect(held!.status!.conditions).toMatchObject([{ type: 'Ready', status: 'False', reason: 'Terminating', message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR' }])
          expect(more(b)).toBeUndefined()
        },
      }
    })
  })

  it('goes after ten seconds when another has its addresses too', async () => {
    const b = await controllerBench([serviceCidrController])
    b.api.seed(serviceCIDRKind, range('kubernetes', '10.96.0.0/12'))
    b.api.seed(serviceCIDRKind, range('more', '10.100.0.0/24'))
    b.api.seed(ipAddressKind, address('10.100.0.7'))
    await b.settle()
    b.api.remove(serviceCIDRKind, undefined, 'more')
    await b.kernel.runFor(9_000)
    expect(more(b)).toBeDefined()
    await b.kernel.runFor(3_000)
    expect(more(b)).toBeUndefined()
  })
})
