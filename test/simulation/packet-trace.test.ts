import { expect, test } from 'vitest'
import type { ConfigMap, Deployment, NetworkPolicy, Pod, Service } from '../../main/api/generated/types.ts'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { configMapKind } from '../../main/api/kinds/core/config-map.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { serviceKind } from '../../main/api/kinds/core/service.ts'
import { networkPolicyKind } from '../../main/api/kinds/networking/network-policy.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import { packetLabel, tracePacket } from '../../main/cluster/followed-packets.ts'
import { replayRun } from '../../main/cluster/replay.ts'
import type { RecordedInput } from '../../main/kernel/input-log.ts'
import { bootedLab, createLab } from './simulated-lab.ts'
import { runOnMachine } from './test-terminal.ts'

/** What a node shows of the ways through its network, in kube-proxy's modes. */
test("a node tells a packet's way hop by hop, and its rules in the words of kube-proxy's mode", async () => {
  const lab = await bootedLab({ workers: 1 })
  const pods = async (labelSelector: string): Promise<readonly Pod[]> => (await lab.client.list(podKind, { labelSelector })).items
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } }
  await lab.settle(lab.client.create(deploymentKind, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template } } as Deployment))
  await lab.settle(lab.client.create(serviceKind, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } } as Service))
  await lab.settle(lab.client.create(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'client', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'busybox:1.36', command: ['sleep', '10000'] }] } } as Pod))
  await lab.until(async () => [...(await pods('app=web')), ...(await pods('k8s-app=kube-dns')), await lab.client.get(podKind, 'client', 'default')].filter(isPodReady).length === 4, 90_000, 'pods ready')
  await lab.cluster.kernel.runFor(3_000)
  const { clusterIP } = (await lab.settle(lab.client.get(serviceKind, 'web', 'default'))).spec!
  const webAddress = (await lab.settle(pods('app=web')))[0]!.status!.podIP!
  const clientAddress = (await lab.settle(lab.client.get(podKind, 'client', 'default'))).status!.podIP!

  const open = await runOnMachine(lab, 'packet-trace --from client web 80')
  expect(open.code).toBe(0)
  expect(open.out.split('\n')).toEqual([
    `dns 10.96.0.10: web.default.svc.cluster.local: NOERROR A ${clusterIP}`,
    `worker-1  default/client (${clientAddress}) opens tcp ${clusterIP}:80`,
    `worker-1  ${clusterIP}:80 is the cluster IP of default/web (iptables)`,
    `worker-1  endpoint ${webAddress}:80 chosen of 1`,
    `worker-1  default/${(await lab.settle(pods('app=web')))[0]!.metadata.name} listens on 80 and sees ${clientAddress}`,
    `worker-1  replies come back the same way, from ${webAddress}:80 turned back into ${clusterIP}:80`,
    '',
  ])
  await lab.settle(lab.client.create(networkPolicyKind, { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed', namespace: 'default' }, spec: { podSelector: { matchLabels: { app: 'web' } } } } as NetworkPolicy))
  await lab.cluster.kernel.runFor(2_000)
  const closed = await runOnMachine(lab, 'packet-trace --from default/client web 80')
  expect(closed.code).toBe(1)
  expect(closed.out).toContain('is isolated by closed, and no rule allows it')
  expect(closed.out).toMatch(/dial tcp [\d.]+:80: i\/o timeout, after 10000 ms\n$/)

  for (const [mode, command, shown] of [['ipvs', 'ipvsadm -Ln', `TCP  ${clusterIP}:80 rr\n  -> ${webAddress}:80`], ['nftables', 'nft list ruleset', `${clusterIP} . tcp . 80 : goto service-`]] as const) {
    const config = await lab.settle(lab.client.get(configMapKind, 'kube-proxy', 'kube-system'))
    await lab.settle(lab.client.update(configMapKind, { ...config, data: { ...config.data, 'config.conf': config.data!['config.conf']!.replace(/mode: .*/, `mode: "${mode}"`) } } as ConfigMap))
    const before = new Set((await lab.settle(pods('k8s-app=kube-proxy'))).map(({ metadata }) => metadata.uid))
    await lab.settle(lab.client.deleteCollection(podKind, { namespace: 'kube-system', labelSelector: 'k8s-app=kube-proxy' }))
    await lab.until(async () => (await pods('k8s-app=kube-proxy')).filter((pod) => isPodReady(pod) && !before.has(pod.metadata.uid)).length === 2, 90_000, 'new proxies')
    await lab.cluster.kernel.runFor(3_000)
    expect((await runOnMachine(lab, command)).out, mode).toContain(shown)
    expect((await runOnMachine(lab, 'curl -s http://localhost:10249/proxyMode')).out).toBe(mode)
    expect((await runOnMachine(lab, 'iptables-save -t nat')).out).not.toContain('default/web')
  }
  await lab.cluster.stop()
}, 60_000)

test('the window follows a packet as a recorded input, and the run replays to the same trace', async () => {
  const lab = await bootedLab({ workers: 1, seed: 5 })
  const ask = (request: Partial<Parameters<typeof tracePacket>[1]>) => lab.settle(tracePacket(lab.cluster, { machine: 'worker-1', name: 'kube-dns.kube-system', port: 53, protocol: 'udp', ...request }))
  // No requests of a test's client here: they are no recorded inputs.
  await lab.cluster.kernel.runFor(30_000)

  const open = await ask({})
  expect(open.outcome).toBe('connected')
  expect([...new Set(open.steps.map(({ part }) => part))].filter((part) => part !== 'arrival')).toEqual(['lookup', 'open', 'rule', 'backend', 'listener', 'reply'])
  expect(await ask({ name: 'nobody' })).toMatchObject({ outcome: 'no-such-name', steps: expect.arrayContaining([{ part: 'lookup', machine: 'worker-1', text: 'dns 10.96.0.10: nobody: NXDOMAIN' }]) })
  const refused = await ask({ name: '192.168.64.10', port: 81, protocol: 'tcp' })
  expect(refused).toMatchObject({ outcome: 'refused' })
  expect(refused.steps.at(-1)).toMatchObject({ part: 'failure', text: expect.stringContaining('connection refused') })
  await expect(ask({ pod: 'default/none' })).rejects.toMatchObject({ code: 'not-found' })
  await expect(ask({ machine: 'worker-9' })).rejects.toMatchObject({ code: 'not-found' })
  await expect(async () => tracePacket(lab.cluster, { machine: 'worker-1', name: 'a b', port: 0, protocol: 'tcp' })).rejects.toMatchObject({ code: 'invalid' })

  await lab.cluster.kernel.runFor(1_000)
  const end = lab.cluster.kernel.now()
  const recorded = JSON.parse(JSON.stringify(lab.cluster.kernel.inputs.recorded)) as RecordedInput[]
  expect(recorded.filter(({ label }) => label === packetLabel)).toHaveLength(5)
  const again = createLab({ workers: 1, seed: 5 })
  replayRun(again.cluster, recorded)
  again.cluster.boot()
  await again.cluster.kernel.runUntil(end)
  expect(again.cluster.kernel.executed).toBe(lab.cluster.kernel.executed)
  expect(again.traceDigest()).toBe(lab.traceDigest())
  await lab.cluster.stop()
})
