import type { Plugin } from '../framework/plugin.ts'
import { unresolvable } from '../framework/status.ts'

/** A pod that names its node goes nowhere else. */
export const nodeName: Plugin = {
  name: 'NodeName',
  nodeLocal: true,
  interests: [{ events: ['NodeAdd'], hint: ({ pod }, event) => (!pod.spec?.nodeName || pod.spec.nodeName === event.next?.metadata.name ? 'queue' : 'skip') }],
  filter: (_, { pod }, node) => (!pod.spec?.nodeName || pod.spec.nodeName === node.name ? undefined : unresolvable("node(s) didn't match the requested node name")),
}
