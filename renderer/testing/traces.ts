import type { SpanView, TraceSummary } from '../../preload/contract/observe.ts'
import type { FakeCluster } from './fake-cluster.ts'

/** One trace of an apply, and a few short ones, as a lab would tell of them. */
export function fakeTraces(cluster: FakeCluster): { readonly summaries: readonly TraceSummary[]; readonly spans: ReadonlyMap<number, readonly SpanView[]> } {
  if (cluster.list('', 'Node').length === 0) return { summaries: [], spans: new Map() }
  const start = cluster.now - 64_000
  let id = 100
  const spans: SpanView[] = []
  const add = (parent: number, name: string, where: string, from: number, length: number, attributes: SpanView['attributes'] = {}): number => {
    spans.push({ id: ++id, parent, name, where, start: start + from, end: start + from + length, attributes })
    return id
  }
  const root = add(0, 'POST /apis/apps/v1/namespaces/default/deployments', 'kube-apiserver@controlplane', 0, 6.2, { user: 'kubernetes-admin', code: 201, agent: 'kubectl/v1.36.1' })
  add(root, 'etcd txn', 'etcd@controlplane', 2.1, 3.4, { revision: 1204 })
  const sync = add(root, 'deployment sync default/nginx-deployment', 'kube-controller-manager@controlplane', 7.1, 9.8)
  const set = add(sync, 'POST replicasets', 'kube-apiserver@controlplane', 8, 5.4, { code: 201 })
  const setSync = add(set, 'replicaset sync default/nginx-deployment-66b6c48dd5', 'kube-controller-manager@controlplane', 14.6, 22)
  for (const index of [0, 1, 2]) {
    const created = add(setSync, 'POST pods', 'kube-apiserver@controlplane', 15.5 + index * 6, 5.1, { code: 201 })
    const scheduled = add(created, 'schedule default/nginx', 'kube-scheduler@controlplane', 22 + index * 7, 4.2, { node: `worker-${index + 1}` })
    const bound = add(scheduled, 'POST pods/binding', 'kube-apiserver@controlplane', 24 + index * 7, 4.4, { code: 201 })
    const pod = add(bound, 'sync pod default/nginx', `kubelet@worker-${index + 1}`, 30 + index * 7, 1_840 - index * 120)
    add(pod, 'RunPodSandbox', `containerd@worker-${index + 1}`, 33 + index * 7, 210)
    add(pod, 'PullImage nginx:1.14.2', `containerd@worker-${index + 1}`, 250 + index * 7, 1_180 - index * 100)
    add(pod, 'StartContainer', `containerd@worker-${index + 1}`, 1_450 + index * 7, 340 - index * 30)
    add(pod, 'PATCH pods/status', 'kube-apiserver@controlplane', 1_830 + index * 7 - index * 120, 6.1, { code: 200 })
  }
  const summaries: TraceSummary[] = [{ root: spans[0]!, spanCount: spans.length, lastAt: start + 1_900, user: true }]
  const all = new Map<number, readonly SpanView[]>([[root, spans]])
  for (const [index, name] of ['GET /api/v1/namespaces/default/pods', 'GET /apis', 'GET /openapi/v3'].entries()) {
    const span: SpanView = { id: 900 + index, parent: 0, name, where: 'kube-apiserver@controlplane', start: start - 3_000 - index * 900, end: start - 2_996 - index * 900, attributes: { user: 'kubernetes-admin', code: 200 } }
    summaries.push({ root: span, spanCount: 1, lastAt: span.end!, user: true })
    all.set(span.id, [span])
  }
  return { summaries, spans: all }
}
