import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, ResourceClaim, ResourceClaimTemplate, VolumeAttributesClass } from '../../../../api/generated/types.ts'
import { nodeKind } from '../../../../api/kinds/core/node.ts'
import { persistentVolumeClaimKind } from '../../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../../api/kinds/core/persistent-volume.ts'
import { podKind } from '../../../../api/kinds/core/pod.ts'
import { resourceClaimTemplateKind } from '../../../../api/kinds/resource/resource-claim-template.ts'
import { resourceClaimKind } from '../../../../api/kinds/resource/resource-claim.ts'
import { volumeAttributesClassKind } from '../../../../api/kinds/storage/volume-attributes-class.ts'
import { attachDetachController } from '../../attach-detach/attach-detach-controller.ts'
import { csiAttacherController } from '../../csi-attacher/csi-attacher-controller.ts'
import { ephemeralVolumeController } from '../../ephemeral-volume/ephemeral-volume-controller.ts'
import { persistentVolumeBinderController } from '../../persistent-volume-binder/persistent-volume-binder-controller.ts'
import { persistentVolumeExpanderController } from '../../persistent-volume-expander/persistent-volume-expander-controller.ts'
import { resourceClaimController } from '../../resource-claim/resource-claim-controller.ts'
import { attachableNode, boundCsiVolume, claimingPod, testClaim, testCsiDriver, testVolume } from '../storage-objects.ts'
import { persistentVolumeClaimProtectionController } from '../../volume-protection/persistent-volume-claim-protection-controller.ts'
import { persistentVolumeProtectionController } from '../../volume-protection/persistent-volume-protection-controller.ts'
import { volumeAttributesClassProtectionController } from '../../volume-protection/volume-attributes-class-protection-controller.ts'
import type { FaultScenario } from './scenario.ts'

export const storageScenarios: readonly FaultScenario[] = [
  {
    controllers: [persistentVolumeBinderController, persistentVolumeClaimProtectionController, persistentVolumeProtectionController],
    story: 'a claim is bound, kept while it is used, and its volume released',
    run: async (b) => {
      b.api.seed(persistentVolumeKind, testVolume('pv-1'))
      b.api.seed(persistentVolumeClaimKind, testClaim('data'))
      b.api.seed(podKind, claimingPod('web', 'data', 'worker-1'))
      await b.kernel.runFor(40_000)
      b.api.remove(persistentVolumeClaimKind, 'default', 'data')
      await b.kernel.runFor(20_000)
      b.api.remove(podKind, 'default', 'web', { gracePeriodSeconds: 0 })
      await b.kernel.runFor(40_000)
    },
  },
  {
    controllers: [persistentVolumeProtectionController],
    story: 'a volume goes when it is no longer bound',
    run: async (b) => {
      b.api.seed(persistentVolumeKind, testVolume('pv-1'))
      b.api.mutate<PersistentVolume>(persistentVolumeKind, undefined, 'pv-1', (copy) => void (copy.status = { phase: 'Bound' }))
      b.api.seed(persistentVolumeKind, testVolume('pv-2'))
      await b.settle()
      b.api.remove(persistentVolumeKind, undefined, 'pv-1')
      await b.settle()
      b.api.mutate<PersistentVolume>(persistentVolumeKind, undefined, 'pv-1', (copy) => void (copy.status = { phase: 'Released' }))
      await b.settle()
    },
  },
  {
    controllers: [volumeAttributesClassProtectionController],
    story: 'a class of attributes goes when nothing has it',
    run: async (b) => {
      for (const name of ['gold', 'silver']) b.api.seed<VolumeAttributesClass>(volumeAttributesClassKind, { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass', metadata: { name }, driverName: 'x.example.com', parameters: { a: 'b' } })
      b.api.seed(persistentVolumeClaimKind, testClaim('data', { volumeAttributesClassName: 'gold' }))
      await b.settle()
      b.api.remove(volumeAttributesClassKind, undefined, 'gold')
      await b.settle()
      b.api.remove(persistentVolumeClaimKind, 'default', 'data')
      await b.settle()
    },
  },
  {
    controllers: [attachDetachController, csiAttacherController({ name: testCsiDriver })],
    story: 'a volume follows its pod from node to node',
    run: async (b) => {
      for (const name of ['worker-1', 'worker-2']) attachableNode(b.api, name)
      const inNode = boundCsiVolume(b.api, 'data')
      const inUse = (volumesInUse: string[]): unknown => b.api.mutate<Node>(nodeKind, undefined, 'worker-1', (copy) => void (copy.status = { ...copy.status!, volumesInUse }))
      b.api.seed(podKind, claimingPod('one', 'data', 'worker-1'))
      inUse([inNode])
      await b.kernel.runFor(40_000)
      b.api.seed(podKind, claimingPod('two', 'data', 'worker-2'))
      await b.kernel.runFor(20_000)
      b.api.remove(podKind, 'default', 'one', { gracePeriodSeconds: 0 })
      await b.kernel.runFor(20_000)
      inUse([])
      await b.kernel.runFor(60_000)
    },
  },
  {
    controllers: [persistentVolumeExpanderController],
    story: 'a claim that asks for more is told who grows it',
    run: async (b) => {
      const { metadata } = b.api.seed(persistentVolumeClaimKind, testClaim('data', { volumeName: 'pv-1' }))
      b.api.seed(persistentVolumeKind, testVolume('pv-1', { claimRef: { namespace: 'default', name: 'data', uid: metadata.uid! } }))
      b.api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data', (copy) => void (copy.status = { phase: 'Bound', capacity: { storage: '1Gi' } }))
      await b.settle()
      b.api.mutate<PersistentVolumeClaim>(persistentVolumeClaimKind, 'default', 'data', (copy) => void (copy.spec!.resources = { requests: { storage: '2Gi' } }))
      await b.settle()
    },
    outcome: (b) => [...new Set(b.events().map((line) => line.replace(/ \(x\d+\)$/, '')))],
  },
  {
    controllers: [ephemeralVolumeController],
    story: 'a pod gets its ephemeral claims, also again',
    run: async (b) => {
      const volumes = ['a', 'b'].map((name) => ({ name, ephemeral: { volumeClaimTemplate: { spec: testClaim('x').spec! } } }))
      b.api.seed<Pod>(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'nginx' }], volumes } })
      await b.settle()
      b.api.remove(persistentVolumeClaimKind, 'default', 'web-a')
      await b.settle()
    },
  },
  {
    controllers: [resourceClaimController],
    story: 'a pod gets its devices and gives them back',
    run: async (b) => {
      b.api.seed<ResourceClaimTemplate>(resourceClaimTemplateKind, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaimTemplate', metadata: { name: 'gpu', namespace: 'default' }, spec: { spec: { devices: { requests: [{ name: 'one', exactly: { deviceClassName: 'gpu.example.com' } }] } } } })
      const { metadata } = b.api.seed<Pod>(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'train', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'nginx' }], resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu' }] } })
      await b.settle()
      const inUse = b.api.peek<Pod>(podKind, 'default', 'train')!.status!.resourceClaimStatuses![0]!.resourceClaimName!
      b.api.mutate<ResourceClaim>(resourceClaimKind, 'default', inUse, (copy) => {
        copy.metadata.finalizers = ['resource.kubernetes.io/delete-protection']
        copy.status = { allocation: { devices: { results: [] } }, reservedFor: [{ resource: 'pods', name: 'train', uid: metadata.uid! }] }
      })
      await b.settle()
      b.api.mutate<Pod>(podKind, 'default', 'train', (copy) => void (copy.status = { ...copy.status, phase: 'Succeeded' }))
      await b.settle()
    },
    outcome: (b) => [b.api.stored<ResourceClaim>(resourceClaimKind).filter(({ status }) => status?.reservedFor || status?.allocation).length],
  },
]
