import { expect, test } from 'vitest'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { apiServiceKind } from '../../main/api/kinds/apiregistration/api-service.ts'
import type { Deployment, Pod } from '../../main/api/generated/types.ts'
import { conditionOf } from '../../main/api/machinery/conditions.ts'
import { cpuMillis } from '../../main/api/machinery/quantity.ts'
import { openEdge } from '../../main/cluster/edge.node.ts'
import { createPki } from '../../main/control-plane/apiserver/pki.node.ts'
import { Kubectl, realKubectl } from '../../main/control-plane/apiserver/testing/real-kubectl.node.ts'
import { bootedLab } from './simulated-lab.ts'

interface Usage {
  readonly cpu: string
  readonly memory: string
}
interface Measured {
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly window: string
  readonly usage?: Usage
  readonly containers?: readonly { readonly name: string; readonly usage: Usage }[]
}

const stress = {
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'busy', namespace: 'default', labels: { app: 'busy' } },
  spec: { containers: [{ name: 'main', image: 'polinux/stress', command: ['stress'], args: ['--cpu', '1', '--vm', '1', '--vm-bytes', '100M', '--vm-hang', '1'] }] },
} as Pod

test('metrics-server measures nodes and pods, and kubectl top shows it', async () => {
  const lab = await bootedLab()
  await lab.settle(lab.client.create(podKind, stress))
  const available = async (): Promise<boolean> => conditionOf((await lab.client.get(apiServiceKind, 'v1beta1.metrics.k8s.io').catch(() => undefined))?.status?.conditions, 'Available')?.status === 'True'
  await lab.until(available, 120_000, 'the metrics API available')
  expect((await lab.settle(lab.client.get<Deployment>(deploymentKind, 'metrics-server', 'kube-system'))).status?.readyReplicas).toBe(1)
  await lab.cluster.kernel.runFor(45_000)
  const list = async (path: string): Promise<Measured[]> => ((await lab.settle(lab.client.raw('GET', `/apis/metrics.k8s.io/v1beta1/${path}`))).body as { items: Measured[] }).items
  const nodes = await list('nodes')
  expect(nodes.map(({ metadata }) => metadata.name)).toEqual(['controlplane', 'worker-1', 'worker-2', 'worker-3'])
  for (const { usage, window } of nodes) {
    expect(cpuMillis(usage!.cpu)).toBeGreaterThan(20)
    expect(window).toMatch(/^1[45]\.?\d*s$/)
  }
  const [busy, ...others] = await list('namespaces/default/pods?labelSelector=app%3Dbusy')
  expect(others).toEqual([])
  expect(busy).toMatchObject({ metadata: { name: 'busy', namespace: 'default' }, containers: [{ name: 'main' }] })
  expect(cpuMillis(busy!.containers![0]!.usage.cpu)).toBeGreaterThan(900)
  expect((await list('pods')).filter(({ metadata }) => metadata.namespace === 'kube-system').length).toBeGreaterThan(8)
  const missing = await lab.settle(lab.client.raw('GET', '/apis/metrics.k8s.io/v1beta1/nodes/none'))
  expect(missing.body).toMatchObject({ code: 404, message: 'nodemetrics.metrics.k8s.io "none" not found' })

  const text = async (path: string): Promise<string> => String((await lab.settle(lab.client.raw('GET', `/api/v1/nodes/worker-1/proxy/metrics/${path}`))).body)
  expect(await text('resource')).toMatch(/^container_memory_working_set_bytes\{container="kube-proxy",namespace="kube-system",pod="kube-proxy-\w+"\} \d{8} \d{13}$/m)
  expect(await text('resource')).toMatch(/^pod_cpu_usage_seconds_total\{namespace="kube-system",pod="kube-proxy-\w+"\} \S+ \d{13}$/m)
  expect(await text('cadvisor')).toMatch(/^container_cpu_usage_seconds_total\{container="kube-proxy",cpu="total",id="\S+",image="\S+kube-proxy\S*",name="\w+",namespace="kube-system",pod="kube-proxy-\w+"\} \S+ \d{13}$/m)

  const binary = realKubectl()
  if (!binary) return
  const pki = await createPki({ now: Date.now() })
  const edge = await openEdge(lab.cluster, pki, 0)
  const kubectl = new Kubectl(binary, edge.kubeconfig)
  lab.cluster.pacer.resume()
  try {
    const top = async (args: string): Promise<string> => {
      const { code, stdout, stderr } = await kubectl.run(['top', ...args.split(' ')])
      expect(`${code} ${stderr}`).toBe('0 ')
      return stdout
    }
    expect(await top('nodes')).toMatch(/^NAME +CPU\(cores\) +CPU\(%\) +MEMORY\(bytes\) +MEMORY\(%\) *\ncontrolplane +\d+m +\d+% +\d+Mi +\d+%/)
    expect(await top('pods --containers')).toMatch(/^POD +NAME +CPU\(cores\) +MEMORY\(bytes\) *\nbusy +main +\d+m +\d+Mi/)
    expect((await kubectl.run(['get', 'podmetrics', 'busy'])).stdout).toMatch(/^NAME +CPU +MEMORY +WINDOW\nbusy +\S+ +\S+ +1[45]\S*s/)
  } finally {
    lab.cluster.pacer.stop()
    await edge.close()
  }
})
