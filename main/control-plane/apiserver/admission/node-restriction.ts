import type { CSIDriver, CSINode, Lease, Node, PersistentVolumeClaim, Pod, ResourceSlice, TokenRequest } from '../../../api/generated/types.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { notFound } from '../../../api/machinery/status-error.ts'
import { nodeNameOf } from '../authn/user.ts'
import type { Authorizer } from '../authz/attributes.ts'
import { referencesOf } from '../authz/pod-references.ts'
import { refused } from './admission.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { forbiddenLabelChanges } from './node-labels.ts'

const mirrorAnnotation = 'kubernetes.io/config.mirror'
const leaseNamespace = 'kube-node-lease'

export interface NodeRestrictionParts {
  readonly pod: (namespace: string, name: string) => Pod | undefined
  readonly node: (name: string) => Node | undefined
  readonly driver: (name: string) => CSIDriver | undefined
  readonly authorizer: Authorizer
}

/** Keeps kubelets to their own node, its pods and its lease. Follows upstream's NodeRestriction. */
export function nodeRestriction(parts: NodeRestrictionParts): AdmissionPlugin {
  const judges: Readonly<Record<string, (attributes: AdmissionAttributes, node: string) => void>> = {
    '/pods': (attributes, node) => judgePod(attributes, node, parts),
    '/nodes': judgeNode,
    '/persistentvolumeclaims': judgeClaim,
    '/serviceaccounts': (attributes, node) => judgeToken(attributes, node, parts),
    'coordination.k8s.io/leases': judgeLease,
    'storage.k8s.io/csinodes': judgeCsiNode,
    'resource.k8s.io/resourceslices': judgeSlice,
  }
  const judgeOf = ({ kind }: AdmissionAttributes): ((attributes: AdmissionAttributes, node: string) => void) | undefined => {
    const key = `${kind.group}/${kind.plural}`
    return Object.hasOwn(judges, key) ? judges[key] : undefined
  }
  return {
    name: 'NodeRestriction',
    handles: (attributes) => attributes.operation !== 'CONNECT' && nodeNameOf(attributes.context.user) !== undefined && judgeOf(attributes) !== undefined,
    admit: (attributes) => judgeOf(attributes)!(attributes, nodeNameOf(attributes.context.user)!),
  }
}

function judgePod(attributes: AdmissionAttributes, node: string, parts: NodeRestrictionParts): void {
  const { operation, subresource, name, namespace } = attributes
  if (subresource === 'eviction') {
    const pod = parts.pod(namespace, name)
    if (!pod) throw notFound({ group: '', resource: 'pods' }, name)
    if (pod.spec?.nodeName !== node) throw refused(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`)
    return
  }
  if (subresource === 'status') {
    const [pod, old] = [attributes.object as Pod, attributes.oldObject as Pod]
    if (old.spec?.nodeName !== node) throw refused(attributes, `node ${quote(node)} can only update pod status for pods with spec.nodeName set to itself`)
    if (!semanticEqual(pod.metadata.labels ?? {}, old.metadata.labels ?? {})) throw refused(attributes, `node ${quote(node)} cannot update labels through pod status`)
    if (!semanticEqual(pod.status?.resourceClaimStatuses ?? [], old.status?.resourceClaimStatuses ?? [])) throw refused(attributes, `node ${quote(node)} cannot update resource claim statues`)
    return
  }
  if (subresource !== '') throw refused(attributes, `unexpected pod subresource ${quote(subresource)}, only 'status' and 'eviction' are allowed`)
  if (operation === 'CREATE') return judgeMirrorPod(attributes, node, parts)
  if (operation !== 'DELETE') throw refused(attributes, `unexpected operation ${quote(operation)}, node ${quote(node)} can only create and delete mirror pods`)
  if ((attributes.oldObject as Pod).spec?.nodeName !== node) throw refused(attributes, `node ${quote(node)} can only delete pods with spec.nodeName set to itself`)
}

function judgeMirrorPod(attributes: AdmissionAttributes, node: string, parts: NodeRestrictionParts): void {
  const pod = attributes.object as Pod
  const refuse = (message: string): never => {
    throw refused(attributes, `node ${quote(node)} ${message}`)
  }
  if (pod.metadata.annotations?.[mirrorAnnotation] === undefined) throw refused(attributes, `pod does not have ${quote(mirrorAnnotation)} annotation, node ${quote(node)} can only create mirror pods`)
  if (pod.spec?.nodeName !== node) refuse('can only create pods with spec.nodeName set to itself')
  const owners = pod.metadata.ownerReferences ?? []
  if (owners.length > 1) refuse('can only create pods with a single owner reference set to itself')
  const owner = owners[0]
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) return refuse('can only create pods with an owner reference set to itself')
  if (!owner.controller) refuse('can only create pods with a controller owner reference set to itself')
  if (owner.blockOwnerDeletion) refuse('must not set blockOwnerDeletion on an owner reference')
  const known = parts.node(node)
  if (!known) throw notFound({ group: '', resource: 'nodes' }, node)
  if (owner.uid !== known.metadata.uid) throw refused(attributes, `node ${node} UID mismatch: expected ${owner.uid} got ${known.metadata.uid}`)
  if (pod.spec?.serviceAccountName) refuse('can not create pods that reference a service account')
  const referred = [...referencesOf(pod)]
  if (referred.some((key) => key.startsWith('secrets/'))) refuse('can not create pods that reference secrets')
  if (referred.some((key) => key.startsWith('configmaps/'))) refuse('can not create pods that reference configmaps')
  if (pod.spec?.volumes?.some(({ projected }) => projected?.sources?.some(({ clusterTrustBundle }) => clusterTrustBundle))) refuse('can not create pods that reference clustertrustbundles')
  if (pod.spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim)) refuse('can not create pods that reference persistentvolumeclaims')
  if (pod.spec?.resourceClaims?.length) refuse('can not create pods that reference resourceclaims')
}

function judgeNode(attributes: AdmissionAttributes, node: string): void {
  const { operation, name, object, oldObject } = attributes
  if (name !== node) throw refused(attributes, `node ${quote(node)} is not allowed to modify node ${quote(name)}`)
  if (operation === 'CREATE') {
    const labels = forbiddenLabelChanges((object as Node).metadata.labels, undefined)
    if (labels.length > 0) throw refused(attributes, `node ${quote(node)} is not allowed to set the following labels: ${labels.join(', ')}`)
    return
  }
  if (operation !== 'UPDATE') return
  const [now, before] = [object as Node, oldObject as Node]
  if (!semanticEqual(now.spec?.taints ?? [], before.spec?.taints ?? [])) throw refused(attributes, `node ${quote(node)} is not allowed to modify taints`)
  const labels = forbiddenLabelChanges(now.metadata.labels, before.metadata.labels)
  if (labels.length > 0) throw refused(attributes, `is not allowed to modify labels: ${labels.join(', ')}`)
  if (!semanticEqual(now.metadata.ownerReferences ?? [], before.metadata.ownerReferences ?? [])) throw refused(attributes, `node ${quote(node)} is not allowed to modify ownerReferences`)
}

function judgeClaim(attributes: AdmissionAttributes, node: string): void {
  if (attributes.subresource !== 'status') throw refused(attributes, 'may only update PVC status')
  if (attributes.operation !== 'UPDATE') throw refused(attributes, `unexpected operation ${quote(attributes.operation)}`)
  const rest = (claim: PersistentVolumeClaim): unknown => {
    const { resourceVersion: _version, managedFields: _fields, ...metadata } = claim.metadata
    const { capacity: _capacity, conditions: _conditions, allocatedResources: _allocated, allocatedResourceStatuses: _statuses, ...status } = claim.status ?? {}
    return { ...claim, metadata, status }
  }
  if (!semanticEqual(rest(attributes.object as PersistentVolumeClaim), rest(attributes.oldObject as PersistentVolumeClaim))) throw refused(attributes, `node ${quote(node)} is not allowed to update fields other than status.capacity and status.conditions`)
}

function judgeToken(attributes: AdmissionAttributes, node: string, parts: NodeRestrictionParts): void {
  const { operation, subresource, namespace, object } = attributes
  if (operation !== 'CREATE' || subresource !== 'token') return
  const { audiences = [], boundObjectRef: reference } = (object as TokenRequest).spec ?? {}
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) throw refused(attributes, 'node requested token not bound to a pod')
  if (!reference.uid) throw refused(attributes, 'node requested token with a pod binding without a uid')
  const pod = parts.pod(namespace, reference.name)
  if (!pod) throw notFound({ group: '', resource: 'pods' }, reference.name)
  if (pod.metadata.uid !== reference.uid) throw refused(attributes, `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`)
  if (pod.spec?.nodeName !== node) throw refused(attributes, 'node requested token bound to a pod scheduled on a different node')
  if (audiences.length > 1) throw refused(attributes, 'node may only request 0 or 1 audiences')
  const audience = audiences[0] ?? ''
  if (asksFor(pod, audience, parts)) return
  const asking = { user: attributes.context.user, verb: 'request-serviceaccounts-token-audience', isResource: true, group: '', version: 'v1', resource: audience, subresource: '', namespace, name: attributes.name, path: '' }
  if (parts.authorizer.authorize(asking).decision !== 'allow') throw refused(attributes, `audience ${quote(audience)} not found in pod spec volume`)
}

/** Whether some volume of the pod wants a token for the audience. */
function asksFor({ spec }: Pod, audience: string, parts: NodeRestrictionParts): boolean {
  return (spec?.volumes ?? []).some(({ projected, csi }) => {
    if (projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken && (serviceAccountToken.audience ?? '') === audience)) return true
    return csi !== undefined && (parts.driver(csi.driver)?.spec?.tokenRequests?.some((request) => request.audience === audience) ?? false)
  })
}

function judgeLease(attributes: AdmissionAttributes, node: string): void {
  const { namespace, operation } = attributes
  if (namespace !== leaseNamespace) throw refused(attributes, `can only access leases in the ${quote(leaseNamespace)} system namespace`)
  const name = operation === 'CREATE' ? (attributes.object as Lease).metadata.name : attributes.name
  if (name !== node) throw refused(attributes, 'can only access node lease with the same name as the requesting node')
}

function judgeCsiNode(attributes: AdmissionAttributes, node: string): void {
  const name = attributes.operation === 'CREATE' ? (attributes.object as CSINode).metadata.name : attributes.name
  if (name !== node) throw refused(attributes, 'can only access CSINode with the same name as the requesting node')
}

function judgeSlice(attributes: AdmissionAttributes, node: string): void {
  const { operation } = attributes
  const slice = (operation === 'CREATE' ? attributes.object : attributes.oldObject) as ResourceSlice | undefined
  if ((operation !== 'CREATE' && operation !== 'DELETE') || slice?.spec?.nodeName === node) return
  throw refused(attributes, `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`)
}
