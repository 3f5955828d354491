import { describe, expect, it } from 'vitest'
import { schedulerBench } from '../testing/scheduler-bench.ts'
import { testNode, testPod } from '../testing/objects.ts'
import { tryPlugin } from '../testing/trial.ts'
import { nodeAffinity } from '../plugins/node-affinity.ts'
import { nodeResourcesFit } from '../plugins/node-resources-fit.ts'
import { readSchedulerConfiguration } from './configuration.ts'

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n'

describe('KubeSchedulerConfiguration', () => {
  it('has upstream defaults', () => {
    expect(readSchedulerConfiguration(head)).toEqual({ profiles: [{ schedulerName: 'default-scheduler', plugins: {}, arguments: {} }], percentageOfNodesToScore: 0, podInitialBackoffMs: 1_000, podMaxBackoffMs: 10_000, leaderElect: true })
  })

  it.each([
    ['kind: KubeSchedulerConfiguration\n', "Object 'apiVersion' is missing in 'kind: KubeSchedulerConfiguration\n'"],
    ['apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration\n', 'no kind "KubeSchedulerConfiguration" is registered for version "kubescheduler.config.k8s.io/v1beta3" in scheme "pkg/scheduler/apis/config/scheme/scheme.go:30"'],
    [`${head}profilez: []\n`, 'strict decoding error: unknown field "profilez"'],
    [`${head}parallelism: 0\n`, 'parallelism: Invalid value: 0: should be an integer value greater than zero'],
    [`${head}percentageOfNodesToScore: 101\n`, 'percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]'],
    [`${head}podInitialBackoffSeconds: 20\n`, 'podMaxBackoffSeconds: Invalid value: 10: must be greater than or equal to PodInitialBackoffSeconds'],
    [`${head}profiles: [{schedulerName: a}, {schedulerName: a}]\n`, 'profiles[1].schedulerName: Duplicate value: "a"'],
    [`${head}profiles: [{schedulerName: a}, {}]\n`, 'profiles[1].schedulerName: Required value'],
    [`${head}profiles: [{pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 200}}]}]\n`, 'profiles[0].pluginConfig[0].hardPodAffinityWeight: Invalid value: 200: not in valid range [0-100]'],
    [`${head}profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {strategy: x}}]}]\n`, 'decoding .profiles[0].pluginConfig[0]: decoding args for plugin "NodeResourcesFit": strict decoding error: unknown field "strategy"'],
    [`${head}extenders: [{urlPrefix: "http://x"}]\n`, 'extenders: Forbidden: scheduler extenders are not available in this cluster'],
  ])('refuses %j', (text, message) => {
    expect(() => readSchedulerConfiguration(text)).toThrow(message)
  })
})

/** A scheduler started with a file. */
function configured(text: string): ReturnType<typeof schedulerBench> {
  return schedulerBench({ flags: ['--config=/etc/kubernetes/scheduler.yaml', '--leader-elect=false'], readText: () => text })
}

describe('profiles', () => {
  it('serve their own pods with their own plugins', async () => {
    const bench = configured(
      `${head}profiles:\n- schedulerName: default-scheduler\n- schedulerName: packing\n  pluginConfig:\n  - name: NodeResourcesFit\n    args: {scoringStrategy: {type: MostAllocated}}\n  plugins:\n    score:\n      disabled: [{name: NodeResourcesBalancedAllocation}, {name: ImageLocality}]\n    filter:\n      disabled: [{name: TaintToleration}]\n`,
    )
    const tainted = testNode('used', { cpu: '4', memory: '8Gi' }, (node) => void (node.spec = { taints: [{ key: 'k', effect: 'NoSchedule' }] }))
    await bench.add(testNode('empty'), tainted, testPod('there', { cpu: '1' }, (pod) => void (pod.spec!.nodeName = 'used')))
    await bench.add(testPod('plain', { cpu: '100m' }))
    await bench.add(testPod('packed', { cpu: '100m' }, (pod) => void (pod.spec!.schedulerName = 'packing')))
    expect([bench.pod('plain').spec!.nodeName, bench.pod('packed').spec!.nodeName]).toEqual(['empty', 'used'])
    const [decision] = bench.decisions()
    expect(decision!.profile).toBe('packing')
    expect(decision!.scored[0]!.plugins.map(({ plugin }) => plugin)).not.toContain('ImageLocality')
  })

  it.each([
    [`${head}profiles: [{plugins: {multiPoint: {enabled: [{name: Nonsense}]}}}]\n`, 'multiPointEnabled: plugin "Nonsense" does not exist'],
    [`${head}profiles: [{plugins: {bind: {disabled: [{name: "*"}]}}}]\n`, 'at least one bind plugin is needed for profile with scheduler name "default-scheduler"'],
    [`${head}profiles: [{plugins: {filter: {enabled: [{name: ImageLocality}]}}}]\n`, 'plugin "ImageLocality" does not extend filter plugin'],
    [`${head}percentageOfNodesToScore: 101\n`, 'percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]'],
  ])('end the scheduler when they cannot work: %j', async (text, message) => {
    const bench = configured(text)
    await bench.kernel.runFor(1_000)
    expect(bench.scheduler.journal.lines().at(-1)!.text).toContain(JSON.stringify(message).slice(1, -1))
    expect(bench.scheduler.scope.closed).toBe(true)
  })
})

describe('arguments', () => {
  const nodes = [testNode('empty'), testNode('half')]
  const existing = [testPod('there', { cpu: '2', memory: '4Gi' }, (pod) => void (pod.spec!.nodeName = 'half'))]
  it('score by a shape', () => {
    const shape = [
      { utilization: 0, score: 0 },
      { utilization: 100, score: 10 },
    ]
    const { raw } = tryPlugin(() => nodeResourcesFit({ scoringStrategy: { type: 'RequestedToCapacityRatio', requestedToCapacityRatio: { shape } } }), testPod('x', { cpu: '1', memory: '2Gi' }), { nodes, existing })
    expect(raw).toEqual({ empty: 25, half: 75 })
  })

  it('leave resources of others out', () => {
    const pod = testPod('x', { 'example.com/fpga': '1' })
    expect(tryPlugin(() => nodeResourcesFit({ ignoredResourceGroups: ['example.com'] }), pod, { nodes }).verdicts['empty']).toBeUndefined()
    expect(tryPlugin(() => nodeResourcesFit(), pod, { nodes }).verdicts['empty']?.reasons).toEqual(['Insufficient example.com/fpga'])
  })

  it('demand nodes beside what pods do', () => {
    const added = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['half'] }] }] } }
    expect(tryPlugin(() => nodeAffinity(added), testPod('x'), { nodes }).verdicts).toEqual({ empty: { code: 'UnschedulableAndUnresolvable', reasons: ["node(s) didn't match scheduler-enforced node affinity"] }, half: undefined })
  })
})
