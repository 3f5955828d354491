import type { Node } from '../../../api/generated/types.ts'
import { isAbout } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'

const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/** New nodes get no pods until they are ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: (attributes) => isAbout(attributes, '', 'nodes') && attributes.operation === 'CREATE',
  admit({ object }) {
    const node = object as Node
    const taints = node.spec?.taints ?? []
    if (taints.some((each) => each.key === taint.key && each.effect === taint.effect)) return
    node.spec = { ...node.spec, taints: [...taints, { ...taint }] }
  },
}
