import { describe, expect, it } from 'vitest'
import { startServer } from './testing/start-server.ts'
import type { TestServer } from './testing/start-server.ts'

const pods = '/api/v1/namespaces/default/pods'
const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'

/** A server with a running pod `web`, ready or not. */
async function startWithPod(ready = true): Promise<TestServer> {
  const server = await startServer()
  const { call } = server
  await call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } })
  await call('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { app: 'web' } }, spec: { nodeName: 'worker-1', containers: [{ name: 'main', image: 'nginx' }] } })
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] }
  await call('PATCH', `${pods}/web/status`, { status }, { 'content-type': 'application/merge-patch+json' })
  return server
}

async function addBudget({ call }: TestServer, name: string, spec: object, status: object): Promise<void> {
  const made = await call('POST', budgets, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name }, spec: { selector: { matchLabels: { app: 'web' } }, ...spec } })
  expect(made.status).toBe(201)
  const patched = await call('PATCH', `${budgets}/${name}/status`, { status: { observedGeneration: 1, ...status } }, { 'content-type': 'application/merge-patch+json' })
  expect(patched.status).toBe(200)
}

function evict({ call }: TestServer, more: object = {}, query = ''): ReturnType<TestServer['call']> {
  return call('POST', `${pods}/web/eviction${query}`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' }, ...more })
}

describe('evictions', () => {
  it('delete pods that nothing guards, and say why on the pod', async () => {
    const server = await startWithPod()
    expect((await evict(server)).json).toMatchObject({ kind: 'Status', status: 'Success', code: 201 })
    const { json } = await server.call('GET', `${pods}/web`)
    expect(json.metadata.deletionTimestamp).toBeDefined()
    expect(json.status.conditions).toContainEqual({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting', lastTransitionTime: '2026-01-01T00:00:00Z' })
  })

  it('spend the budget and note the pod', async () => {
    const server = await startWithPod()
    await addBudget(server, 'guard', { minAvailable: 1 }, { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 })
    expect((await evict(server, {}, '?dryRun=All')).status).toBe(201)
    expect((await server.call('GET', `${budgets}/guard`)).json.status.disruptionsAllowed).toBe(1)
    expect((await evict(server)).status).toBe(201)
    expect((await server.call('GET', `${budgets}/guard`)).json.status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { web: '2026-01-01T00:00:00Z' },
      conditions: [{ type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', observedGeneration: 1 }],
    })
  })

  it.each<[string, object, object, string]>([
    ['is spent', { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 }, {}, 'The disruption budget guard needs 1 healthy pods and has 1 currently'],
    ['was not reckoned yet', { observedGeneration: 0, disruptionsAllowed: 1 }, { retryAfterSeconds: 10 }, 'The disruption budget guard is still being processed by the server.'],
  ])('are refused while the budget %s', async (_, status, details, message) => {
    const server = await startWithPod()
    await addBudget(server, 'guard', { minAvailable: 1 }, status)
    const refused = await evict(server)
    expect(refused.json).toMatchObject({ code: 429, reason: 'TooManyRequests', message: "Cannot evict pod as it would violate the pod's disruption budget.", details: { ...details, causes: [{ reason: 'DisruptionBudget', message }] } })
    expect(refused.headers['retry-after']).toBe('retryAfterSeconds' in details ? '10' : undefined)
    expect((await server.call('GET', `${pods}/web`)).json.metadata.deletionTimestamp).toBeUndefined()
  })

  it('of pods under two budgets fail', async () => {
    const server = await startWithPod()
    for (const name of ['one', 'two']) await addBudget(server, name, { maxUnavailable: 1 }, { disruptionsAllowed: 1 })
    expect((await evict(server)).json).toMatchObject({ code: 500, message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' })
  })

  it.each<[string, object, object, number]>([
    ['whole without it', {}, { disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 3 }, 201],
    ['not whole', {}, { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2, expectedPods: 3 }, 429],
    ['of no matter', { unhealthyPodEvictionPolicy: 'AlwaysAllow' }, { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2, expectedPods: 3 }, 201],
  ])('of an unready pod do not count where the rest is %s', async (_, spec, status, code) => {
    const server = await startWithPod(false)
    await addBudget(server, 'guard', { minAvailable: 2, ...spec }, status)
    expect((await evict(server)).status).toBe(code)
    expect((await server.call('GET', `${budgets}/guard`)).json.status.disruptedPods).toBeUndefined()
  })

  it('are refused for another name, and honour preconditions', async () => {
    const server = await startWithPod()
    expect((await evict(server, { metadata: { name: 'other' } })).json.message).toBe('name in URL does not match name in Eviction object')
    expect((await evict(server, { deleteOptions: { preconditions: { uid: 'other' } } })).json.message).toMatch(/^Operation cannot be fulfilled on Pod "web": the UID in the precondition \(other\) does not match the UID in record/)
    expect((await evict(server, { deleteOptions: { dryRun: ['All'] } })).status).toBe(201)
    expect((await server.call('GET', `${pods}/web`)).json.metadata.deletionTimestamp).toBeUndefined()
  })
})
