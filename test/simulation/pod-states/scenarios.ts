import { podKind } from '../../../main/api/kinds/core/pod.ts'
import type { PodStatesLab } from './pod-states-lab.ts'

/** What is done to the pod of a manifest once it is applied (or to apply it); `name` is that of the manifest and of its pod. */
export type Scenario = (at: PodStatesLab, name: string) => Promise<void>

/** Asks for other resources for the pod's container once it runs. */
function resize(resources: Readonly<Record<string, string>>): Scenario {
  return async (at, name) => {
    await at.untilSeen(`pod/${name} phase Running`)
    await at.lab.cluster.kernel.runFor(2_000)
    const patch = { spec: { containers: [{ name: 'main', resources: { requests: resources, limits: resources } }] } }
    await at.lab.settle(at.lab.client.patch(podKind, name, 'default', 'strategic', patch, { subresource: 'resize' }))
  }
}

export const scenarios: Readonly<Record<string, { readonly text: string; readonly applies?: boolean; readonly run: Scenario }>> = {
  resizeBeyond: { text: 'then resize it to 64 CPUs', run: resize({ cpu: '64', memory: '64Mi' }) },
  resizeLater: { text: 'then resize it to 3900m of CPU, beside others on the node', run: resize({ cpu: '3900m', memory: '64Mi' }) },
  resizeBelow: { text: 'then resize it to 8Mi of memory', run: resize({ cpu: '100m', memory: '8Mi' }) },
  pressure: {
    text: 'applied while worker-3 is short of memory',
    applies: true,
    run: async (at, name) => {
      await at.untilSeen('node/worker-3 node condition MemoryPressure=True')
      await at.apply(name)
    },
  },
  delete: {
    text: 'then delete the pod once it runs',
    run: async (at, name) => {
      await at.untilSeen(`pod/${name} phase Running`)
      await at.lab.settle(at.lab.client.delete(podKind, name, 'default'))
    },
  },
}
