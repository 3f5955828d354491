import { describe, expect, it } from 'vitest'
import type { DeviceClass, ResourceClaim, ResourceSlice } from '../../../api/generated/types.ts'
import { deviceClassKind } from '../../../api/kinds/resource/device-class.ts'
import { resourceClaimKind } from '../../../api/kinds/resource/resource-claim.ts'
import { resourceSliceKind } from '../../../api/kinds/resource/resource-slice.ts'
import { claiming, devicesOf, testDeviceClass, testDriver, testResourceClaim, testSlice } from '../testing/devices.ts'
import { testNode, testPod } from '../testing/objects.ts'
import { schedulerBench, type SchedulerBench } from '../testing/scheduler-bench.ts'
import { passing, tryPlugin } from '../testing/trial.ts'
import { dynamicResources } from './dynamic-resources.ts'

const memory = (value: string): ResourceSlice['spec']['devices'] & object => [{ name: `with-${value.toLowerCase()}`, capacity: { memory: { value } }, attributes: { model: { string: 'small' }, version: { version: '1.2.0' } } }]
const nodes = [testNode('one'), testNode('two')]
const slices = [testSlice('one', memory('8Gi')), testSlice('two', [...memory('40Gi'), { name: 'second', attributes: { model: { string: 'large' } } }])]
const selecting = (expression: string): object => ({ selectors: [{ cel: { expression } }] })

function fitting(claim: ResourceClaim, ...more: (DeviceClass | ResourceSlice | ResourceClaim)[]): { readonly nodes: string[]; readonly reasons: string[] } {
  const objects = more.length > 0 ? more : [...slices, testDeviceClass()]
  const trial = tryPlugin(() => dynamicResources({ client: undefined as never, clock: undefined as never, devices: devicesOf(claim, ...objects) }), testPod('x', {}, claiming(claim.metadata.name)), { nodes })
  return { nodes: passing(trial), reasons: [...(trial.preFilter?.reasons ?? []), ...new Set(Object.values(trial.verdicts).flatMap((status) => status?.reasons ?? []))] }
}

describe('DynamicResources', () => {
  it.each<[string, ResourceClaim, string[], string[]]>([
    ['any device', testResourceClaim('c'), ['one', 'two'], []],
    ['by capacity', testResourceClaim('c', selecting(`device.capacity["${testDriver}"].memory.compareTo(quantity("10Gi")) >= 0`)), ['two'], ['cannot allocate all claims']],
    ['by what a device may not have', testResourceClaim('c', { ...selecting(`device.attributes["${testDriver}"].version.isGreaterThan(semver("9.0.0"))`) }), [], ['cannot allocate all claims', 'claim default/c: selector #0: CEL runtime error: no such key: version']],
    ['by capacity, asked for with care', testResourceClaim('c', selecting(`"memory" in device.capacity["${testDriver}"] && device.capacity["${testDriver}"].memory.compareTo(quantity("10Gi")) >= 0`)), ['two'], ['cannot allocate all claims']],
    ['by version', testResourceClaim('c', selecting(`"version" in device.attributes["${testDriver}"] && device.attributes["${testDriver}"].version.isGreaterThan(semver("1.1.9"))`)), ['one', 'two'], []],
    ['of a domain that nobody knows', testResourceClaim('c', selecting('"x" in device.attributes["else.example.com"]')), [], ['cannot allocate all claims']],
    ['two of them', testResourceClaim('c', { count: 2 }), ['two'], ['cannot allocate all claims']],
    ['all there are', testResourceClaim('c', { allocationMode: 'All' }), ['one', 'two'], []],
    ['two alike', testResourceClaim('c', { count: 2 }, (claim) => void (claim.spec.devices!.constraints = [{ matchAttribute: `${testDriver}/model` }])), [], ['cannot allocate all claims']],
    ['two different', testResourceClaim('c', { count: 2 }, (claim) => void (claim.spec.devices!.constraints = [{ distinctAttribute: `${testDriver}/model` }])), ['two'], ['cannot allocate all claims']],
  ])('%s', (_, claim, expected, reasons) => expect(fitting(claim)).toEqual({ nodes: expected, reasons }))

  it('needs the class', () => {
    expect(fitting(testResourceClaim('c', { deviceClassName: 'tpu' })).reasons).toEqual(['request it: device class tpu does not exist'])
  })

  it('takes the second choice where the first is not to be had', () => {
    const claim = testResourceClaim('c', {}, ({ spec }) => {
      spec.devices!.requests = [{ name: 'it', firstAvailable: [{ name: 'two', deviceClassName: 'gpu', count: 2 }, { name: 'one', deviceClassName: 'gpu', count: 1 }] }]
    })
    expect(fitting(claim).nodes).toEqual(['one', 'two'])
  })

  it('gives out what a pool counts only as far as it goes', () => {
    const partition = (name: string, value: string): NonNullable<ResourceSlice['spec']['devices']>[number] => ({ name, consumesCounters: [{ counterSet: 'card', counters: { memory: { value } } }] })
    const slice = testSlice('one', [partition('a', '30Gi'), partition('b', '10Gi'), partition('c', '20Gi')], ({ spec }) => void (spec.sharedCounters = [{ name: 'card', counters: { memory: { value: '40Gi' } } }]))
    expect(fitting(testResourceClaim('c', { count: 2 }), slice, testDeviceClass()).nodes).toEqual(['one'])
    expect(fitting(testResourceClaim('c', { count: 3 }), slice, testDeviceClass()).nodes).toEqual([])
  })

  it('leaves out devices with a taint that nobody tolerates, and pools that are being changed', () => {
    const tainted = testSlice('one', [{ name: 'a', taints: [{ key: 'broken', effect: 'NoSchedule' }] }])
    expect(fitting(testResourceClaim('c'), tainted, testDeviceClass()).nodes).toEqual([])
    expect(fitting(testResourceClaim('c', { tolerations: [{ key: 'broken', operator: 'Exists' }] }), tainted, testDeviceClass()).nodes).toEqual(['one'])
    const halfThere = testSlice('one', [{ name: 'a' }], ({ spec }) => void (spec.pool.resourceSliceCount = 2))
    expect(fitting(testResourceClaim('c'), halfThere, testDeviceClass()).nodes).toEqual([])
  })

  const seed = (bench: SchedulerBench, ...claims: ResourceClaim[]): void => {
    bench.api.seed(deviceClassKind, testDeviceClass())
    bench.api.seed(resourceSliceKind, testSlice('one', [{ name: 'a' }]))
    for (const claim of claims) bench.api.seed(resourceClaimKind, claim)
  }

  it('writes allocation and reservation before it binds, and lets others wait for devices to become free', async () => {
    const bench = schedulerBench()
    seed(bench, testResourceClaim('first'), testResourceClaim('second'))
    await bench.add(testNode('one'), testNode('two'), testPod('p1', {}, claiming('first')))
    await bench.add(testPod('p2', {}, claiming('second')))
    expect(bench.pod('p1').spec!.nodeName).toBe('one')
    const claim = (name: string): ResourceClaim => bench.api.stored<ResourceClaim>(resourceClaimKind).find(({ metadata }) => metadata.name === name)!
    expect(claim('first').metadata.finalizers).toEqual(['resource.kubernetes.io/delete-protection'])
    expect(claim('first').status).toEqual({
      allocation: {
        allocationTimestamp: expect.any(String) as string,
        devices: { results: [{ request: 'it', driver: testDriver, pool: 'one', device: 'a' }] },
        nodeSelector: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['one'] }] }] },
      },
      reservedFor: [{ resource: 'pods', name: 'p1', uid: bench.pod('p1').metadata.uid }],
    })
    expect(bench.pod('p2').spec!.nodeName).toBeUndefined()
    expect(bench.events('p2')[0]).toContain('0/2 nodes are available: 2 cannot allocate all claims. still not schedulable')
    bench.api.mutate(resourceClaimKind, 'default', 'first', (copy) => void delete (copy as ResourceClaim).status)
    await bench.kernel.runFor(3_000)
    expect(bench.pod('p2').spec!.nodeName).toBe('one')
  })

  it('keeps a pod out of the queue until its claim is there', async () => {
    const bench = schedulerBench()
    seed(bench)
    await bench.add(testNode('one'), testPod('p', {}, claiming('late')))
    expect(bench.decisions()).toEqual([])
    bench.api.seed(resourceClaimKind, testResourceClaim('late'))
    await bench.kernel.runFor(2_000)
    expect(bench.pod('p').spec!.nodeName).toBe('one')
  })
})
