import { describe, expect, it } from 'vitest'
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from '../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../api/kinds/core/persistent-volume.ts'
import { KubeletBench } from './testing/bench.ts'

const podSpec = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }], containers: [{ name: 'main', image: 'nginx:1.14', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] }

function bench(): KubeletBench {
  const made = new KubeletBench()
  made.runtime.programs.set('nginx', { pullMs: 100 })
  return made
}

function seed(b: KubeletBench, more: Partial<PersistentVolumeSpec>, phase = 'Bound'): void {
  const claim = b.api.seed<PersistentVolumeClaim>(persistentVolumeClaimKind, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' }, spec: { accessModes: ['ReadWriteOnce'], volumeName: 'pv-1' } })
  b.api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data', (copy) => void (copy.status = { phase }))
  b.api.seed<PersistentVolume>(persistentVolumeKind, { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv-1' }, spec: { claimRef: { namespace: 'default', name: 'data', uid: claim.metadata.uid! }, ...more } })
}

describe('volumes behind claims', () => {
  it.each([
    ['hostPath', { hostPath: { path: '/srv/one' } }, '/srv/one'],
    ['local', { local: { path: '/mnt/two' } }, '/mnt/two'],
  ])('%s is a path of the node', async (_, spec, path) => {
    const b = bench()
    seed(b, spec)
    b.pod('web', podSpec)
    await b.run(20_000);
    expect(b.get('web')!.status!.phase).toBe('Running')
    const [container] = await b.kernel.settle(b.runtime.listContainers())
    expect(container!.config.mounts.find(({ containerPath }) => containerPath === '/data')).toEqual({ containerPath: '/data', source: { type: 'host', path }, readOnly: false })
  })

  it('waits for the claim to be bound', async () => {
    const b = bench()
    seed(b, { hostPath: { path: '/srv/one' } }, 'Pending')
    b.pod('web', podSpec)
    await b.run(5_000)
    expect(b.events('web').find((event) => event.includes('FailedMount'))).toMatch(/^Warning FailedMount Unable to attach or mount volumes: unmounted volumes=\[data\], unattached volumes=\[\], failed to process volumes=\[data\]: error processing PVC default\/data: PVC is not bound/)
    b.api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data', (copy) => void (copy.status = { phase: 'Bound' }))
    await b.run(60_000)
    expect(b.get('web')!.status!.phase).toBe('Running')
  })

  it.each([
    [{ csi: { driver: 'x.example.com', volumeHandle: '1' } }, 'MountVolume.MountDevice failed for volume "pv-1" : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: driver name x.example.com not found in the list of registered CSI drivers'],
    [{ hostPath: { path: '/a' }, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['worker-9'] }] }] } } }, 'MountVolume.NodeAffinity check failed for volume "pv-1" : no matching NodeSelectorTerms'],
  ])('says why %j cannot be mounted', async (spec, message) => {
    const b = bench()
    seed(b, spec)
    b.pod('web', podSpec)
    await b.run(5_000)
    expect(b.events('web').some((event) => event.startsWith(`Warning FailedMount ${message}`))).toBe(true)
  })
})
