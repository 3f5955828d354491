import { describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim, Pod, StatefulSet } from '../../main/api/generated/types.ts'
import { statefulSetKind } from '../../main/api/kinds/apps/stateful-set.ts'
import { eventKind } from '../../main/api/kinds/core/event.ts'
import { persistentVolumeClaimKind } from '../../main/api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../main/api/kinds/core/persistent-volume.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { bootedLab, type SimulatedLab } from './simulated-lab.ts'

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }

async function podRunning(lab: SimulatedLab, name: string): Promise<Pod> {
  let pod!: Pod
  try {
    await lab.until(async () => {
      pod = await lab.client.get<Pod>(podKind, name, 'default').catch(() => undefined as unknown as Pod)
      return pod?.status?.phase === 'Running'
    }, 120_000, `pod ${name} Running`)
  } catch (error) {
    const { items } = await lab.settle(lab.client.list(eventKind))
    throw new Error(`${(error as Error).message}\n${items.filter((each) => each.metadata.namespace !== 'kube-system').map((each) => `${each.involvedObject.kind}/${each.involvedObject.name} ${each.reason} ${each.message}`).join('\n')}\n${JSON.stringify(pod?.status)}`)
  }
  return pod
}

function writer(name: string, script: string): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script], volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  }
}

describe('storage of a whole cluster', () => {
  it('is made for a claim when a pod needs it, outlives pods, and goes with the claim', async () => {
    const lab = await bootedLab({ workers: 2 })
    const { client } = lab
    await lab.settle(client.create<PersistentVolumeClaim>(persistentVolumeClaimKind, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' }, spec: claimSpec }))
    await lab.cluster.kernel.runFor(5_000)
    const waiting = await lab.settle(client.get<PersistentVolumeClaim>(persistentVolumeClaimKind, 'data', 'default'))
    expect([waiting.spec!.storageClassName, waiting.status!.phase]).toEqual(['standard', 'Pending'])

    await lab.settle(client.create(podKind, writer('first', 'echo kept > /data/file; sleep 3600')))
    const first = await podRunning(lab, 'first')
    const claim = await lab.settle(client.get<PersistentVolumeClaim>(persistentVolumeClaimKind, 'data', 'default'))
    const volume = await lab.settle(client.get<PersistentVolume>(persistentVolumeKind, claim.spec!.volumeName!))
    expect(claim.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } })
    expect(volume.metadata.annotations!['local.path.provisioner/selected-node']).toBe(first.spec!.nodeName)

    await lab.settle(client.delete(podKind, 'first', 'default'))
    await lab.cluster.kernel.runFor(5_000)
    await lab.settle(client.create(podKind, writer('second', 'cat /data/file; [ "$(cat /data/file)" = kept ] && sleep 3600')))
    const second = await podRunning(lab, 'second')
    expect(second.spec!.nodeName).toBe(first.spec!.nodeName)

    await lab.settle(client.delete(persistentVolumeClaimKind, 'data', 'default'))
    await lab.cluster.kernel.runFor(3_000)
    expect((await lab.settle(client.get(persistentVolumeClaimKind, 'data', 'default'))).metadata.deletionTimestamp).toBeDefined()
    await lab.settle(client.delete(podKind, 'second', 'default'))
    await lab.until(async () => (await client.list(persistentVolumeKind)).items.length === 0, 60_000, 'the volume gone')
  }, 60_000)

  it('is made for every pod of a StatefulSet, on the node of the pod', async () => {
    const lab = await bootedLab({ workers: 2 })
    const { client } = lab
    const container = { name: 'main', image: 'busybox', command: ['sh', '-c', 'hostname > /data/name; sleep 3600'], volumeMounts: [{ name: 'data', mountPath: '/data' }] }
    await lab.settle(
      client.create<StatefulSet>(statefulSetKind, {
        apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db', namespace: 'default' },
        spec: {
          serviceName: 'db', replicas: 2, selector: { matchLabels: { app: 'db' } },
          template: { metadata: { labels: { app: 'db' } }, spec: { containers: [container] } },
          volumeClaimTemplates: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: claimSpec }],
        },
      }),
    )
    await lab.until(async () => (await client.get<StatefulSet>(statefulSetKind, 'db', 'default')).status?.readyReplicas === 2, 120_000, 'both pods ready')
    for (const index of [0, 1]) {
      const pod = await lab.settle(client.get<Pod>(podKind, `db-${index}`, 'default'))
      const claim = await lab.settle(client.get<PersistentVolumeClaim>(persistentVolumeClaimKind, `data-db-${index}`, 'default'))
      expect(claim.status!.phase).toBe('Bound')
      expect(claim.metadata.annotations!['volume.kubernetes.io/selected-node']).toBe(pod.spec!.nodeName)
    }
  }, 60_000)
})
