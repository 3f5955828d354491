import { connect, createServer, type AddressInfo } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import * as k8s from 'client-node-1'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, startLab, type LabProcess } from './lab-process.ts'

/** What client-node.test.ts leaves of the library: untyped objects, custom ones, attach, port-forward, log, metrics, informers. */
describe('the rest of @kubernetes/client-node', { timeout: 180_000 }, () => {
  let lab: LabProcess
  const config = new k8s.KubeConfig()
  let core: k8s.CoreV1Api
  const namespace = 'default'

  beforeAll(async () => {
    lab = await startLab(['--headless', '--ephemeral', '--speed', '5'])
    config.loadFromFile(lab.facts.kubeconfig)
    core = config.makeApiClient(k8s.CoreV1Api)
    await eventually('the default service account is there', 30_000, async () => (await core.listNamespacedServiceAccount({ namespace })).items.length > 0)
    const command = ['sh', '-c', 'while read line; do echo "heard $line"; done']
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'web', labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14' }, { name: 'echo', image: 'busybox:1.36', command, stdin: true }] } } })
    await eventually('the pod runs', 60_000, async () => (await core.readNamespacedPod({ name: 'web', namespace })).status?.containerStatuses?.filter(({ ready }) => ready).length === 2)
  }, 200_000)
  afterAll(async () => {
    await lab.stop()
  })

  function gathering(): { readonly sink: Writable; readonly text: () => string } {
    let text = ''
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString()
        done()
      },
    })
    return { sink, text: () => text }
  }

  test('objects without a type: created, read, patched, replaced, listed, deleted', async () => {
    const client = k8s.KubernetesObjectApi.makeApiClient(config)
    const header = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'untyped', namespace } }
    const created = await client.create<k8s.V1ConfigMap>({ ...header, data: { a: '1' } })
    expect(created.data).toEqual({ a: '1' })
    expect((await client.read<k8s.V1ConfigMap>(header)).metadata!.uid).toBe(created.metadata!.uid)
    const patched = await client.patch<k8s.V1ConfigMap>({ ...header, data: { b: '2' } } as k8s.V1ConfigMap)
    expect(patched.data).toEqual({ a: '1', b: '2' })
    const applied = await client.patch<k8s.V1ConfigMap>({ ...header, data: { c: '3' } } as k8s.V1ConfigMap, undefined, undefined, 'surface', true, k8s.PatchStrategy.ServerSideApply)
    expect(applied.data).toEqual({ a: '1', b: '2', c: '3' })
    expect((await client.replace<k8s.V1ConfigMap>({ ...applied, data: { d: '4' } })).data).toEqual({ d: '4' })
    expect((await client.list<k8s.V1ConfigMap>('v1', 'ConfigMap', namespace)).items.map(({ metadata }) => metadata!.name)).toContain('untyped')
    await client.delete(header)
    await expect(client.read(header)).rejects.toMatchObject({ code: 404 })
  })

  test('a kind of one’s own, through the untyped and the custom API', async () => {
    const definitions = config.makeApiClient(k8s.ApiextensionsV1Api)
    const schema = { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } }
    await definitions.createCustomResourceDefinition({
      body: { metadata: { name: 'things.surface.example.com' }, spec: { group: 'surface.example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }] } },
    })
    const custom = config.makeApiClient(k8s.CustomObjectsApi)
    const at = { group: 'surface.example.com', version: 'v1', namespace, plural: 'things' }
    await eventually('things are served', 30_000, () => custom.listNamespacedCustomObject(at).then(() => true, () => false))
    await custom.createNamespacedCustomObject({ ...at, body: { apiVersion: 'surface.example.com/v1', kind: 'Thing', metadata: { name: 'one' }, spec: { size: 1 } } })
    const patched = (await custom.patchNamespacedCustomObject({ ...at, name: 'one', body: [{ op: 'replace', path: '/spec/size', value: 2 }] })) as { spec: { size: number } }
    expect(patched.spec.size).toBe(2)
    await expect(custom.patchNamespacedCustomObject({ ...at, name: 'one', body: [{ op: 'replace', path: '/spec/size', value: 'x' }] })).rejects.toMatchObject({ code: 422 })
    const untyped = await k8s.KubernetesObjectApi.makeApiClient(config).read<k8s.KubernetesObject & { spec: { size: number } }>({ apiVersion: 'surface.example.com/v1', kind: 'Thing', metadata: { name: 'one', namespace } })
    expect(untyped.spec.size).toBe(2)
    await custom.deleteCollectionNamespacedCustomObject(at)
    expect(((await custom.listNamespacedCustomObject(at)) as { items: object[] }).items).toEqual([])
  })

  test('an informer by label keeps a cache', async () => {
    const list = (): Promise<k8s.V1ConfigMapList> => core.listNamespacedConfigMap({ namespace, labelSelector: 'watched=yes' })
    const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list, 'watched=yes')
    const seen: string[] = []
    for (const verb of ['add', 'update', 'delete'] as const) informer.on(verb, (map: k8s.V1ConfigMap) => void seen.push(`${verb} ${map.metadata!.name} ${map.data?.['v'] ?? ''}`))
    await informer.start()
    const body = (v: string): k8s.V1ConfigMap => ({ metadata: { name: 'seen', labels: { watched: 'yes' } }, data: { v } })
    await core.createNamespacedConfigMap({ namespace, body: body('1') })
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'unseen' } } })
    await eventually('it was added', 20_000, () => informer.get('seen', namespace)?.data?.['v'] === '1')
    await core.replaceNamespacedConfigMap({ namespace, name: 'seen', body: body('2') })
    await eventually('it was changed', 20_000, () => informer.get('seen', namespace)?.data?.['v'] === '2')
    await core.deleteNamespacedConfigMap({ namespace, name: 'seen' })
    await eventually('it was deleted', 20_000, () => informer.list(namespace).length === 0)
    expect(seen).toEqual(['add seen 1', 'update seen 2', 'delete seen 2'])
    await informer.stop()
  })

  test('attach hears and answers', async () => {
    const output = gathering()
    const input = new PassThrough()
    const socket = await new k8s.Attach(config).attach(namespace, 'web', 'echo', output.sink, null, input, false)
    input.write('hello\n')
    await eventually('the container answers', 30_000, () => output.text().includes('heard hello'))
    socket.close()
  })

  test('a port is forwarded', async () => {
    const forward = new k8s.PortForward(config)
    const server = createServer((socket) => void forward.portForward(namespace, 'web', [80], socket, null, socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.write('GET / HTTP/1.1\r\nHost: web\r\n\r\n')
    await eventually('the page came', 30_000, () => answer.includes('Welcome to nginx!'))
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    socket.destroy()
    server.close()
  })

  test('a log is followed', async () => {
    await core.createNamespacedPod({ namespace, body: { metadata: { name: 'talker' }, spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', 'for n in 1 2 3; do echo line $n; sleep 1; done'] }] } } })
    await eventually('it talks', 60_000, async () => ['Running', 'Succeeded'].includes((await core.readNamespacedPod({ name: 'talker', namespace })).status?.phase ?? ''))
    const output = gathering()
    await new k8s.Log(config).log(namespace, 'talker', 'main', output.sink, { follow: true })
    await eventually('all lines came', 30_000, () => output.text() === 'line 1\nline 2\nline 3\n')
  })

  test('metrics of nodes and pods, and top', async () => {
    const metrics = new k8s.Metrics(config)
    await eventually('metrics are served', 90_000, async () => metrics.getPodMetrics('kube-system').then(({ items }) => items.length > 0, () => false))
    expect((await metrics.getNodeMetrics()).items.length).toBe((await core.listNode()).items.length)
    const top = await k8s.topNodes(core)
    expect(top.every(({ CPU }) => Number(CPU.Capacity) > 0)).toBe(true)
    expect((await k8s.topPods(core, metrics, 'kube-system')).length).toBeGreaterThan(0)
  })
})
