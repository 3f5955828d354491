/** The streams as @kubernetes/client-node opens them (1.x: 2.x cannot be imported on Node 20). */
import { PassThrough } from 'node:stream'
import { CoreV1Api, Exec, KubeConfig, Log, PortForward, Watch, makeInformer } from 'client-node-1'
import type { V1Pod, V1Status } from 'client-node-1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeNode, podOnFakeNode, startFakeKubelet } from './testing/fake-kubelet.ts'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'
import { edgeCaller } from './testing/edge-caller.node.ts'

let dev: DevServer
let config: KubeConfig
beforeAll(async () => {
  dev = await startDevServer()
  const edge = edgeCaller(dev)
  startFakeKubelet(dev.network)
  await edge.call('POST', '/api/v1/nodes', JSON.stringify(fakeNode))
  await edge.call('POST', '/api/v1/namespaces/default/serviceaccounts', JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }))
  await edge.call('POST', '/api/v1/namespaces/default/pods', JSON.stringify(podOnFakeNode('streams')))
  config = new KubeConfig()
  config.loadFromString(dev.kubeconfig)
})
afterAll(() => dev.close())

const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 250 && !done(); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(done()).toBe(true)
}
function collector(): { readonly stream: PassThrough; readonly text: () => string } {
  const stream = new PassThrough()
  let text = ''
  stream.on('data', (bytes: Buffer) => (text += bytes.toString()))
  return { stream, text: () => text }
}

describe('@kubernetes/client-node', () => {
  it('runs commands', async () => {
    const out = collector()
    const error = collector()
    const status = await new Promise<V1Status>((resolve, reject) => {
      new Exec(config).exec('default', 'streams', 'main', ['exit', '3'], out.stream, error.stream, null, false, resolve).catch(reject)
    })
    expect(status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' })
    expect([out.text(), error.text()]).toEqual(['out\n', 'err\n'])
    const echo = collector()
    const input = new PassThrough()
    const done = new Promise<V1Status>((resolve, reject) => {
      new Exec(config).exec('default', 'streams', 'main', ['cat'], echo.stream, null, input, false, resolve).catch(reject)
    })
    input.end('hello')
    expect((await done).status).toBe('Success')
    expect(echo.text()).toBe('hello')
  })

  it('forwards ports', async () => {
    const out = collector()
    const error = collector()
    const input = new PassThrough()
    const socket = await new PortForward(config).portForward('default', 'streams', [80], out.stream, error.stream, input)
    input.write('ping')
    await until(() => out.text() === 'you said: ping')
    ;(socket as unknown as { close(): void }).close()
  })

  it('follows logs, watches and informs', async () => {
    const log = collector()
    await new Log(config).log('default', 'streams', 'main', log.stream, { follow: true })
    await until(() => log.text() === 'one\ntwo\n')
    const seen: string[] = []
    const watch = await new Watch(config).watch('/api/v1/namespaces/default/pods', { allowWatchBookmarks: true }, (type, pod: V1Pod) => seen.push(`${type} ${pod.metadata?.name}`), () => undefined)
    await until(() => seen.length === 1)
    expect(seen).toEqual(['ADDED streams'])
    watch.abort()
    const api = config.makeApiClient(CoreV1Api)
    const informer = makeInformer<V1Pod>(config, '/api/v1/namespaces/default/pods', () => api.listNamespacedPod({ namespace: 'default' }))
    const events: string[] = []
    informer.on('add', (pod) => events.push(`add ${pod.metadata?.name}`))
    informer.on('update', (pod) => events.push(`update ${pod.metadata?.labels?.['x']}`))
    await informer.start()
    await api.patchNamespacedPod({ namespace: 'default', name: 'streams', body: [{ op: 'add', path: '/metadata/labels', value: { x: 'y' } }] })
    await until(() => events.includes('update y'))
    expect(events[0]).toBe('add streams')
    await informer.stop()
  })
})
