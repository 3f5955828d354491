import { expect, test } from 'vitest'
import { configMapKind } from '../../main/api/kinds/core/config-map.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import type { ConfigMap, Pod } from '../../main/api/generated/types.ts'
import { bootedLab } from './simulated-lab.ts'

const policy = ['apiVersion: audit.k8s.io/v1', 'kind: Policy', 'omitStages: [RequestReceived]', 'rules:', '- level: Request', '  resources: [{group: "", resources: [configmaps]}]', '  namespaces: [default]'].join('\\n')

/** As an administrator turns it on: a policy on the control-plane node, and flags and mounts in the API server's manifest. The kubelet
 *  then stops the old server in order and starts a new one. */
test('the audit log is turned on by the manifest', async () => {
  const lab = await bootedLab({ workers: 1 })
  const script = (name: string, command: string): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: 'controlplane',
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
      containers: [{ name: 'c', image: 'busybox:1.36', command: ['sh', '-c', command], volumeMounts: [{ name: 'host', mountPath: '/host' }] }],
      volumes: [{ name: 'host', hostPath: { path: '/' } }],
    },
  })
  const done = async (name: string): Promise<boolean> => (await lab.client.get<Pod>(podKind, name, 'default')).status?.phase === 'Succeeded'
  await lab.settle(lab.client.create(podKind, script('writer', `mkdir -p /host/var/log/kubernetes/audit && printf '${policy}\\n' > /host/etc/kubernetes/audit-policy.yaml`)))
  await lab.until(() => done('writer'), 60_000, 'the policy to be written')

  const { manifests } = lab.cluster.nodes.get('controlplane')!
  const { pod } = manifests.list().find(({ path }) => path.endsWith('/kube-apiserver.yaml'))!
  const [container] = pod.spec!.containers
  const mount = (name: string, path: string, type: string) => ({ mount: { name, mountPath: path }, volume: { name, hostPath: { path, type } } })
  const mounts = [mount('audit-policy', '/etc/kubernetes/audit-policy.yaml', 'File'), mount('audit-log', '/var/log/kubernetes/audit', 'DirectoryOrCreate')]
  const server = (): unknown => lab.cluster.machines.get('controlplane')!.process('kube-apiserver')
  const before = server()
  const changed = {
    ...pod,
    spec: {
      ...pod.spec!,
      containers: [{ ...container!, command: [...container!.command!, '--audit-policy-file=/etc/kubernetes/audit-policy.yaml', '--audit-log-path=/var/log/kubernetes/audit/audit.log'], volumeMounts: [...container!.volumeMounts!, ...mounts.map((each) => each.mount)] }],
      volumes: [...pod.spec!.volumes!, ...mounts.map((each) => each.volume)],
    },
  }
  await lab.settle(lab.client.create(podKind, script('editor', `cat > /host/etc/kubernetes/manifests/kube-apiserver.yaml <<'END'\n${JSON.stringify(changed)}\nEND`)))
  await lab.until(() => server() !== undefined && server() !== before, 120_000, 'a new server')
  const noted: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'noted', namespace: 'default' }, data: { a: 'b' } }
  await lab.until(() => lab.client.create(configMapKind, noted).then(() => true, () => false), 60_000, 'the new server to answer')
  await lab.settle(lab.client.create(podKind, script('reader', 'grep -c \'"name":"noted"\' /host/var/log/kubernetes/audit/audit.log && grep -q \'"requestObject":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"noted"\' /host/var/log/kubernetes/audit/audit.log')))
  await lab.until(() => done('reader'), 60_000, 'the log to hold the event')
  expect(await lab.settle(done('reader'))).toBe(true)
})
