import { isObject } from '../../../api/machinery/json-value.ts'
import { changeAt, templatePaths } from './paths.ts'
import { identitiesOf, identityOf, isNamespaced, kindOf, metadataOf, rename, type Resource } from './resource.ts'

/** Kinds whose names a prefix or suffix leaves alone. */
const keptKinds = new Set(['CustomResourceDefinition', 'APIService', 'Namespace'])

export function addAffixes(resources: readonly Resource[], prefix: string, suffix: string): void {
  if (prefix === '' && suffix === '') return
  for (const resource of resources) if (!keptKinds.has(kindOf(resource.object))) rename(resource, { name: `${prefix}${metadataOf(resource.object).name ?? ''}${suffix}` })
}

/** Puts everything that lives in a namespace into this one. */
export function setNamespace(resources: readonly Resource[], namespace: string): void {
  if (namespace === '') return
  for (const resource of resources) {
    const kind = kindOf(resource.object)
    if (kind === 'Namespace') rename(resource, { name: namespace })
    else if (isNamespaced(resource.object)) rename(resource, { namespace })
    if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') {
      resource.object = changeAt(resource.object, 'subjects[]', (subject) => (isObject(subject) && subject.kind === 'ServiceAccount' && subject.name === 'default' ? { ...subject, namespace } : subject))
    }
  }
}

/** Where objects name others: the kind that is named, and the paths in the kinds that name it (`pod:` = in pod templates). */
const references: readonly { readonly kinds: readonly string[]; readonly in: readonly (readonly [kind: string, path: string])[] }[] = [
  {
    kinds: ['ConfigMap'],
    in: [
      ['pod', 'spec/volumes[]/configMap/name'], ['pod', 'spec/volumes[]/projected/sources[]/configMap/name'],
      ...containerPaths('env[]/valueFrom/configMapKeyRef/name'), ...containerPaths('envFrom[]/configMapRef/name'),
    ],
  },
  {
    kinds: ['Secret'],
    in: [
      ['pod', 'spec/volumes[]/secret/secretName'], ['pod', 'spec/volumes[]/projected/sources[]/secret/name'], ['pod', 'spec/volumes[]/csi/nodePublishSecretRef/name'], ['pod', 'spec/imagePullSecrets[]/name'],
      ...containerPaths('env[]/valueFrom/secretKeyRef/name'), ...containerPaths('envFrom[]/secretRef/name'),
      ['ServiceAccount', 'imagePullSecrets[]/name'], ['ServiceAccount', 'secrets[]/name'], ['Ingress', 'spec/tls[]/secretName'],
    ],
  },
  {
    kinds: ['Service'],
    in: [
      ['StatefulSet', 'spec/serviceName'], ['Ingress', 'spec/rules[]/http/paths[]/backend/service/name'], ['Ingress', 'spec/defaultBackend/service/name'], ['APIService', 'spec/service/name'],
      ['ValidatingWebhookConfiguration', 'webhooks[]/clientConfig/service/name'], ['MutatingWebhookConfiguration', 'webhooks[]/clientConfig/service/name'],
    ],
  },
  { kinds: ['ServiceAccount'], in: [['pod', 'spec/serviceAccountName']] },
  { kinds: ['PersistentVolumeClaim'], in: [['pod', 'spec/volumes[]/persistentVolumeClaim/claimName']] },
  { kinds: ['PersistentVolume'], in: [['PersistentVolumeClaim', 'spec/volumeName']] },
  { kinds: ['PriorityClass'], in: [['pod', 'spec/priorityClassName']] },
  { kinds: ['IngressClass'], in: [['Ingress', 'spec/ingressClassName']] },
  { kinds: ['StorageClass'], in: [['PersistentVolume', 'spec/storageClassName'], ['PersistentVolumeClaim', 'spec/storageClassName'], ['StatefulSet', 'spec/volumeClaimTemplates[]/spec/storageClassName']] },
]

function containerPaths(path: string): (readonly [string, string])[] {
  return ['containers', 'initContainers', 'ephemeralContainers'].map((list) => ['pod', `spec/${list}[]/${path}`] as const)
}

/** Gives references the names that what they mean has in the end. */
export function fixReferences(resources: readonly Resource[]): void {
  for (const referrer of resources) {
    const kind = kindOf(referrer.object)
    for (const { kinds, in: places } of references) {
      for (const [owner, path] of places) {
        const at = owner === 'pod' ? templatePaths[kind] : owner === kind ? '' : undefined
        if (at !== undefined) referrer.object = changeAt(referrer.object, at + path, (name) => present(resources, referrer, kinds, name)?.name ?? name)
      }
    }
    fixTyped(resources, referrer)
  }
}

/** References that name the kind too. */
function fixTyped(resources: readonly Resource[], referrer: Resource): void {
  const kind = kindOf(referrer.object)
  const typed = (value: unknown): unknown => {
    if (!isObject(value) || typeof value.kind !== 'string') return value
    const found = present(resources, referrer, [value.kind], value.name, typeof value.namespace === 'string' ? value.namespace : undefined)
    if (!found) return value
    return { ...value, name: found.name, ...(value.kind === 'ServiceAccount' && found.namespace ? { namespace: found.namespace } : {}) }
  }
  if (kind === 'HorizontalPodAutoscaler') referrer.object = changeAt(referrer.object, 'spec/scaleTargetRef', typed)
  if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') {
    referrer.object = changeAt(referrer.object, 'roleRef', typed)
    referrer.object = changeAt(referrer.object, 'subjects[]', typed)
  }
}

/** What a name means now: a resource of the kind that has or had the name, in the referrer's namespace if both have one. */
function present(resources: readonly Resource[], referrer: Resource, kinds: readonly string[], name: unknown, namespace?: string): { readonly name: string; readonly namespace?: string } | undefined {
  if (typeof name !== 'string') return undefined
  const own = identityOf(referrer.object).namespace
  const found = resources.filter(({ object, before }) => {
    if (!kinds.includes(kindOf(object))) return false
    if (!identitiesOf({ object, before, hashed: false }).some((identity) => identity.name === name && (namespace === undefined || identity.namespace === (namespace === 'default' ? '' : namespace)))) return false
    return namespace !== undefined || !isNamespaced(object) || !isNamespaced(referrer.object) || identityOf(object).namespace === own
  })
  const [first] = found
  if (!first) return undefined
  const { name: after = '', namespace: within } = metadataOf(first.object)
  return { name: after, ...(within ? { namespace: within } : {}) }
}

