import { describe, expect, it } from 'vitest'
import { eventsEventKind } from '../kinds/events/event.ts'
import { seriesEventRecorder } from './series-event-recorder.ts'
import { FakeApi } from './testing/fake-api.ts'
import { testPod, testPodKind } from './testing/test-kinds.ts'
import { testBench } from './testing/test-process.ts'

function setUp() {
  const bench = testBench()
  const api = new FakeApi(bench.process)
  const pod = api.seed(testPodKind, testPod('web'))
  return { ...bench, api, pod, recorder: seriesEventRecorder(bench.process, api, 'default-scheduler', 'controlplane') }
}

describe('the series event recorder', () => {
  it('writes what the scheduler writes', async () => {
    const { kernel, api, pod, recorder } = setUp()
    recorder.event(pod, 'Normal', 'Scheduled', 'Successfully assigned default/web to worker-1', { action: 'Binding' })
    await kernel.runFor(100)
    expect(api.stored(eventsEventKind)).toMatchObject([{
      metadata: { namespace: 'default', name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) as string },
      eventTime: '2026-01-01T00:00:00.000000Z', action: 'Binding', reason: 'Scheduled', type: 'Normal', note: 'Successfully assigned default/web to worker-1',
      reportingController: 'default-scheduler', reportingInstance: 'default-scheduler-controlplane', regarding: { kind: 'Pod', name: 'web', uid: pod.metadata.uid },
    }])
    expect(api.stored(eventsEventKind)[0]!.series).toBeUndefined()
  })

  it('makes a series of the same again: written when it begins and when it has been quiet', async () => {
    const { kernel, api, pod, recorder } = setUp()
    for (let index = 0; index < 5; index++) {
      recorder.event(pod, 'Warning', 'FailedScheduling', `0/${index} nodes are available`, { action: 'Scheduling' })
      await kernel.runFor(1_000)
    }
    expect(api.stored(eventsEventKind)).toMatchObject([{ note: '0/0 nodes are available', series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' } }])
    await kernel.runFor(800_000)
    expect(api.stored(eventsEventKind)).toMatchObject([{ series: { count: 5, lastObservedTime: '2026-01-01T00:00:04.000000Z' } }])
    recorder.event(pod, 'Warning', 'FailedScheduling', 'again', { action: 'Scheduling' })
    await kernel.runFor(1_000)
    expect(api.stored(eventsEventKind)).toHaveLength(2)
  })
})
