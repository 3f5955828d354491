import type { ApiClient, Informer, Informers } from '../../../api/client/contract.ts'
import type { Deployment, OwnerReference, Pod, ReplicaSet, ReplicationController, StatefulSet } from '../../../api/generated/types.ts'
import { deploymentKind } from '../../../api/kinds/apps/deployment.ts'
import { replicaSetKind } from '../../../api/kinds/apps/replica-set.ts'
import { statefulSetKind } from '../../../api/kinds/apps/stateful-set.ts'
import { replicationControllerKind } from '../../../api/kinds/core/replication-controller.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { controllerOf, groupResourceText, parseGroupVersion, type KubeObject } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { KindMapper } from '../framework/kind-mapper.ts'
import { getScale } from '../framework/scale.ts'

interface OwnerScale {
  readonly uid: string
  readonly replicas: number
}

/** How many pods the owners of some pods want together: known kinds from caches, all others by their scale. */
export class OwnerScales {
  readonly #client: ApiClient
  readonly #mapper: KindMapper
  readonly #controllers: Informer<ReplicationController>
  readonly #deployments: Informer<Deployment>
  readonly #replicaSets: Informer<ReplicaSet>
  readonly #statefulSets: Informer<StatefulSet>

  constructor(client: ApiClient, clock: Clock, informers: Informers) {
    this.#client = client
    this.#mapper = new KindMapper(client, clock)
    this.#controllers = informers.of(replicationControllerKind)
    this.#deployments = informers.of(deploymentKind)
    this.#replicaSets = informers.of(replicaSetKind)
    this.#statefulSets = informers.of(statefulSetKind)
  }

  /** The sum, and the names of pods that nobody manages. Throws when an owner cannot be asked. */
  async of(pods: readonly Pod[]): Promise<{ readonly replicas: number; readonly unmanaged: readonly string[] }> {
    const scales = new Map<string, number>()
    const unmanaged: string[] = []
    for (const pod of pods) {
      const owner = controllerOf(pod)
      if (!owner) unmanaged.push(pod.metadata.name)
      else if (!scales.has(owner.uid)) {
        const found = this.#cached(owner, pod.metadata.namespace!) ?? (await this.#asked(owner, pod.metadata.namespace!))
        if (!found) throw new Error(`found no controllers for pod ${quote(pod.metadata.name)}`)
        scales.set(found.uid, found.replicas)
      }
    }
    let replicas = 0
    for (const each of scales.values()) replicas += each
    return { replicas, unmanaged }
  }

  #cached(owner: OwnerReference, namespace: string): OwnerScale | undefined {
    const { group } = parseGroupVersion(owner.apiVersion)
    if (owner.kind === 'ReplicationController' && group === '') return scaleOf(this.#controllers.get(namespace, owner.name), owner)
    if (group !== 'apps' && group !== 'extensions') return undefined
    if (owner.kind === 'StatefulSet') return scaleOf(this.#statefulSets.get(namespace, owner.name), owner)
    if (owner.kind !== 'ReplicaSet') return undefined
    const set = this.#replicaSets.get(namespace, owner.name)
    if (set?.metadata.uid !== owner.uid) return undefined
    const parent = controllerOf(set)
    if (parent?.kind !== 'Deployment') return scaleOf(set, owner)
    return scaleOf(this.#deployments.get(namespace, parent.name), parent)
  }

  async #asked(owner: OwnerReference, namespace: string): Promise<OwnerScale | undefined> {
    const kind = await this.#mapper.kindOf(owner.apiVersion, owner.kind)
    const scalable = kind.schema === '' || kind.subresources.some((each) => each.type === 'scale')
    if (!scalable) throw new Error(`${groupResourceText({ group: kind.group, resource: kind.plural })} does not implement the scale subresource`)
    try {
      const scale = await getScale(this.#client, kind, namespace, owner.name)
      return scale.metadata.uid === owner.uid ? { uid: owner.uid, replicas: scale.spec?.replicas ?? 0 } : undefined
    } catch (error) {
      if (!isNotFound(error)) throw error
      // Either the object is not there or its kind has no scale.
      if (kind.schema === '' && (await this.#exists(kind, namespace, owner.name))) throw new Error(`${groupResourceText({ group: kind.group, resource: kind.plural })} does not implement the scale subresource`)
      return undefined
    }
  }

  #exists(...[kind, namespace, name]: [Parameters<ApiClient['get']>[0], string, string]): Promise<boolean> {
    return this.#client.get(kind, name, namespace).then(() => true, () => false)
  }
}

function scaleOf(object: (KubeObject & { spec?: { replicas?: number } }) | undefined, owner: OwnerReference): OwnerScale | undefined {
  return object?.metadata.uid === owner.uid ? { uid: owner.uid, replicas: object.spec?.replicas ?? 1 } : undefined
}
