import { describe, expect, it } from 'vitest'
import type { Deployment, Pod, V2HorizontalPodAutoscaler, V2HorizontalPodAutoscalerSpec } from '../../../api/generated/types.ts'
import { deploymentKind } from '../../../api/kinds/apps/deployment.ts'
import { horizontalPodAutoscalerKind } from '../../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { benchFaults, controllerBench, readyStatus, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { horizontalPodAutoscalerController } from './horizontal-pod-autoscaler-controller.ts'
import { limit, stabilize, type Behavior, type History } from './limits.ts'
import { byAverage, byShare, byUtilization, byValue } from './replica-calculator.ts'

const now = Date.UTC(2026, 0, 1, 12)
const tolerances = { up: 0.1, down: 0.1 }

function pod(name: string, more: { readonly phase?: string; readonly ready?: boolean; readonly startedMs?: number; readonly request?: string } = {}): Pod {
  const { phase = 'Running', ready = true, startedMs = 3_600_000, request = '100m' } = more
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'c', image: 'nginx', resources: { requests: { cpu: request } } }] },
    status: { phase, startTime: formatTime(now - startedMs), conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: formatTime(now - startedMs + 1000) }] },
  }
}

const measured = (values: Record<string, number>): Map<string, { value: number; timestamp: number; windowMs: number }> =>
  new Map(Object.entries(values).map(([name, value]) => [name, { value, timestamp: now, windowMs: 30_000 }]))

describe('how many replicas a utilisation asks for', () => {
  const three = [pod('a'), pod('b'), pod('c')]
  it.each([
    ['twice as much as wanted', three, { a: 100, b: 100, c: 100 }, 50, 6],
    ['half', three, { a: 25, b: 25, c: 25 }, 50, 2],
    ['within the tolerance', three, { a: 54, b: 54, c: 54 }, 50, 3],
    ['a pod without measurement holds a rise back', three, { a: 100, b: 100 }, 50, 4],
    ['and a fall', three, { a: 10, b: 10 }, 50, 3],
    ['one that starts counts as idle in a rise', [pod('a'), pod('b'), pod('c', { ready: false, startedMs: 10_000 })], { a: 100, b: 100, c: 100 }, 50, 4],
    ['and not at all in a fall', [pod('a'), pod('b'), pod('c', { ready: false, startedMs: 10_000 })], { a: 20, b: 20, c: 100 }, 50, 1],
    ['failed pods are left out', [pod('a'), pod('b', { phase: 'Failed' })], { a: 100, b: 0 }, 50, 2],
  ])('%s', (_, pods, values, target, replicas) => {
    expect(byUtilization(3, target, 'cpu', undefined, pods, measured(values), tolerances, now).replicas).toBe(replicas)
  })

  it('says why it cannot tell', () => {
    expect(() => byUtilization(1, 50, 'cpu', undefined, [], measured({ a: 1 }), tolerances, now)).toThrow('no pods returned by selector while calculating replica count')
    expect(() => byUtilization(1, 50, 'cpu', undefined, [pod('a', { phase: 'Pending' })], measured({}), tolerances, now)).toThrow('did not receive metrics for targeted pods (pods might be unready)')
    expect(() => byUtilization(1, 50, 'memory', undefined, three, measured({ a: 1 }), tolerances, now)).toThrow('missing request for memory in container c of Pod a')
  })

  it('by averages, values and shares', () => {
    expect(byAverage(3, 10_000, undefined, three, measured({ a: 20_000, b: 20_000, c: 20_000 }), tolerances, now)).toEqual({ replicas: 6, usage: 20_000 })
    expect(byValue(3, 40_000, 20_000, three, tolerances)).toEqual({ replicas: 6, usage: 40_000 })
    expect(byValue(0, 40_000, 20_000, [], tolerances).replicas).toBe(2)
    expect(byShare(3, 40_000, 10_000, tolerances)).toEqual({ replicas: 4, usage: 13_334 })
    expect(byShare(4, 41_000, 10_000, tolerances).replicas).toBe(4)
  })

  it('with the tolerance of the autoscaler', () => {
    expect(byAverage(3, 100, undefined, three, measured({ a: 105, b: 105, c: 105 }), { up: 0.01, down: 0.1 }, now).replicas).toBe(4)
  })
})

describe('limits', () => {
  const none: History = { recommendations: [], ups: [], downs: [] }
  const behavior: Behavior = {
    scaleUp: { stabilizationWindowSeconds: 60, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, { type: 'Percent', value: 100, periodSeconds: 15 }] },
    scaleDown: { selectPolicy: 'Min', policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }, { type: 'Percent', value: 50, periodSeconds: 60 }] },
  }
  it.each([
    [3, 20, undefined, none, [6, 'ScaleUpLimit']],
    [3, 20, behavior, none, [7, 'ScaleUpLimit']],
    [8, 50, behavior, none, [10, 'TooManyReplicas']],
    [8, 50, behavior, { ...none, ups: [{ change: 4, at: now - 5_000 }] }, [8, 'ScaleUpLimit']],
    [8, 1, behavior, none, [6, 'ScaleDownLimit']],
    [8, 1, behavior, { ...none, downs: [{ change: 2, at: now - 5_000 }] }, [8, 'ScaleDownLimit']],
    [3, 1, undefined, none, [2, 'TooFewReplicas']],
    [3, 3, undefined, none, [3, 'DesiredWithinRange']],
    [3, 9, { ...behavior, scaleUp: { selectPolicy: 'Disabled' } }, none, [3, 'ScaleUpLimit']],
  ] as const)('from %i to %i', (current, desired, rules, history, [replicas, reason]) => {
    expect(limit(current, desired, 2, 10, history, rules, now)).toMatchObject({ replicas, reason })
  })

  it.each([
    [5, 2, undefined, [{ replicas: 4, at: now - 299_000 }, { replicas: 9, at: now - 301_000 }], [4, 'ScaleDownStabilized']],
    [5, 8, undefined, [{ replicas: 4, at: now - 1_000 }], [8, 'ReadyForNewScale']],
    [5, 8, behavior, [{ replicas: 6, at: now - 30_000 }], [6, 'ScaleUpStabilized']],
    [5, 8, behavior, [{ replicas: 6, at: now - 61_000 }], [8, 'ReadyForNewScale']],
    [5, 2, behavior, [{ replicas: 5, at: now - 100_000 }], [5, 'ScaleDownStabilized']],
  ] as const)('damped from %i to %i', (current, desired, rules, recommendations, [replicas, reason]) => {
    expect(stabilize(current, desired, { ...none, recommendations }, rules, now)).toMatchObject({ replicas, reason })
  })
})

const selector = { matchLabels: { app: 'web' } }

async function bench(spec: Partial<V2HorizontalPodAutoscalerSpec>, replicas: number, use: (() => string) | undefined, options: BenchOptions = {}): Promise<ControllerBench> {
  const b = await controllerBench([horizontalPodAutoscalerController], options)
  const raw = b.api.raw.bind(b.api)
  b.api.raw = (method, path, body) => {
    if (!use || !path.startsWith('/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app%3Dweb')) return raw(method, path, body)
    const items = b.api.stored<Pod>(podKind).map(({ metadata }) => ({ metadata, timestamp: formatTime(b.kernel.now()), window: '30s', containers: [{ name: 'c', usage: { cpu: use() } }] }))
    return Promise.resolve({ status: 200, headers: {}, body: { items } })
  }
  b.api.seed<Deployment>(deploymentKind, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' }, spec: { replicas, selector, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } } } })
  b.api.mutate<Deployment>(deploymentKind, 'default', 'web', (copy) => void (copy.status = { replicas }))
  for (let index = 0; index < replicas; index++) {
    const { metadata, spec: podSpec } = pod(`web-${index}`)
    b.api.seed<Pod>(podKind, { apiVersion: 'v1', kind: 'Pod', metadata, ...(podSpec ? { spec: podSpec } : {}) })
    b.api.mutate<Pod>(podKind, 'default', metadata.name, (copy) => void (copy.status = readyStatus(b.kernel.now() - 600_000)))
  }
  b.api.seed<V2HorizontalPodAutoscaler>(horizontalPodAutoscalerKind, {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web', namespace: 'default' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 10, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }], ...spec },
  })
  return b
}

const hpa = (b: ControllerBench): V2HorizontalPodAutoscaler => b.api.peek<V2HorizontalPodAutoscaler>(horizontalPodAutoscalerKind, 'default', 'web')!
const conditions = (b: ControllerBench): string[] => (hpa(b).status?.conditions ?? []).map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)
const replicasOf = (b: ControllerBench): number => b.api.peek<Deployment>(deploymentKind, 'default', 'web')!.spec!.replicas!

describe('an autoscaler', () => {
  it('scales up every 15 s, and says so', async () => {
    const b = await bench({}, 3, () => '100m')
    await b.kernel.runFor(14_000)
    expect(replicasOf(b)).toBe(3)
    await b.kernel.runFor(2_000)
    expect(replicasOf(b)).toBe(6)
    expect(b.events()).toEqual(['Normal SuccessfulRescale HorizontalPodAutoscaler/web: New size: 6; reason: cpu resource utilization (percentage of request) above target'])
    expect(hpa(b).status).toMatchObject({ currentReplicas: 3, desiredReplicas: 6, currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '100m' } } }] })
    expect(conditions(b)).toEqual([
      'AbleToScale=True SucceededRescale: the HPA controller was able to update the target scale to 6',
      'ScalingActive=True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
      'ScalingLimited=False DesiredWithinRange: the desired count is within the acceptable range',
    ])
  })

  it('scales down five minutes after the last reason not to', async () => {
    const b = await bench({}, 4, () => '10m')
    await b.kernel.runFor(200_000)
    expect([replicasOf(b), conditions(b)[0]]).toEqual([4, 'AbleToScale=True ScaleDownStabilized: recent recommendations were higher than current one, applying the highest recent recommendation'])
    await b.kernel.runFor(130_000)
    expect(replicasOf(b)).toBe(1)
    expect(b.events()).toEqual(['Normal SuccessfulRescale HorizontalPodAutoscaler/web: New size: 1; reason: All metrics below target'])
  })

  it('says that nobody serves metrics', async () => {
    const b = await bench({}, 2, undefined)
    await b.kernel.runFor(16_000)
    const problem = 'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)'
    expect(b.events()).toEqual([
      `Warning FailedGetResourceMetric HorizontalPodAutoscaler/web: ${problem}`,
      `Warning FailedComputeMetricsReplicas HorizontalPodAutoscaler/web: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${problem}`,
    ])
    expect(conditions(b)).toEqual([
      "AbleToScale=True SucceededGetScale: the HPA controller was able to get the target's current scale",
      `ScalingActive=False FailedGetResourceMetric: the HPA was unable to compute the replica count: ${problem}`,
    ])
  })

  it('says that its target is not there', async () => {
    const b = await bench({ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gone' } }, 1, undefined)
    await b.kernel.runFor(16_000)
    expect(conditions(b)).toEqual([`AbleToScale=False FailedGetScale: the HPA controller was unable to get the target's current scale: deployments.apps "gone" not found`])
  })

  it.each([
    [0, {}, 0, 'ScalingActive=False ScalingDisabled: scaling is disabled since the replica count of the target is zero'],
    [12, {}, 10, 'AbleToScale=True SucceededRescale: the HPA controller was able to update the target scale to 10'],
    [1, { minReplicas: 2 }, 2, 'AbleToScale=True SucceededRescale: the HPA controller was able to update the target scale to 2'],
  ])('keeps %i replicas within %j', async (replicas, spec, expected, condition) => {
    const b = await bench(spec, replicas, () => '50m')
    await b.kernel.runFor(16_000)
    expect(replicasOf(b)).toBe(expected)
    expect(conditions(b)).toContain(condition)
  })

  it('comes to the same whatever fails', async () => {
    for (const kind of benchFaults) {
      for (let write = 1; write <= 3; write++) {
        const b = await bench({}, 3, () => '100m', { fault: { kind, write } })
        await b.kernel.runFor(100_000)
        expect([replicasOf(b), hpa(b).status!.desiredReplicas], `${kind} at write ${write}`).toEqual([6, 6])
      }
    }
  })
})
