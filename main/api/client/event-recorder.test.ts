import { describe, expect, it } from 'vitest'
import { eventKind } from '../kinds/core/event.ts'
import { namespaceTerminating } from '../machinery/status-error.ts'
import { eventRecorder } from './event-recorder.ts'
import { FakeApi } from './testing/fake-api.ts'
import { testPod, testPodKind } from './testing/test-kinds.ts'
import { testBench } from './testing/test-process.ts'

function setUp() {
  const bench = testBench()
  const api = new FakeApi(bench.process)
  const pod = api.seed(testPodKind, testPod('web'))
  return { ...bench, api, pod, recorder: eventRecorder(bench.process, api, 'kubelet', 'worker-1') }
}

describe('the event recorder', () => {
  it('writes what upstream writes', async () => {
    const { kernel, api, pod, recorder } = setUp()
    recorder.event(pod, 'Normal', 'Pulled', 'Container image "nginx" already present on machine', { fieldPath: 'spec.containers{main}' })
    await kernel.runFor(100)
    const [event] = api.stored(eventKind)
    expect(event).toMatchObject({
      metadata: { namespace: 'default', name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) as string },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web', uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion, fieldPath: 'spec.containers{main}' },
      type: 'Normal',
      reason: 'Pulled',
      count: 1,
      source: { component: 'kubelet', host: 'worker-1' },
      reportingComponent: 'kubelet',
      reportingInstance: 'worker-1',
      firstTimestamp: '2026-01-01T00:00:00Z',
    })
  })

  it('counts the same event, in the first one', async () => {
    const { kernel, api, pod, recorder } = setUp()
    for (let index = 0; index < 3; index++) {
      recorder.event(pod, 'Warning', 'BackOff', 'Back-off restarting failed container')
      await kernel.runFor(10_000)
    }
    const events = api.stored(eventKind)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({ count: 3, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:20Z' })
  })

  it('combines the tenth and further events that differ only in their message', async () => {
    const { kernel, api, pod, recorder } = setUp()
    for (let index = 0; index < 12; index++) recorder.event(pod, 'Normal', 'Scaled', `to ${index}`)
    await kernel.runFor(1_000)
    const events = api.stored(eventKind)
    expect(events).toHaveLength(10)
    expect(events[9]).toMatchObject({ count: 3, message: '(combined from similar events): to 11' })
  })

  it('drops spam: 25 at once, then one in five minutes', async () => {
    const { kernel, api, pod, recorder } = setUp()
    for (let index = 0; index < 40; index++) recorder.event(pod, 'Normal', `Reason${index}`, 'text')
    await kernel.runFor(1_000)
    expect(api.stored(eventKind)).toHaveLength(25)
    await kernel.runFor(300_000)
    for (let index = 0; index < 2; index++) recorder.event(pod, 'Normal', `Later${index}`, 'text')
    await kernel.runFor(1_000)
    expect(api.stored(eventKind)).toHaveLength(26)
  })

  it('tries again when the server is away, and not when it refuses', async () => {
    const { kernel, api, pod, recorder } = setUp()
    let creates = 0
    api.fault = (request) => {
      creates++
      if (creates <= 2) return { before: new Error('connect: connection refused') }
      if (creates === 4) return { before: namespaceTerminating({ group: '', resource: 'events' }, request.name ?? '', 'default') }
      return undefined
    }
    recorder.event(pod, 'Normal', 'A', 'text')
    recorder.event(pod, 'Normal', 'B', 'text')
    recorder.event(pod, 'Normal', 'C', 'text')
    await kernel.runFor(60_000)
    expect(api.stored(eventKind).map((event) => event.reason)).toEqual(['A', 'C'])
  })

  it('begins anew when the event has expired', async () => {
    const { kernel, api, pod, recorder } = setUp()
    recorder.event(pod, 'Normal', 'A', 'text')
    await kernel.runFor(100)
    api.remove(eventKind, 'default', api.stored(eventKind)[0]!.metadata.name)
    recorder.event(pod, 'Normal', 'A', 'text')
    await kernel.runFor(100)
    expect(api.stored(eventKind)).toMatchObject([{ count: 2 }])
  })
})
