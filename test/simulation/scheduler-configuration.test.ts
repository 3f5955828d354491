import { expect, it } from 'vitest'
import type { Pod } from '../../main/api/generated/types.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { bootedLab } from './simulated-lab.ts'
import { runOnMachine } from './test-terminal.ts'

it('the scheduler reads the file that its manifest names, and writes decisions into pods when told to', async () => {
  const lab = await bootedLab({ workers: 2 })
  const manifest = '/etc/kubernetes/manifests/kube-scheduler.yaml'
  const file = '/etc/kubernetes/scheduler.conf'
  const run = async (command: string): Promise<string> => (await runOnMachine(lab, command, 'controlplane')).out
  // The one file that the manifest mounts already: kubeconfigs are not read by this scheduler.
  await run(`printf 'apiVersion: kubescheduler.config.k8s.io/v1\\nkind: KubeSchedulerConfiguration\\nprofiles:\\n- schedulerName: mine\\n' > ${file}`)
  await run(`sed -i 's|- --leader-elect=true|- --leader-elect=true\\n    - --config=${file}\\n    - --simulator-annotations=true|' ${manifest}`)
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' }, spec: { schedulerName: 'mine', containers: [{ name: 'main', image: 'nginx:1.14' }] } }
  await lab.settle(lab.client.create(podKind, pod))
  await lab.cluster.kernel.runFor(90_000)
  const found = await lab.settle(lab.client.get<Pod>(podKind, 'p', 'default'))
  expect(found.spec!.nodeName).toMatch(/^worker-/)
  expect(found.metadata.annotations!['kube-scheduler-simulator.sigs.k8s.io/selected-node']).toBe(found.spec!.nodeName)
  await lab.cluster.stop()
}, 60_000)
