import { describe, expect, it } from 'vitest'
import type { CSINode, Node, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from '../../api/generated/types.ts'
import { nodeKind } from '../../api/kinds/core/node.ts'
import { podKind } from '../../api/kinds/core/pod.ts'
import { csiNodeKind } from '../../api/kinds/storage/csi-node.ts'
import { csiDrivers } from '../csi.ts'
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

describe('CSI volumes', () => {
  const csi = { csi: { driver: 'disk.example.com', volumeHandle: 'vol-1' } }
  const nameInNode = 'kubernetes.io/csi/disk.example.com^vol-1'
  const attached = (b: KubeletBench, ...names: string[]): void => {
    b.api.mutate<Node>(nodeKind, undefined, 'worker-1', (node) => void (node.status = { ...node.status!, volumesAttached: names.map((name) => ({ name, devicePath: '' })) }))
  }

  it('are asked for in the node, waited for until attached, and let go with the pod', async () => {
    const b = bench()
    csiDrivers(b.machine).register({ name: 'disk.example.com', nodeId: 'node-1', attachRequired: true, volumesMax: 8, publish: async ({ handle }) => ({ storage: `disk.example.com/${handle}` }) })
    await b.run(1_000)
    expect(b.api.peek<CSINode>(csiNodeKind, undefined, 'worker-1')!.spec.drivers).toEqual([{ name: 'disk.example.com', nodeID: 'node-1', topologyKeys: [], allocatable: { count: 8 } }])
    seed(b, csi)
    b.pod('web', podSpec)
    await b.run(130_000)
    expect(b.api.peek<Node>(nodeKind, undefined, 'worker-1')!.status!.volumesInUse).toEqual([nameInNode])
    expect(b.events('web')).toContain('Warning FailedMount Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data], failed to process volumes=[]: context deadline exceeded')
    attached(b, nameInNode)
    await b.run(30_000)
    expect(b.get('web')!.status!.phase).toBe('Running')
    expect(b.runtime.configOf('web', 'main')!.mounts[0]).toMatchObject({ source: { type: 'network', storage: 'disk.example.com/vol-1' } })
    b.api.remove(podKind, 'default', 'web')
    await b.run(5_000)
    expect(b.api.peek<Node>(nodeKind, undefined, 'worker-1')!.status!.volumesInUse).toBeUndefined()
  })

  it('fail with the words of the driver, or for want of one', async () => {
    const b = bench()
    seed(b, csi)
    b.pod('none', podSpec)
    await b.run(3_000)
    expect(b.events('none').find((each) => each.includes('FailedMount'))).toContain('driver name disk.example.com not found in the list of registered CSI drivers')
    csiDrivers(b.machine).register({ name: 'disk.example.com', nodeId: 'node-1', attachRequired: false, publish: () => Promise.reject(new Error('no such volume')) })
    b.pod('refused', podSpec)
    await b.run(3_000)
    expect(b.events('refused').find((each) => each.includes('FailedMount'))).toMatch(/^Warning FailedMount MountVolume.SetUp failed for volume "pv-1" : rpc error: code = Internal desc = no such volume/)
  })
})

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
