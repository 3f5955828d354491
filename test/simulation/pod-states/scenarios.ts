import { podKind } from '../../../main/api/kinds/core/pod.ts'
import type { PodStatesLab } from './pod-states-lab.ts'

/** What is done to the pod of a manifest once it is applied (or to apply it); `name` is that of the manifest and of its pod. */
export type Scenario = (at: PodStatesLab, name: string) => Promise<void>

export const scenarios: Readonly<Record<string, { readonly text: string; readonly applies?: boolean; readonly run: Scenario }>> = {
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
