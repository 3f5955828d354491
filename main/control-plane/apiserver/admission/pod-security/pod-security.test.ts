import { expect, it } from 'vitest'
import { startServer } from '../../testing/start-server.ts'

const pod = (name: string, spec: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec } })
const namespace = (name: string, labels: Record<string, string>) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])) } })
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }

async function start() {
  const server = await startServer()
  const { call } = server
  const make = async (name: string, labels: Record<string, string>) => {
    const made = await call('POST', '/api/v1/namespaces', namespace(name, labels))
    await call('POST', `/api/v1/namespaces/${name}/serviceaccounts`, account)
    await server.run(10)
    return made
  }
  return { ...server, make }
}

it('refuses, warns and lets pass as the labels say', async () => {
  const { call, make } = await start()
  await make('strict', { enforce: 'baseline', warn: 'restricted' })
  const refused = await call('POST', '/api/v1/namespaces/strict/pods', pod('web', { hostNetwork: true }))
  expect(refused.json).toMatchObject({ code: 403, reason: 'Forbidden', message: 'pods "web" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)' })
  const warned = await call('POST', '/api/v1/namespaces/strict/pods', pod('web'))
  expect(warned.status).toBe(201)
  expect(warned.headers['warning']).toContain('would violate PodSecurity \\"restricted:latest\\": allowPrivilegeEscalation != false (container \\"c\\" must set')
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { hostNetwork: true, containers: [{ name: 'c', image: 'nginx' }] } } } }
  const made = await call('POST', '/apis/apps/v1/namespaces/strict/deployments', deployment)
  expect(made.status).toBe(201)
  expect(made.headers['warning']).toContain('host namespaces (hostNetwork=true)')
})

it('names generated pods, looks at new images, and not at new labels', async () => {
  const { call, make, run } = await start()
  await make('later', {})
  await call('POST', '/api/v1/namespaces/later/pods', pod('old', { hostNetwork: true }))
  await call('POST', '/api/v1/namespaces/later/pods', pod('older', { hostNetwork: true }))
  await run(10)
  const stricter = await call('PATCH', '/api/v1/namespaces/later', namespace('later', { enforce: 'baseline' }), { 'content-type': 'application/merge-patch+json' })
  expect(stricter.headers['warning']).toBe('299 - "existing pods in namespace \\"later\\" violate the new PodSecurity enforce level \\"baseline:latest\\"", 299 - "old (and 1 other pod): host namespaces"')
  await run(10)
  const merge = { 'content-type': 'application/merge-patch+json' }
  expect((await call('PATCH', '/api/v1/namespaces/later/pods/old', { metadata: { labels: { a: 'b' } } }, merge)).status).toBe(200)
  expect((await call('PATCH', '/api/v1/namespaces/later/pods/old', { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } }, { 'content-type': 'application/strategic-merge-patch+json' })).json.message).toBe('pods "old" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)')
  const { name: _name, ...metadata } = pod('x').metadata
  const generated = await call('POST', '/api/v1/namespaces/later/pods', { ...pod('x', { hostPID: true }), metadata: { ...metadata, generateName: 'web-' } })
  expect(generated.json.message).toMatch(/^pods "web-[a-z0-9]{5}" is forbidden: violates PodSecurity "baseline:latest": host namespaces \(hostPID=true\)$/)
})

it('refuses labels that mean nothing', async () => {
  const { make } = await start()
  expect((await make('wrong', { enforce: 'hard' })).json).toMatchObject({ code: 422, message: 'Namespace "wrong" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "hard": must be one of privileged, baseline, restricted' })
})
