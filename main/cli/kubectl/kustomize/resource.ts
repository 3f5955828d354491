import type { JsonObject } from '../../../api/machinery/json-value.ts'

/** An object on its way through a build, with the names that it had before. */
export interface Resource {
  object: JsonObject
  /** Name and namespace from the first to the last but the present. */
  readonly before: Identity[]
  /** Its name gets a hash of its content at the end. */
  hashed: boolean
}

export interface Identity {
  readonly name: string
  readonly namespace: string
}

export interface Metadata {
  readonly name?: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

export function metadataOf(object: JsonObject): Metadata {
  return (object.metadata ?? {}) as Metadata
}

export function kindOf(object: JsonObject): string {
  return String(object.kind ?? '')
}

/** `apps` and `v1` of `apps/v1`. */
export function groupVersionOf(object: JsonObject): { group: string; version: string } {
  const [version = '', group = ''] = String(object.apiVersion ?? '').split('/').reverse()
  return { group, version }
}

/** `Deployment.v1.apps`, as kustomize writes it. */
export function typeText(object: JsonObject): string {
  const { group, version } = groupVersionOf(object)
  return `${kindOf(object) || '[noKind]'}.${version || '[noVer]'}.${group || '[noGrp]'}`
}

/** `Deployment.v1.apps/web.[noNs]`. */
export function idText(object: JsonObject): string {
  const { name = '', namespace } = metadataOf(object)
  return `${typeText(object)}/${name}.${namespace || '[noNs]'}`
}

export function identityOf(object: JsonObject): Identity {
  const { name = '', namespace = '' } = metadataOf(object)
  return { name, namespace: namespace === 'default' ? '' : namespace }
}

/** Every identity that the resource has or had. */
export function identitiesOf({ object, before }: Resource): Identity[] {
  return [...before, identityOf(object)]
}

/** The object with other metadata; what is undefined is left out. */
export function withMetadata(object: JsonObject, changes: Metadata): JsonObject {
  return { ...object, metadata: { ...(object.metadata as JsonObject), ...changes } }
}

/** Gives the resource another name or namespace, and remembers the one before. */
export function rename(resource: Resource, changes: { readonly name?: string; readonly namespace?: string }): void {
  const before = identityOf(resource.object)
  const object = withMetadata(resource.object, changes)
  const after = identityOf(object)
  if (after.name !== before.name || after.namespace !== before.namespace) resource.before.push(before)
  resource.object = object
}

const clusterKinds = new Set([
  'APIService', 'CSIDriver', 'CSINode', 'CertificateSigningRequest', 'ClusterRole', 'ClusterRoleBinding', 'ClusterTrustBundle', 'ComponentStatus', 'CustomResourceDefinition', 'DeviceClass',
  'FlowSchema', 'IPAddress', 'IngressClass', 'MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding', 'MutatingWebhookConfiguration', 'Namespace', 'Node', 'PersistentVolume', 'PriorityClass',
  'PriorityLevelConfiguration', 'ResourceSlice', 'RuntimeClass', 'SelfSubjectAccessReview', 'SelfSubjectReview', 'SelfSubjectRulesReview', 'ServiceCIDR', 'StorageClass', 'StorageVersion',
  'SubjectAccessReview', 'TokenReview', 'ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'ValidatingWebhookConfiguration', 'VolumeAttachment', 'VolumeAttributesClass',
])

export function isNamespaced(object: JsonObject): boolean {
  return !clusterKinds.has(kindOf(object))
}
