import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../../main/control-plane/apiserver/testing/start-server.ts'
import { startWebhookBench } from '../../main/control-plane/apiserver/testing/webhook-bench.node.ts'
import type { WebhookBench } from '../../main/control-plane/apiserver/testing/webhook-bench.node.ts'
import { patching, refusing } from '../../main/control-plane/apiserver/testing/webhook-server.node.ts'
import type { WebhookServer } from '../../main/control-plane/apiserver/testing/webhook-server.node.ts'

const maps = '/api/v1/namespaces/default/configmaps'

/** What the official list asks of webhook configurations as objects: listed, changed, checked. */
describe.each(['Mutating', 'Validating'] as const)('%s webhook configurations', (type) => {
  const path = `/apis/admissionregistration.k8s.io/v1/${type.toLowerCase()}webhookconfigurations`
  let bench: WebhookBench
  let hooks: WebhookServer
  let server: TestServer

  beforeAll(async () => {
    bench = await startWebhookBench()
    ;({ hooks, server } = bench)
    hooks.on('/act', (review) => (type === 'Validating' ? refusing(review, { message: 'no' }) : patching(review, [{ op: 'add', path: '/data', value: { touched: 'yes' } }])))
  })
  afterAll(() => bench.close())

  const configuration = (name: string, more: object = {}, operations = ['CREATE']): object => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${type}WebhookConfiguration`,
    metadata: { name, labels: { set: 'these' } },
    webhooks: [{ name: 'act.example.com', clientConfig: { url: `${hooks.url}/act`, caBundle: hooks.caBundle }, rules: [{ operations, apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }], sideEffects: 'None', admissionReviewVersions: ['v1'], ...more }],
  })

  /** Whether the webhook acts on a new config map. */
  async function acts(): Promise<boolean> {
    const { status, json } = await server.call('POST', maps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'try-' } })
    return type === 'Validating' ? status !== 201 : json.data?.touched === 'yes'
  }

  test('are listed by label and deleted as a collection, and then act no longer', async () => {
    for (let index = 0; index < 10; index++) expect((await server.call('POST', path, configuration(`c${index}`))).status).toBe(201)
    expect((await server.call('GET', `${path}?labelSelector=set%3Dthese`)).json.items).toHaveLength(10)
    expect(await acts()).toBe(true)
    expect((await server.call('DELETE', `${path}?labelSelector=set%3Dthese`)).status).toBe(200)
    expect(await acts()).toBe(false)
  })

  test('act by the rules that they were updated and patched to', async () => {
    const { json } = await server.call('POST', path, configuration('changing'))
    expect(await acts()).toBe(true)
    const [webhook] = json.webhooks
    expect((await server.call('PUT', `${path}/changing`, { ...json, webhooks: [{ ...webhook, rules: [{ ...webhook.rules[0], operations: ['UPDATE'] }] }] })).status).toBe(200)
    expect(await acts()).toBe(false)
    const patched = await server.call('PATCH', `${path}/changing`, [{ op: 'replace', path: '/webhooks/0/rules/0/operations', value: ['CREATE'] }], { 'content-type': 'application/json-patch+json' })
    expect(patched.status).toBe(200)
    expect(await acts()).toBe(true)
    await server.call('DELETE', `${path}/changing`)
  })

  test('keep match conditions, and refuse those that do not compile', async () => {
    const conditions = [{ name: 'not-skipped', expression: "object.metadata.name != 'skip-me'" }]
    const { json } = await server.call('POST', path, configuration('conditional', { matchConditions: conditions }))
    expect(json.webhooks[0].matchConditions).toEqual(conditions)
    const more = [...conditions, { name: 'another', expression: 'true' }]
    await server.call('PUT', `${path}/conditional`, { ...json, webhooks: [{ ...json.webhooks[0], matchConditions: more }] })
    expect((await server.call('GET', `${path}/conditional`)).json.webhooks[0].matchConditions).toEqual(more)
    const refused = await server.call('POST', path, configuration('broken', { matchConditions: [{ name: 'bad', expression: '... [] bad expression' }] }))
    expect(refused.json).toMatchObject({ code: 422, reason: 'Invalid' })
    expect(refused.json.message).toContain('compilation failed')
    await server.call('DELETE', `${path}/conditional`)
  })
})
