import { describe, expect, test } from 'vitest'
import type { Node, Service } from '../../api/generated/types.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { serviceKind } from '../../api/kinds/core/service.ts'
import { conditionOf } from '../../api/machinery/conditions.ts'
import { atEveryWrite, benchFaults, controllerBench, seedNode, testNode, type BenchOptions, type ControllerBench } from '../controllers/testing/controller-bench.ts'
import { cloudNodeController, uninitializedTaint } from './node/cloud-node-controller.ts'
import { cloudNodeLifecycleController, shutdownTaint } from './node/cloud-node-lifecycle-controller.ts'
import { planRoutes, routeController } from './route/route-controller.ts'
import { changesOf, cleanupFinalizer, requestFor, wantsLoadBalancer } from './service/load-balancer-request.ts'
import { serviceController } from './service/service-controller.ts'
import { FakeCloud } from './testing/fake-cloud.ts'

const fresh = { key: uninitializedTaint, value: 'true', effect: 'NoSchedule' }

function introduced(name: string, more: Partial<NonNullable<Node['spec']>> = {}): Node {
  const node = testNode(name)
  return { ...node, spec: { ...node.spec, providerID: `orrery://orbit-1a/i-${name}`, ...more } }
}

function balanced(name = 'web', spec: Partial<NonNullable<Service['spec']>> = {}, metadata: Partial<Service['metadata']> = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default', uid: '11111111-2222-4333-8444-555555555555', ...metadata }, spec: { type: 'LoadBalancer', clusterIP: '10.96.0.50', clusterIPs: ['10.96.0.50'], ports: [{ port: 80, targetPort: 8080, protocol: 'TCP', nodePort: 30080 }], ...spec } } as Service
}

const stored = (bench: ControllerBench, name: string): Node => bench.api.peek(nodeKind, undefined, name)!
const service = (bench: ControllerBench): Service => bench.api.peek(serviceKind, 'default', 'web')!

describe('the node controller', () => {
  const run = async (cloud: FakeCloud, options: BenchOptions = {}): Promise<ControllerBench> => controllerBench([cloudNodeController(cloud)], { ...options, before: (api) => seedNode(api, testNode('worker-1', { taints: [fresh, { key: 'mine', effect: 'NoExecute' }] })) })

  test('introduces a node and leaves the taints of others', async () => {
    const cloud = new FakeCloud()
    cloud.rent('worker-1', 'orbit-1b')
    const bench = await run(cloud)
    await bench.settle()
    const node = stored(bench, 'worker-1')
    expect(node.spec).toMatchObject({ providerID: 'orrery://orbit-1b/i-worker-1', taints: [{ key: 'mine', effect: 'NoExecute' }] })
    expect(node.metadata.labels).toMatchObject({ 'topology.kubernetes.io/zone': 'orbit-1b', 'failure-domain.beta.kubernetes.io/region': 'orbit-1' })
    expect(bench.events()).toEqual(['Normal Synced Node/worker-1: Node synced successfully'])
  })

  test('waits for an instance that the cloud does not know yet', async () => {
    const cloud = new FakeCloud()
    const bench = await run(cloud)
    await bench.kernel.runFor(3_000)
    expect(stored(bench, 'worker-1').spec!.taints).toHaveLength(2)
    cloud.rent('worker-1')
    await bench.settle()
    expect(stored(bench, 'worker-1').spec!.taints).toHaveLength(1)
  })

  test('gets there whatever happens to its writes', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const cloud = new FakeCloud()
      cloud.rent('worker-1')
      const bench = await run(cloud, fault ? { fault } : {})
      await bench.settle()
      return { writes: 2, check: () => expect(stored(bench, 'worker-1').spec).toMatchObject({ providerID: 'orrery://orbit-1a/i-worker-1', taints: [{ key: 'mine' }] }) }
    })
    expect(tried).toBeGreaterThan(benchFaults.length)
  })
})

describe('the node lifecycle controller', () => {
  test.each([
    ['a ready node is not asked about', true, false, undefined, 'kept'],
    ['a node that is not ready and whose instance runs stays', false, true, 'running', 'kept'],
    ['one whose instance is switched off is tainted', false, true, 'stopped', 'tainted'],
    ['one whose instance is gone is deleted', false, false, undefined, 'deleted'],
  ] as const)('%s', async (_, ready, rented, state, outcome) => {
    const cloud = new FakeCloud()
    if (rented) cloud.rent('worker-1', 'orbit-1a', state)
    const bench = await controllerBench([cloudNodeLifecycleController(cloud)], { before: (api) => seedNode(api, { ...introduced('worker-1'), status: testNode('worker-1', { ready }).status! }) })
    await bench.kernel.runFor(12_000)
    const node = bench.api.peek(nodeKind, undefined, 'worker-1')
    expect(node === undefined ? 'deleted' : node.spec?.taints?.some(({ key }) => key === shutdownTaint) ? 'tainted' : 'kept').toBe(outcome)
    if (outcome === 'deleted') expect(bench.events()).toEqual(['Normal DeletingNode Node/worker-1: Deleting node worker-1 because it does not exist in the cloud provider'])
  })

  test('a cloud that does not answer deletes nobody', async () => {
    const cloud = new FakeCloud()
    cloud.failing.add('instance')
    const bench = await controllerBench([cloudNodeLifecycleController(cloud)], { before: (api) => seedNode(api, { ...introduced('worker-1'), status: testNode('worker-1', { ready: false }).status! }) })
    await bench.kernel.runFor(60_000)
    expect(stored(bench, 'worker-1')).toBeDefined()
  })
})

describe('the node lifecycle controller, whatever happens to its writes', () => {
  test.each([
    ['deletes', undefined],
    ['taints', 'stopped'],
    ['takes the taint off', 'running'],
  ] as const)('%s', async (outcome, state) => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const cloud = new FakeCloud()
      if (state) cloud.rent('worker-1', 'orbit-1a', state)
      const ready = state === 'running'
      const given = introduced('worker-1', { taints: [{ key: 'mine', effect: 'NoExecute' }, ...(ready ? [{ key: shutdownTaint, effect: 'NoSchedule' }] : [])] })
      const bench = await controllerBench([cloudNodeLifecycleController(cloud)], { ...(fault ? { fault } : {}), before: (api) => seedNode(api, { ...given, status: testNode('worker-1', { ready }).status! }) })
      await bench.kernel.runFor(30_000)
      return {
        writes: 2,
        check: () => {
          const keys = bench.api.peek(nodeKind, undefined, 'worker-1')?.spec?.taints?.map(({ key }) => key)
          expect(keys).toEqual(outcome === 'deletes' ? undefined : outcome === 'taints' ? ['mine', shutdownTaint] : ['mine'])
        },
      }
    })
    expect(tried).toBeGreaterThan(benchFaults.length)
  })
})

describe('the route controller', () => {
  test('gets there whatever happens to its writes', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const cloud = new FakeCloud()
      cloud.table.set('old', { name: 'old', target: 'gone', destination: '10.244.9.0/24' })
      const bench = await controllerBench([routeController(cloud, '10.244.0.0/16')], { ...(fault ? { fault } : {}), before: (api) => {
        for (const index of [1, 2]) seedNode(api, introduced(`worker-${index}`, { podCIDR: `10.244.${index}.0/24`, podCIDRs: [`10.244.${index}.0/24`] }))
      } })
      await bench.kernel.runFor(90_000)
      return {
        writes: 3,
        check: () => {
          expect([...cloud.table.values()].map(({ target, destination }) => `${target} ${destination}`)).toEqual(['worker-1 10.244.1.0/24', 'worker-2 10.244.2.0/24'])
          for (const name of ['worker-1', 'worker-2']) expect(conditionOf(stored(bench, name).status?.conditions, 'NetworkUnavailable')).toMatchObject({ status: 'False', reason: 'RouteCreated' })
        },
      }
    })
    expect(tried).toBeGreaterThan(benchFaults.length)
  })

  test('plans what is missing, and removes only what lies in the pods\' range', () => {
    const plan = planRoutes(
      [introduced('a', { podCIDRs: ['10.244.1.0/24'] }), introduced('b', { podCIDRs: ['10.244.2.0/24'] })],
      [
        { name: 'a-10-244-1-0-24', target: 'a', destination: '10.244.1.0/24' },
        { name: 'old', target: 'gone', destination: '10.244.9.0/24' },
        { name: 'office', target: 'vpn', destination: '172.16.0.0/12' },
      ],
      '10.244.0.0/16',
    )
    expect(plan).toEqual({ create: [{ name: 'b-10-244-2-0-24', target: 'b', destination: '10.244.2.0/24' }], remove: [{ name: 'old', target: 'gone', destination: '10.244.9.0/24' }] })
  })

  test('says on the node whether it has routes, and recovers', async () => {
    const cloud = new FakeCloud()
    cloud.failing.add('putRoute')
    const bench = await controllerBench([routeController(cloud, '10.244.0.0/16')], { before: (api) => seedNode(api, introduced('worker-1', { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] })) })
    await bench.kernel.runFor(2_000)
    expect(conditionOf(stored(bench, 'worker-1').status?.conditions, 'NetworkUnavailable')).toMatchObject({ status: 'True', reason: 'NoRouteCreated', message: 'RouteController failed to create a route' })
    expect(bench.events()[0]).toMatch(/^Warning FailedToCreateRoute Node\/worker-1: Could not create route .* 10\.244\.1\.0\/24 for node worker-1 after .*: InternalError: not today/)
    cloud.failing.clear()
    await bench.kernel.runFor(60_000)
    expect(conditionOf(stored(bench, 'worker-1').status?.conditions, 'NetworkUnavailable')).toMatchObject({ status: 'False', reason: 'RouteCreated' })
  })
})

describe('what a service asks of a load balancer', () => {
  test.each([
    ['all nodes that the cloud knows, kube-proxy\'s health', {}, { targets: ['a'], healthCheck: { port: 10_256, path: '/healthz' } }],
    ['its own health port with policy Local', { externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 }, { healthCheck: { port: 31_000, path: '/healthz' } }],
    ['its source ranges', { loadBalancerSourceRanges: ['10.0.0.0/8'] }, { sourceRanges: ['10.0.0.0/8'] }],
    ['the address that it names', { loadBalancerIP: '203.0.113.9' }, { address: '203.0.113.9' }],
  ] as const)('%s', (_, spec, wanted) => {
    const excluded = introduced('c')
    const nodes = [introduced('a'), testNode('b'), { ...excluded, metadata: { ...excluded.metadata, labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } } }]
    expect(requestFor(balanced('web', spec as Partial<NonNullable<Service['spec']>>), nodes)).toMatchObject(wanted)
  })

  test('a class belongs to somebody else; SCTP cannot be had', () => {
    expect(wantsLoadBalancer(balanced('web', { loadBalancerClass: 'other.io/lb' }))).toBe(false)
    expect(() => requestFor(balanced('web', { ports: [{ port: 1, protocol: 'SCTP', nodePort: 30_001 }] }), [])).toThrow('TCP and UDP')
  })

  test('changes are told in upstream\'s words', () => {
    expect(changesOf(balanced(), balanced('web', { type: 'ClusterIP' }))).toEqual([{ reason: 'Type', message: 'LoadBalancer -> ClusterIP' }])
    expect(changesOf(balanced('web', { externalTrafficPolicy: 'Cluster' }), balanced('web', { externalTrafficPolicy: 'Local' }))).toEqual([{ reason: 'ExternalTrafficPolicy', message: 'Cluster -> Local' }])
    expect(changesOf(balanced(), balanced('web', { loadBalancerSourceRanges: ['10.0.0.0/8'] }))).toEqual([{ reason: 'LoadBalancerSourceRanges', message: '[] -> [10.0.0.0/8]' }])
    expect(changesOf(balanced(), balanced())).toEqual([])
  })
})

describe('the service controller', () => {
  const run = async (cloud: FakeCloud, options: BenchOptions = {}): Promise<ControllerBench> =>
    controllerBench([serviceController(cloud)], { ...options, before: (api) => {
      seedNode(api, introduced('worker-1'))
      api.seed(serviceKind, balanced())
    } })

  test('ensures, follows the nodes, and cleans up when the type changes', async () => {
    const cloud = new FakeCloud()
    const bench = await run(cloud)
    await bench.settle()
    expect(service(bench).status?.loadBalancer?.ingress).toEqual([{ ip: '203.0.113.1', ipMode: 'VIP' }])
    expect(service(bench).metadata.finalizers).toEqual([cleanupFinalizer])
    seedNode(bench.api, introduced('worker-2'))
    await bench.settle()
    expect([...cloud.balancers.values()][0]!.targets).toEqual(['worker-1', 'worker-2'])
    bench.api.mutate(serviceKind, 'default', 'web', (copy) => {
      copy.spec!.type = 'ClusterIP'
      delete copy.spec!.ports![0]!.nodePort
    })
    await bench.settle()
    expect(cloud.balancers.size).toBe(0)
    expect(service(bench).metadata.finalizers ?? []).toEqual([])
    expect(service(bench).status?.loadBalancer?.ingress ?? []).toEqual([])
    expect(bench.events().map((event) => event.split(':')[0])).toEqual(['Normal EnsuringLoadBalancer Service/web', 'Normal EnsuredLoadBalancer Service/web', 'Normal UpdatedLoadBalancer Service/web', 'Normal Type Service/web', 'Normal DeletingLoadBalancer Service/web', 'Normal DeletedLoadBalancer Service/web'])
  })

  test('a failing cloud is asked again after 5 s, with a warning', async () => {
    const cloud = new FakeCloud()
    cloud.failing.add('putLoadBalancer')
    const bench = await run(cloud)
    await bench.kernel.runFor(3_000)
    expect(bench.events()).toContain('Warning SyncLoadBalancerFailed Service/web: Error syncing load balancer: failed to ensure load balancer: InternalError: not today')
    cloud.failing.clear()
    await bench.kernel.runFor(10_000)
    expect(service(bench).status?.loadBalancer?.ingress).toHaveLength(1)
  })

  test('gets there whatever happens to its writes', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const cloud = new FakeCloud()
      const bench = await run(cloud, fault ? { fault } : {})
      await bench.settle()
      await bench.kernel.runFor(15_000)
      return {
        writes: 2,
        check: () => {
          expect(service(bench).status?.loadBalancer?.ingress).toEqual([{ ip: '203.0.113.1', ipMode: 'VIP' }])
          expect(service(bench).metadata.finalizers).toEqual([cleanupFinalizer])
          expect(cloud.balancers.size).toBe(1)
        },
      }
    })
    expect(tried).toBeGreaterThan(benchFaults.length)
  })
})
