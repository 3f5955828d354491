import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
const merge = { 'content-type': 'application/merge-patch+json' }
const flow = '/apis/flowcontrol.apiserver.k8s.io/v1'
const services = '/apis/apiregistration.k8s.io/v1/apiservices'

describe('the objects of priority and fairness', () => {
  it('are there, in the order in which they are tried, and lead somewhere', async () => {
    const { call, run } = await startServer()
    await run(100)
    const schemas = await call('GET', `${flow}/flowschemas`, undefined, table)
    expect(schemas.json.rows.map(({ cells }: { cells: unknown[] }) => [...cells.slice(0, 4), cells[5]].join(' '))).toEqual([
      'exempt exempt 1 <none> False',
      'probes exempt 2 <none> False',
      'system-leader-election leader-election 100 ByUser False',
      'endpoint-controller workload-high 150 ByUser False',
      'workload-leader-election leader-election 200 ByUser False',
      'system-node-high node-high 400 ByUser False',
      'system-nodes system 500 ByUser False',
      'kube-controller-manager workload-high 800 ByNamespace False',
      'kube-scheduler workload-high 800 ByNamespace False',
      'kube-system-service-accounts workload-high 900 ByNamespace False',
      'service-accounts workload-low 9000 ByUser False',
      'global-default global-default 9900 ByUser False',
      'catch-all catch-all 10000 ByUser False',
    ])
    const levels = await call('GET', `${flow}/prioritylevelconfigurations`, undefined, table)
    expect(levels.json.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 6).join(' '))).toEqual([
      'catch-all Limited 5 <none> <none> <none>',
      'exempt Exempt <none> <none> <none> <none>',
      'global-default Limited 20 128 6 50',
      'leader-election Limited 10 16 4 50',
      'node-high Limited 40 64 6 50',
      'system Limited 30 64 6 50',
      'workload-high Limited 40 128 6 50',
      'workload-low Limited 100 128 6 50',
    ])
    expect((await call('GET', `${flow}/flowschemas/probes`)).json.metadata.managedFields.map(({ manager }: { manager: string }) => manager).sort()).toEqual(['api-priority-and-fairness-config-consumer-v1', 'api-priority-and-fairness-config-producer-v1'])
  })

  it('come back, unless an administrator has taken them over', async () => {
    const { call, run } = await startServer()
    await run(100)
    await call('DELETE', `${flow}/flowschemas/catch-all`)
    await call('PATCH', `${flow}/flowschemas/service-accounts`, { spec: { matchingPrecedence: 8000 } }, merge)
    await call('PATCH', `${flow}/flowschemas/global-default`, { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } }, spec: { matchingPrecedence: 8001 } }, merge)
    await run(61_000)
    expect((await call('GET', `${flow}/flowschemas/catch-all`)).status).toBe(200)
    expect((await call('GET', `${flow}/flowschemas/service-accounts`)).json.spec.matchingPrecedence).toBe(9000)
    expect((await call('GET', `${flow}/flowschemas/global-default`)).json.spec.matchingPrecedence).toBe(8001)
  })

  it('are left in peace when they are right', async () => {
    const { call, run } = await startServer()
    const versions = async (): Promise<unknown> => {
      const lists = [await call('GET', `${flow}/flowschemas`), await call('GET', `${flow}/prioritylevelconfigurations`)]
      return lists.map(({ json }) => json.items.map(({ metadata }: { metadata: { resourceVersion: string } }) => metadata.resourceVersion))
    }
    await run(100)
    const before = await versions()
    await run(130_000)
    expect(await versions()).toEqual(before)
  })

  it('say when their level is missing', async () => {
    const { call, run } = await startServer()
    await call('POST', `${flow}/flowschemas`, { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { name: 'lost' }, spec: { priorityLevelConfiguration: { name: 'nowhere' } } })
    await run(100)
    expect((await call('GET', `${flow}/flowschemas/lost`)).json.status.conditions).toMatchObject([
      { type: 'Dangling', status: 'True', reason: 'NotFound', message: 'This FlowSchema references the PriorityLevelConfiguration object named "nowhere" but there is no such object' },
    ])
  })
})

describe('API services', () => {
  it('stand for what the server answers itself', async () => {
    const { call } = await startServer()
    const { json } = await call('GET', services, undefined, table)
    const rows = json.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 3).join(' '))
    expect(rows).toContain('v1. Local True')
    expect(rows).toContain('v1.apps Local True')
    expect(rows).toContain('v1.networking.k8s.io Local True')
    expect(rows.join()).not.toContain('apiregistration')
    expect((await call('GET', `${services}/v1.apps`)).json).toMatchObject({
      metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
      spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 },
      status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local', message: 'Local APIServices are always available' }] },
    })
  })

  it('come and go with custom resources', async () => {
    const { call, run } = await startServer()
    const schema = { openAPIV3Schema: { type: 'object' } }
    await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'moons.example.com' },
      spec: { group: 'example.com', scope: 'Cluster', names: { plural: 'moons', kind: 'Moon' }, versions: [{ name: 'v1', served: true, storage: true, schema }, { name: 'v2', served: true, storage: false, schema }] },
    })
    await run(3_000)
    expect((await call('GET', `${services}/v1.example.com`)).json).toMatchObject({ metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } }, spec: { groupPriorityMinimum: 1000, versionPriority: 100 } })
    await call('DELETE', `${services}/v2.example.com`)
    await run(100)
    expect((await call('GET', `${services}/v2.example.com`)).status).toBe(200)
    await call('DELETE', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/moons.example.com')
    await run(3_000)
    expect((await call('GET', `${services}/v1.example.com`)).status).toBe(404)
  })
})
