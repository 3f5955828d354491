import { describe, expect, test } from 'vitest'
import type { Pod } from '../../api/generated/types.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { KubeletBench } from './testing/bench.ts'
import type { ManifestSource } from './static-pods.ts'

class Manifests implements ManifestSource {
  readonly files = new Map<string, Pod>()
  readonly #listeners = new Set<() => void>()

  list(): { path: string; pod: Pod }[] {
    return [...this.files].map(([path, pod]) => ({ path, pod }))
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  write(path: string, pod: Pod | undefined): void {
    if (pod) this.files.set(path, pod)
    else this.files.delete(path)
    for (const listener of this.#listeners) listener()
  }
}

const manifest = (image: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'etcd', namespace: 'kube-system' }, spec: { hostNetwork: true, containers: [{ name: 'etcd', image }] } })

async function bench(): Promise<{ b: KubeletBench; manifests: Manifests; mirror: () => Pod | undefined }> {
  const manifests = new Manifests()
  manifests.files.set('/etc/kubernetes/manifests/etcd.yaml', manifest('etcd:1'))
  const b = new KubeletBench({ staticPods: manifests })
  b.runtime.programs.set('etcd', { pullMs: 10 })
  await b.run(3_000)
  return { b, manifests, mirror: () => b.api.peek(podKind, 'kube-system', 'etcd-worker-1') }
}

describe('static pods', () => {
  test('run without the API and are mirrored in it', async () => {
    const { b, mirror } = await bench()
    expect(b.runtime.calls).toContain('start etcd-worker-1/etcd#0')
    const pod = mirror()!
    expect(pod.metadata.annotations).toMatchObject({ 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.mirror': pod.metadata.annotations!['kubernetes.io/config.hash'] })
    expect(pod.metadata.ownerReferences).toMatchObject([{ kind: 'Node', name: 'worker-1', controller: true }])
    expect(pod.spec).toMatchObject({ nodeName: 'worker-1', restartPolicy: 'Always', tolerations: [{ effect: 'NoExecute', operator: 'Exists' }] })
    expect(pod.status).toMatchObject({ phase: 'Running', podIP: '192.168.64.11', hostIP: '192.168.64.11', containerStatuses: [{ ready: true }] })
  })

  test('come back when somebody deletes the mirror', async () => {
    const { b, mirror } = await bench()
    const before = mirror()!.metadata.uid
    b.api.remove(podKind, 'kube-system', 'etcd-worker-1')
    await b.run(2_000)
    expect(mirror()!.metadata.uid).not.toBe(before)
    expect(mirror()!.status!.phase).toBe('Running')
    expect(b.runtime.calls.filter((call) => call.startsWith('start'))).toEqual(['start etcd-worker-1/etcd#0'])
  })

  test('are replaced when their manifest changes, the old one first stopping', async () => {
    const { b, manifests, mirror } = await bench()
    manifests.write('/etc/kubernetes/manifests/etcd.yaml', manifest('etcd:2'))
    await b.run(3_000)
    expect(mirror()!.spec!.containers[0]!.image).toBe('etcd:2')
    expect(mirror()!.status).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount: 0, ready: true }] })
    expect(b.runtime.calls.filter((call) => /^(start|stop) etcd/.test(call))).toEqual(['start etcd-worker-1/etcd#0', 'stop etcd-worker-1/etcd#0 grace=30', 'start etcd-worker-1/etcd#0'])
  })

  test('go with their manifest', async () => {
    const { b, manifests, mirror } = await bench()
    manifests.write('/etc/kubernetes/manifests/etcd.yaml', undefined)
    await b.run(3_000)
    expect(mirror()).toBeUndefined()
    expect(b.process.view('workers')).toEqual([])
    expect(b.runtime.calls.at(-1)).toBe('remove sandbox kube-system/etcd-worker-1')
  })
})
