import { describe, expect, it } from 'vitest'
import type { Pod, ResourceQuota, Service } from '../../../api/generated/types.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { resourceQuotaKind } from '../../../api/kinds/core/resource-quota.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { atEveryWrite, benchFaults, controllerBench } from '../testing/controller-bench.ts'
import { recount, resourcesOf } from './recount.ts'
import { resourceQuotaController } from './resource-quota-controller.ts'

const quota = (hard: Record<string, string>, status: ResourceQuota['status'] = {}, spec: object = {}): ResourceQuota => ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q', namespace: 'default' }, spec: { hard, ...spec }, status })
const pod = (name: string, cpu = '100m', phase = 'Running', spec: object = {}): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }], ...spec }, status: { phase } }) as Pod

describe('counting', () => {
  it.each<[Record<string, string>, string[]]>([
    [{ pods: '1', cpu: '1', 'requests.memory': '1', 'limits.cpu': '1', 'requests.example.com/gpu': '1', 'hugepages-2Mi': '1' }, ['pods.']],
    [{ 'services.nodeports': '1', services: '1' }, ['services.']],
    [{ 'requests.storage': '1', 'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1', persistentvolumeclaims: '1' }, ['persistentvolumeclaims.']],
    [{ 'count/deployments.apps': '1', configmaps: '1', 'count/secrets': '1', 'count/a.b.c': '1' }, ['deployments.apps', 'configmaps.', 'secrets.', 'a.b.c']],
  ])('%j looks at %j', (hard, resources) => {
    expect(resourcesOf(hard).map(({ plural, group }) => `${plural}.${group}`)).toEqual(resources)
  })

  it('adds up what there is, leaves out what has ended, and keeps what it cannot see', () => {
    const objects: Record<string, readonly KubeObject[]> = {
      pods: [pod('a'), pod('b', '250m'), pod('done', '1', 'Succeeded'), pod('best', '1', 'Running', { activeDeadlineSeconds: 5 })],
      services: [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { type: 'LoadBalancer', ports: [{ port: 1 }, { port: 2 }] } } as Service],
    }
    const all = ({ plural }: { plural: string }): readonly KubeObject[] | undefined => objects[plural]
    expect(recount(quota({ pods: '9', 'count/pods': '9', 'requests.cpu': '9' }), all, 0)).toEqual({ hard: { pods: '9', 'count/pods': '9', 'requests.cpu': '9' }, used: { pods: '3', 'count/pods': '4', 'requests.cpu': '1350m' } })
    expect(recount(quota({ pods: '9' }, {}, { scopes: ['Terminating'] }), all, 0)?.used).toEqual({ pods: '1' })
    expect(recount(quota({ 'services.nodeports': '9', 'services.loadbalancers': '9' }), all, 0)?.used).toEqual({ 'services.nodeports': '2', 'services.loadbalancers': '1' })
    expect(recount(quota({ secrets: '9', pods: '9' }, { hard: {}, used: { secrets: '4' } }), all, 0)?.used).toEqual({ pods: '3', secrets: '4' })
    expect(recount(quota({ pods: '9' }, { hard: { pods: '9' }, used: { pods: '3' } }), all, 0)).toBeUndefined()
    expect(recount(quota({ pods: '8' }, { hard: { pods: '9' }, used: { pods: '3' } }), all, 0)?.hard).toEqual({ pods: '8' })
  })
})

describe('the controller', () => {
  it('fills in a new quota, and gives back what goes and what ends', async () => {
    const bench = await controllerBench([resourceQuotaController], { before: (api) => {
      api.seed(podKind, pod('a'))
      api.seed(podKind, pod('b', '250m'))
      for (const name of ['x', 'y']) api.seed(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })
      api.seed(resourceQuotaKind, quota({ pods: '5', 'requests.cpu': '1', 'count/configmaps': '5' }))
    } })
    const used = (): unknown => bench.api.peek(resourceQuotaKind, 'default', 'q')?.status?.used
    await bench.settle()
    expect(used()).toEqual({ pods: '2', 'requests.cpu': '350m', 'count/configmaps': '2' })
    bench.api.remove(configMapKind, 'default', 'x')
    bench.api.mutate(podKind, 'default', 'b', (copy) => void (copy.status = { phase: 'Failed' }))
    await bench.settle()
    expect(used()).toEqual({ pods: '1', 'requests.cpu': '100m', 'count/configmaps': '1' })
    bench.api.mutate(resourceQuotaKind, 'default', 'q', (copy) => void (copy.spec = { hard: { pods: '7' } }))
    await bench.settle()
    expect(bench.api.peek(resourceQuotaKind, 'default', 'q')?.status).toEqual({ hard: { pods: '7' }, used: { pods: '1' } })
  })

  it('reaches the same end whichever write fails', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const bench = await controllerBench([resourceQuotaController], { ...(fault ? { fault } : {}), before: (api) => {
        api.seed(podKind, pod('a'))
        api.seed(podKind, pod('b'))
      } })
      bench.api.seed(resourceQuotaKind, quota({ pods: '5' }))
      await bench.settle()
      bench.api.remove(podKind, 'default', 'a')
      await bench.settle()
      return {
        writes: bench.api.writes.filter((line) => !line.includes(' events ')).length,
        check: () => expect(bench.api.peek(resourceQuotaKind, 'default', 'q')?.status).toEqual({ hard: { pods: '5' }, used: { pods: '1' } }),
      }
    })
    expect(tried).toBeGreaterThan(benchFaults.length)
  })
})
