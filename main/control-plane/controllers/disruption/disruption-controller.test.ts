import { describe, expect, it } from 'vitest'
import type { Deployment, Pod, PodDisruptionBudget, PodDisruptionBudgetSpec, ReplicaSet } from '../../../api/generated/types.ts'
import { deploymentKind } from '../../../api/kinds/apps/deployment.ts'
import { replicaSetKind } from '../../../api/kinds/apps/replica-set.ts'
import { jobKind } from '../../../api/kinds/batch/job.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { podDisruptionBudgetKind } from '../../../api/kinds/policy/pod-disruption-budget.ts'
import { controllerReference, type KubeObject } from '../../../api/machinery/object.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { benchFaults } from '../testing/controller-bench.ts'
import { atEveryWrite, controllerBench, readyStatus, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { disruptionController } from './disruption-controller.ts'

const labels = { app: 'web' }
const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }

function budget(spec: PodDisruptionBudgetSpec): PodDisruptionBudget {
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web', namespace: 'default' }, spec: { selector: { matchLabels: labels }, ...spec } }
}

function seedWeb(b: ControllerBench, replicas: number, ready = replicas): void {
  const deployment = b.api.seed<Deployment>(deploymentKind, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas, selector: { matchLabels: labels }, template } })
  const set = b.api.seed<ReplicaSet>(replicaSetKind, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'web-1', namespace: 'default', ownerReferences: [controllerReference(deployment)] }, spec: { replicas, selector: { matchLabels: labels }, template } })
  for (let index = 0; index < replicas; index++) seedPod(b, `web-${index}`, set, index < ready)
}

function seedPod(b: ControllerBench, name: string, owner: KubeObject | undefined, ready: boolean): void {
  b.api.seed<Pod>(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels, ...(owner ? { ownerReferences: [controllerReference(owner)] } : {}) }, spec: template.spec })
  if (ready) b.api.mutate<Pod>(podKind, 'default', name, (copy) => void (copy.status = readyStatus(b.kernel.now())))
}

const statusOf = (b: ControllerBench): NonNullable<PodDisruptionBudget['status']> => b.api.peek<PodDisruptionBudget>(podDisruptionBudgetKind, 'default', 'web')!.status!

function numbers(b: ControllerBench): number[] {
  const { expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed } = statusOf(b)
  return [expectedPods!, desiredHealthy!, currentHealthy!, disruptionsAllowed!]
}

describe('what a budget allows', () => {
  it.each([
    [{ minAvailable: 2 }, 4, 4, [4, 2, 4, 2]],
    [{ minAvailable: '50%' }, 3, 3, [3, 2, 3, 1]],
    [{ maxUnavailable: 1 }, 4, 4, [4, 3, 4, 1]],
    [{ maxUnavailable: '30%' }, 4, 3, [4, 2, 3, 1]],
    [{ maxUnavailable: 5 }, 2, 1, [2, 0, 1, 1]],
    [{ minAvailable: 3 }, 3, 2, [3, 3, 2, 0]],
    [{}, 2, 2, [0, 0, 2, 0]],
  ] as const)('%j of %i pods, %i ready', async (spec, replicas, ready, expected) => {
    const b = await controllerBench([disruptionController])
    seedWeb(b, replicas, ready)
    b.api.seed(podDisruptionBudgetKind, budget(spec))
    await b.settle()
    expect(numbers(b)).toEqual(expected)
    const allowed = expected[3] > 0
    expect(statusOf(b)).toMatchObject({ observedGeneration: 1, conditions: [{ type: 'DisruptionAllowed', status: allowed ? 'True' : 'False', reason: allowed ? 'SufficientPods' : 'InsufficientPods', observedGeneration: 1 }] })
  })

  it('allows nothing and says so while there are no pods', async () => {
    const b = await controllerBench([disruptionController])
    b.api.seed(podDisruptionBudgetKind, budget({ minAvailable: 0 }))
    await b.settle()
    expect(numbers(b)).toEqual([0, 0, 0, 0])
    expect(b.events()).toEqual(['Normal NoPods PodDisruptionBudget/web: No matching pods found (x2)'])
  })

  it('warns of pods that nobody manages', async () => {
    const b = await controllerBench([disruptionController])
    seedPod(b, 'bare', undefined, true)
    b.api.seed(podDisruptionBudgetKind, budget({ maxUnavailable: 1 }))
    await b.settle()
    expect(numbers(b)).toEqual([0, 0, 1, 0])
    expect(b.events()[0]).toContain('Warning UnmanagedPods PodDisruptionBudget/web: Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged.')
  })

  it('fails safe for owners without a scale', async () => {
    const b = await controllerBench([disruptionController])
    const job = b.api.seed(jobKind, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once', namespace: 'default' }, spec: { template } })
    seedPod(b, 'once-1', job, true)
    b.api.seed(podDisruptionBudgetKind, budget({ maxUnavailable: 1 }))
    await b.settle()
    expect(statusOf(b).conditions).toMatchObject([{ type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: 'jobs.batch does not implement the scale subresource' }])
    expect(b.events()).toEqual(['Warning CalculateExpectedPodCountFailed PodDisruptionBudget/web: Failed to calculate the number of expected pods: jobs.batch does not implement the scale subresource (x2)'])
  })

  it('says of a pod with two budgets which one counts', async () => {
    const b = await controllerBench([disruptionController])
    b.api.seed(podDisruptionBudgetKind, budget({ minAvailable: 1 }))
    b.api.seed(podDisruptionBudgetKind, { ...budget({ minAvailable: 1 }), metadata: { name: 'other', namespace: 'default' } })
    await b.settle()
    seedPod(b, 'bare', undefined, false)
    await b.settle()
    expect(b.events()).toContain('Warning MultiplePodDisruptionBudgets Pod/bare: Pod "default"/"bare" matches multiple PodDisruptionBudgets.  Chose "web" arbitrarily.')
  })
})

describe('pods about to go', () => {
  it('are not counted for two minutes after their eviction was granted', async () => {
    const b = await controllerBench([disruptionController])
    seedWeb(b, 3)
    b.api.seed(podDisruptionBudgetKind, budget({ minAvailable: 1 }))
    await b.settle()
    b.api.mutate<PodDisruptionBudget>(podDisruptionBudgetKind, 'default', 'web', (copy) => {
      copy.status = { ...copy.status!, disruptionsAllowed: 1, disruptedPods: { 'web-0': formatTime(b.kernel.now()), gone: formatTime(b.kernel.now()) } }
    })
    await b.settle()
    expect(numbers(b)).toEqual([3, 1, 2, 1])
    expect(Object.keys(statusOf(b).disruptedPods!)).toEqual(['web-0'])
    await b.kernel.runFor(125_000)
    expect(numbers(b)).toEqual([3, 1, 3, 2])
    expect(b.events()).toEqual(["Warning NotDeleted Pod/web-0: Pod was expected by PDB default/web to be deleted but it wasn't"])
  })

  it('are no longer said to be, two minutes after', async () => {
    const b = await controllerBench([disruptionController])
    seedPod(b, 'web-0', undefined, true)
    b.api.mutate<Pod>(podKind, 'default', 'web-0', (copy) => void copy.status!.conditions!.push({ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', lastTransitionTime: formatTime(b.kernel.now()) }))
    const condition = (): unknown => b.api.peek<Pod>(podKind, 'default', 'web-0')!.status!.conditions!.find(({ type }) => type === 'DisruptionTarget')
    await b.kernel.runFor(119_000)
    expect(condition()).toMatchObject({ status: 'True' })
    await b.kernel.runFor(3_000)
    expect(condition()).toMatchObject({ status: 'False' })
  })
})

it('comes to the same whatever fails', async () => {
  const tried = await atEveryWrite(benchFaults, async (fault: BenchOptions['fault']) => {
    const b = await controllerBench([disruptionController], fault ? { fault } : {})
    const before = b.api.writes.length
    seedWeb(b, 3, 2)
    b.api.seed(podDisruptionBudgetKind, budget({ maxUnavailable: 2 }))
    await b.settle()
    b.api.remove(podKind, 'default', 'web-0', { gracePeriodSeconds: 0 })
    await b.settle()
    return { writes: b.api.writes.slice(before).filter((each) => !each.includes(' events ')).length, check: () => expect(numbers(b)).toEqual([3, 1, 1, 0]) }
  })
  expect(tried).toBeGreaterThan(5)
})
