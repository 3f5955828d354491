import type { Binding, Node, Pod } from '../../../api/generated/types.ts'
import { isAbout } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'

const region = 'topology.kubernetes.io/region'
const zone = 'topology.kubernetes.io/zone'

/** Copies where a node is to the pods on it, when they are bound to it or made for it. Follows upstream's PodTopologyLabels. */
export function podTopologyLabels(node: (name: string) => Node | undefined): AdmissionPlugin {
  return {
    name: 'PodTopologyLabels',
    handles: (attributes) => (isAbout(attributes, '', 'pods', 'binding') || isAbout(attributes, '', 'pods')) && attributes.operation === 'CREATE',
    admit({ object, subresource }) {
      const pod = object as Pod
      // The labels of a binding become the pod's.
      const nodeName = subresource === 'binding' ? (object as unknown as Binding).target.name : pod.spec?.nodeName
      const labels = nodeName ? node(nodeName)?.metadata.labels : undefined
      const given = [region, zone].flatMap((key) => (labels?.[key] ? [[key, labels[key]] as const] : []))
      if (given.length > 0) pod.metadata.labels = { ...pod.metadata.labels, ...Object.fromEntries(given) }
    },
  }
}
