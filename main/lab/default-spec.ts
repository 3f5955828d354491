import { standardSpec, type ClusterSpec } from '../cluster/spec.ts'

/** The lab that opens when nobody asks for another: one control-plane node and three workers, the same seed every time. */
export function defaultSpec(name: string): ClusterSpec {
  return standardSpec(name, 1)
}
