import type { Pod, Volume } from '../../../api/generated/types.ts'
import { nodeNameOf } from '../authn/user.ts'
import type { Resources } from '../registry/resources.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import type { Attributes, Authorizer, Judgement } from './attributes.ts'
import { nodeRules } from './node-rules.ts'
import { ruleAllows } from './rbac-rules.ts'

const noOpinion: Judgement = { decision: 'no-opinion', reason: '' }
const allow: Judgement = { decision: 'allow', reason: '' }

/** Lets a kubelet read only what its own pods refer to, and renew only its own lease. Follows upstream's node authorizer; its
 *  graph is asked here of an index of pods by node. */
export class NodeAuthorizer implements Authorizer {
  readonly #pods: WatchCache
  /** Node -> keys of what its pods refer to -> how many of them do. */
  readonly #references = new Map<string, Map<string, number>>()

  constructor(resources: Resources) {
    this.#pods = resources.storeOf('', 'pods').cache
    this.#pods.onChange((event) => {
      if (!event) return this.#readAnew()
      const before = event.previous as Pod | undefined
      const after = event.type === 'DELETED' ? undefined : (event.object as Pod)
      if (before && after && before.spec === after.spec) return
      if (before) this.#count(before, -1)
      if (after) this.#count(after, 1)
    })
  }

  authorize(attributes: Attributes): Judgement {
    const node = nodeNameOf(attributes.user)
    if (node === undefined) return noOpinion
    if (!attributes.isResource) return noOpinion
    const { group, resource, subresource, name, namespace, verb } = attributes
    if (group === '' && (resource === 'secrets' || resource === 'configmaps' || resource === 'persistentvolumeclaims')) {
      if (resource === 'persistentvolumeclaims' && subresource === 'status') return this.#judged(attributes)
      if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return refused('can only read resources of this type')
      if (subresource !== '') return refused('cannot read subresource')
      if (name === '') return refused('No Object name found')
      return this.#refersTo(node, `${resource}/${namespace}/${name}`) ? allow : refused(`no relationship found between node '${node}' and this object`)
    }
    if (group === '' && resource === 'serviceaccounts' && subresource === 'token') {
      if (verb !== 'create') return refused('only create is allowed')
      if (name === '') return refused('no name found')
      return this.#refersTo(node, `serviceaccounts/${namespace}/${name}`) ? allow : refused(`no relationship found between node '${node}' and this object`)
    }
    if (group === 'coordination.k8s.io' && resource === 'leases') {
      if (verb === 'create') return namespace === 'kube-node-lease' && (name === '' || name === node) ? this.#judged(attributes) : refused('can only access node lease with the same name as the requesting node')
      if (namespace !== 'kube-node-lease' || name !== node) return refused('can only access node lease with the same name as the requesting node')
    }
    return this.#judged(attributes)
  }

  #judged(attributes: Attributes): Judgement {
    return nodeRules.some((rule) => ruleAllows(attributes, rule)) ? allow : noOpinion
  }

  #refersTo(node: string, key: string): boolean {
    return (this.#references.get(node)?.get(key) ?? 0) > 0
  }

  #readAnew(): void {
    this.#references.clear()
    this.#pods.scan(undefined, (object) => {
      this.#count(object as Pod, 1)
      return true
    })
  }

  #count(pod: Pod, by: number): void {
    const node = pod.spec?.nodeName
    if (!node) return
    let references = this.#references.get(node)
    if (!references) this.#references.set(node, (references = new Map()))
    for (const key of referencesOf(pod)) {
      const count = (references.get(key) ?? 0) + by
      if (count > 0) references.set(key, count)
      else references.delete(key)
    }
  }
}

function refused(reason: string): Judgement {
  return { decision: 'no-opinion', reason }
}

/** Keys of everything that a pod makes its kubelet read. */
function referencesOf(pod: Pod): Set<string> {
  const keys = new Set<string>()
  const { spec } = pod
  const namespace = pod.metadata.namespace ?? ''
  const add = (resource: string, name: string | undefined): void => {
    if (name) keys.add(`${resource}/${namespace}/${name}`)
  }
  add('serviceaccounts', spec?.serviceAccountName)
  for (const secret of spec?.imagePullSecrets ?? []) add('secrets', secret.name)
  for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...(spec?.ephemeralContainers ?? [])]) {
    for (const source of container.envFrom ?? []) {
      add('configmaps', source.configMapRef?.name)
      add('secrets', source.secretRef?.name)
    }
    for (const variable of container.env ?? []) {
      add('configmaps', variable.valueFrom?.configMapKeyRef?.name)
      add('secrets', variable.valueFrom?.secretKeyRef?.name)
    }
  }
  for (const volume of spec?.volumes ?? []) volumeReferences(volume, pod, add)
  return keys
}

function volumeReferences(volume: Volume, pod: Pod, add: (resource: string, name: string | undefined) => void): void {
  add('secrets', volume.secret?.secretName)
  add('configmaps', volume.configMap?.name)
  add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName)
  if (volume.ephemeral) add('persistentvolumeclaims', `${pod.metadata.name}-${volume.name}`)
  for (const source of volume.projected?.sources ?? []) {
    add('secrets', source.secret?.name)
    add('configmaps', source.configMap?.name)
  }
}
