import type { Pod, Toleration } from '../../../api/generated/types.ts'
import { isAbout } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'

const notReady = 'node.kubernetes.io/not-ready'
const unreachable = 'node.kubernetes.io/unreachable'
const seconds = 300

/** Every pod stays five minutes on a node that is not ready or out of reach, unless it says otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: (attributes) => isAbout(attributes, '', 'pods') && (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE'),
  admit({ object, operation }) {
    const { spec } = object as Pod
    if (!spec) return
    // Pods being changed got theirs when they were created.
    if (operation === 'UPDATE') return
    const tolerations = spec.tolerations ?? []
    const missing = [notReady, unreachable].filter((key) => !tolerations.some((toleration) => tolerates(toleration, key)))
    if (missing.length > 0) spec.tolerations = [...tolerations, ...missing.map((key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds }))]
  },
}

function tolerates({ key, effect }: Toleration, wanted: string): boolean {
  return (!key || key === wanted) && (!effect || effect === 'NoExecute')
}
