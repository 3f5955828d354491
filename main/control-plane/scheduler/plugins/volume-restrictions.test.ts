import { describe, expect, it } from 'vitest'
import type { PersistentVolumeClaim, Pod } from '../../../api/generated/types.ts'
import { persistentVolumeClaimKind } from '../../../api/kinds/core/persistent-volume-claim.ts'
import { persistentVolumeKind } from '../../../api/kinds/core/persistent-volume.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { testNode, testPod } from '../testing/objects.ts'
import { schedulerBench } from '../testing/scheduler-bench.ts'
import { tryPlugin } from '../testing/trial.ts'
import { boundClaim, storageOf, testVolume, using } from '../testing/volumes.ts'
import { volumeRestrictions } from './volume-restrictions.ts'

const exclusive = (claim: PersistentVolumeClaim): void => void (claim.spec!.accessModes = ['ReadWriteOncePod'])
const nodes = [testNode('worker-1'), testNode('worker-2')]
const placed = (change: (pod: Pod) => void): Pod =>
  testPod('other', {}, (pod) => {
    pod.spec!.nodeName = 'worker-1'
    change(pod)
  })
const reason = 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode'

describe('VolumeRestrictions', () => {
  it.each<[string, PersistentVolumeClaim, Pod[], 'Skip' | 'Unschedulable']>([
    ['a claim for many pods', boundClaim('data', 'disk'), [placed(using('data'))], 'Skip'],
    ['a claim for one pod that nobody uses', boundClaim('data', 'disk', exclusive), [placed(using('else'))], 'Skip'],
    ['a claim for one pod that another uses', boundClaim('data', 'disk', exclusive), [placed(using('data'))], 'Unschedulable'],
    ['a claim of that name elsewhere', boundClaim('data', 'disk', exclusive), [placed((pod) => (using('data')(pod), void (pod.metadata.namespace = 'elsewhere')))], 'Skip'],
  ])('%s', (_, claim, existing, expected) => {
    const trial = tryPlugin(() => volumeRestrictions(storageOf(claim)), testPod('x', {}, using('data')), { nodes, existing })
    if (expected === 'Skip') expect(trial.preFilter?.code).toBe('Skip')
    else expect(trial.verdicts).toEqual(Object.fromEntries(nodes.map(({ metadata }) => [metadata.name, { code: 'Unschedulable', reasons: [reason] }])))
  })

  it('lets the next pod have the claim when the first is gone, and takes it for one that matters more', async () => {
    const bench = schedulerBench()
    bench.api.seed(persistentVolumeKind, testVolume('disk'))
    bench.api.seed(persistentVolumeClaimKind, boundClaim('data', 'disk', exclusive))
    await bench.add(...nodes, testPod('first', {}, using('data')))
    expect(bench.pod('first').spec!.nodeName).toMatch(/^worker-/)
    await bench.add(testPod('second', {}, using('data')))
    expect(bench.events('second')[0]).toContain(`0/2 nodes are available: 2 ${reason}.`)
    void bench.api.delete(podKind, 'first', 'default', { gracePeriodSeconds: 0 })
    await bench.kernel.runFor(2_000)
    expect(bench.pod('second').spec!.nodeName).toMatch(/^worker-/)
    await bench.add(
      testPod('third', {}, (pod) => {
        using('data')(pod)
        pod.spec!.priority = 10
      }),
    )
    await bench.kernel.runFor(1_000)
    expect(bench.events('second').some((event) => event.includes('Preempted'))).toBe(true)
  })
})
