import { expect, it } from 'vitest'
import type { Pod, ResourceClaim, ResourceClaimTemplate } from '../../../api/generated/types.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { resourceClaimTemplateKind } from '../../../api/kinds/resource/resource-claim-template.ts'
import { resourceClaimKind } from '../../../api/kinds/resource/resource-claim.ts'
import { atEveryWrite, benchFaults, controllerBench, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { resourceClaimController } from './resource-claim-controller.ts'

const template: ResourceClaimTemplate = { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaimTemplate', metadata: { name: 'gpu', namespace: 'default' }, spec: { spec: { devices: { requests: [{ name: 'one', exactly: { deviceClassName: 'gpu.example.com' } }] } } } }
const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'train', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'nginx' }], resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'gpu' }] } }
const claims = (b: ControllerBench): ResourceClaim[] => b.api.stored<ResourceClaim>(resourceClaimKind)
const statuses = (b: ControllerBench): unknown => b.api.peek<Pod>(podKind, 'default', 'train')?.status?.resourceClaimStatuses

it('says which template is missing, and makes the claim when it comes', async () => {
  const b = await controllerBench([resourceClaimController])
  b.api.seed(podKind, pod)
  await b.kernel.runFor(1_000)
  expect(b.events()[0]).toContain('Warning FailedResourceClaimCreation Pod/train: PodResourceClaim gpu: resource claim template "gpu": resourceclaimtemplate.resource.k8s.io "gpu" not found')
  b.api.seed(resourceClaimTemplateKind, template)
  await b.kernel.runFor(1_000)
  expect(claims(b)).toHaveLength(1)
  expect(claims(b)[0]!.metadata).toMatchObject({ generateName: 'train-gpu-', annotations: { 'resource.kubernetes.io/pod-claim-name': 'gpu' }, ownerReferences: [{ kind: 'Pod', name: 'train', controller: true, blockOwnerDeletion: true }] })
  expect(statuses(b)).toEqual([{ name: 'gpu', resourceClaimName: claims(b)[0]!.metadata.name }])
})

it('gives devices back when the pod is done, whatever fails', async () => {
  await atEveryWrite(benchFaults, async (fault: BenchOptions['fault']) => {
    const b = await controllerBench([resourceClaimController], fault ? { fault } : {})
    b.api.seed(resourceClaimTemplateKind, template)
    const { metadata } = b.api.seed(podKind, pod)
    await b.settle()
    const [claim] = claims(b)
    b.api.mutate<ResourceClaim>(resourceClaimKind, 'default', claim!.metadata.name, (copy) => {
      copy.metadata.finalizers = ['resource.kubernetes.io/delete-protection']
      copy.status = { allocation: { devices: { results: [] } }, reservedFor: [{ resource: 'pods', name: 'train', uid: metadata.uid! }] }
    })
    await b.settle()
    const held = claims(b)[0]!.status!.reservedFor
    b.api.mutate<Pod>(podKind, 'default', 'train', (copy) => void (copy.status = { ...copy.status, phase: 'Succeeded' }))
    await b.settle()
    return {
      writes: b.api.writes.length,
      check: () => {
        expect(held).toHaveLength(1)
        expect(claims(b).filter((each) => each.metadata.name === claim!.metadata.name)).toEqual([])
      },
    }
  })
})
