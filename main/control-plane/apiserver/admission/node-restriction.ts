import type { Lease, Node, Pod } from '../../../api/generated/types.ts'
import { forbidden } from '../../../api/machinery/status-error.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { nodeNameOf } from '../authn/user.ts'
import { refused } from './admission.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'

export interface NodeRestrictionParts {
  readonly pod: (namespace: string, name: string) => Pod | undefined
}

/** Keeps kubelets to their own node, its pods and its lease. Follows upstream's NodeRestriction; not modelled: dynamic labels of
 *  other prefixes, volume attachments, resource slices. */
export function nodeRestriction(parts: NodeRestrictionParts): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: ({ context }) => nodeNameOf(context.user) !== undefined,
    validate(attributes) {
      const node = nodeNameOf(attributes.context.user)!
      const { kind } = attributes
      if (kind.group === '' && kind.plural === 'pods') return admitPod(attributes, node, parts)
      if (kind.group === '' && kind.plural === 'nodes') return admitNode(attributes, node)
      if (kind.group === 'coordination.k8s.io' && kind.plural === 'leases') return admitLease(attributes, node)
    },
  }
}

function admitPod(attributes: AdmissionAttributes, node: string, parts: NodeRestrictionParts): void {
  const { operation, subresource, name, namespace } = attributes
  if (subresource === 'eviction') {
    const pod = parts.pod(namespace, name)
    if (pod && pod.spec?.nodeName !== node) throw refused(attributes, `node ${quote(node)} can only evict pods with spec.nodeName set to itself`)
    return
  }
  if (subresource === 'status') {
    if ((attributes.oldObject as Pod).spec?.nodeName !== node) throw refused(attributes, `node ${quote(node)} can only update pod status for pods with spec.nodeName set to itself`)
    return
  }
  if (subresource !== '') throw refused(attributes, `unexpected pod subresource ${quote(subresource)}, only 'status' and 'eviction' are allowed`)
  if (operation === 'CREATE') {
    const pod = attributes.object as Pod
    if (!pod.metadata.annotations?.[mirrorAnnotation]) throw refused(attributes, `pod does not have ${quote(mirrorAnnotation)} annotation, node ${quote(node)} can only create mirror pods`)
    if (pod.spec?.nodeName !== node) throw refused(attributes, `node ${quote(node)} can only create pods with spec.nodeName set to itself`)
    if (pod.spec.serviceAccountName) throw refused(attributes, `node ${quote(node)} can not create pods that reference a service account`)
    return
  }
  if (operation === 'DELETE') {
    if ((attributes.oldObject as Pod).spec?.nodeName !== node) throw refused(attributes, `node ${quote(node)} can only delete pods with spec.nodeName set to itself`)
    return
  }
  throw refused(attributes, `unexpected operation ${quote(operation)}, node ${quote(node)} can only create and delete mirror pods`)
}

function admitNode(attributes: AdmissionAttributes, node: string): void {
  const { operation, name } = attributes
  if (operation === 'CREATE' && (attributes.object as Node).metadata.name !== node) throw forbidden({ group: '', resource: 'nodes' }, name, `node ${quote(node)} is not allowed to modify node ${quote(name)}`)
  if (name !== node) throw forbidden({ group: '', resource: 'nodes' }, name, `node ${quote(node)} is not allowed to modify node ${quote(name)}`)
  if (operation !== 'UPDATE' || attributes.subresource !== '') return
  const taints = JSON.stringify((attributes.object as Node).spec?.taints ?? [])
  if (taints !== JSON.stringify((attributes.oldObject as Node).spec?.taints ?? [])) throw refused(attributes, `node ${quote(node)} is not allowed to modify taints`)
}

function admitLease(attributes: AdmissionAttributes, node: string): void {
  const { namespace, operation } = attributes
  if (namespace !== 'kube-node-lease') throw refused(attributes, `can only access leases in the "kube-node-lease" system namespace`)
  const name = operation === 'CREATE' ? (attributes.object as Lease).metadata.name : attributes.name
  if (name !== node) throw refused(attributes, 'can only access node lease with the same name as the requesting node')
}
