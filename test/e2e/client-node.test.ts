import { Writable } from 'node:stream'
import * as k8s from 'client-node-1'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, startLab, type LabProcess } from './lab-process.ts'

/** Unmodified @kubernetes/client-node (1.x: 2.x cannot be imported on Node 20) against the built lab. */
describe('@kubernetes/client-node', () => {
  let lab: LabProcess
  const config = new k8s.KubeConfig()
  let core: k8s.CoreV1Api
  let apps: k8s.AppsV1Api
  const namespace = 'library'
  beforeAll(async () => {
    lab = await startLab(['--headless', '--ephemeral', '--speed', '5'])
    config.loadFromFile(lab.facts.kubeconfig)
    core = config.makeApiClient(k8s.CoreV1Api)
    apps = config.makeApiClient(k8s.AppsV1Api)
    await core.createNamespace({ body: { metadata: { name: namespace } } })
    await eventually('the default service account is there', 10_000, async () => (await core.listNamespacedServiceAccount({ namespace })).items.length > 0)
  })
  afterAll(async () => {
    await lab.stop()
  })

  test('an informer sees a deployment’s pods come and go', async () => {
    const events: string[] = []
    const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/pods`, () => core.listNamespacedPod({ namespace }))
    informer.on('add', (pod) => events.push(`add ${pod.metadata!.labels!.app}`))
    informer.on('delete', (pod) => events.push(`delete ${pod.metadata!.labels!.app}`))
    await informer.start()
    await apps.createNamespacedDeployment({
      namespace,
      body: { metadata: { name: 'web' }, spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14' }] } } } },
    })
    await eventually('two pods are ready', 30_000, async () => (await apps.readNamespacedDeploymentStatus({ name: 'web', namespace })).status?.readyReplicas === 2)
    expect(events).toEqual(['add web', 'add web'])
    const scale = await apps.readNamespacedDeploymentScale({ name: 'web', namespace })
    await apps.replaceNamespacedDeploymentScale({ name: 'web', namespace, body: { ...scale, spec: { replicas: 1 } } })
    await eventually('one pod is deleted', 60_000, () => events.includes('delete web'))
    await informer.stop()
  })

  test('watch, from a version', async () => {
    const watch = new k8s.Watch(config)
    const { metadata } = await core.listNamespacedConfigMap({ namespace })
    const seen: string[] = []
    const request = await watch.watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { resourceVersion: metadata!.resourceVersion },
      (phase: string, object: k8s.V1ConfigMap) => seen.push(`${phase} ${object.metadata!.name}`),
      () => {},
    )
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'seen' }, data: { a: '1' } } })
    await core.deleteNamespacedConfigMap({ namespace, name: 'seen' })
    await eventually('both events arrived', 10_000, () => seen.length >= 2)
    expect(seen).toEqual(['ADDED seen', 'DELETED seen'])
    request.abort()
  })

  test('exec, with output and exit status', async () => {
    const [pod] = (await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })).items
    const exec = new k8s.Exec(config)
    let output = ''
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        output += chunk.toString()
        done()
      },
    })
    const status = await new Promise<k8s.V1Status>((resolve, reject) => {
      exec.exec(namespace, pod!.metadata!.name!, 'nginx', ['sh', '-c', 'echo from the pod; exit 7'], sink, null, null, false, resolve).catch(reject)
    })
    expect(output).toBe('from the pod\n')
    expect(status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '7' }] } })
  })

  test('logs', async () => {
    const [pod] = (await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })).items
    expect(await core.readNamespacedPodLog({ name: pod!.metadata!.name!, namespace, tailLines: 1 })).toContain('\n')
  })

  test('patches of every kind, and server-side apply with its conflicts', async () => {
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'patched' }, data: { a: '1', b: '2' } } })
    const patch = (body: object, type: k8s.PatchStrategy, manager?: string) =>
      core.patchNamespacedConfigMap({ name: 'patched', namespace, body, ...(manager ? { fieldManager: manager } : {}) }, k8s.setHeaderOptions('Content-Type', type))
    expect((await patch([{ op: 'replace', path: '/data/a', value: 'json' }], k8s.PatchStrategy.JsonPatch)).data).toEqual({ a: 'json', b: '2' })
    expect((await patch({ data: { b: null } }, k8s.PatchStrategy.MergePatch)).data).toEqual({ a: 'json' })
    expect((await patch({ data: { c: 'strategic' } }, k8s.PatchStrategy.StrategicMergePatch)).data).toEqual({ a: 'json', c: 'strategic' })
    const apply = (value: string, manager: string) => patch({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'patched' }, data: { owned: value } }, k8s.PatchStrategy.ServerSideApply, manager)
    expect((await apply('first', 'one')).data!.owned).toBe('first')
    await expect(apply('second', 'two')).rejects.toMatchObject({ code: 409 })
    const { metadata } = await core.readNamespacedConfigMap({ name: 'patched', namespace })
    expect(metadata!.managedFields!.filter((entry) => entry.operation === 'Apply').map((entry) => entry.manager)).toEqual(['one'])
  })

  test('wrong credentials and wrong requests get Kubernetes’ own answers', async () => {
    const stranger = new k8s.KubeConfig()
    stranger.loadFromClusterAndUser({ name: 'c', server: lab.facts.server, caData: config.clusters[0]!.caData!, skipTLSVerify: false }, { name: 'u', token: 'not.a.token' })
    await expect(stranger.makeApiClient(k8s.CoreV1Api).listNamespacedPod({ namespace })).rejects.toMatchObject({ code: 401 })
    await expect(core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'Not A Name' } } })).rejects.toMatchObject({ code: 422 })
    await expect(core.readNamespacedPod({ namespace, name: 'nope' })).rejects.toMatchObject({ code: 404 })
  })
})
