import type { Plugin } from '../framework/plugin.ts'
import { unresolvable } from '../framework/status.ts'

/** Keeps pods with scheduling gates out of the queue until the last gate is gone. */
export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  interests: [{ events: ['PodSchedulingGatesEliminated'], hint: (pod, event) => (event.next?.metadata.uid === pod.uid ? 'queue' : 'skip') }],
  preEnqueue({ pod }) {
    const gates = pod.spec?.schedulingGates ?? []
    return gates.length === 0 ? undefined : unresolvable(`waiting for scheduling gates: [${gates.map((gate) => gate.name).join(' ')}]`)
  },
}
