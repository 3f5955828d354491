import type { Pod } from '../../../api/generated/types.ts'
import type { Plugin } from '../framework/plugin.ts'
import { podInfoOf } from '../framework/pod-info.ts'
import { skip, unschedulable } from '../framework/status.ts'

/** Host ports are given out once per node, address and protocol. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  nodeLocal: true,
  interests: [
    { events: ['NodeAdd'] },
    {
      events: ['AssignedPodDelete'],
      hint: (pod, event) => {
        const freed = podInfoOf(event.old as Pod).hostPorts
        return pod.hostPorts.some((wanted) => freed.some((port) => port.port === wanted.port && port.protocol === wanted.protocol)) ? 'queue' : 'skip'
      },
    },
  ],
  preFilter: (_, pod) => (pod.hostPorts.length === 0 ? { status: skip } : undefined),
  filter: (_, pod, node) => (pod.hostPorts.some((port) => node.portTaken(port)) ? unschedulable("node(s) didn't have free ports for the requested pod ports") : undefined),
}
