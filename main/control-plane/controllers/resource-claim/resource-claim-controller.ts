import type { Informer } from '../../../api/client/contract.ts'
import { defineController, type ControllerContext, type Outcome } from '../../../api/client/controller.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { ObjectMeta, Pod, PodResourceClaim, ResourceClaim, ResourceClaimTemplate } from '../../../api/generated/types.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { resourceClaimTemplateKind } from '../../../api/kinds/resource/resource-claim-template.ts'
import { resourceClaimKind } from '../../../api/kinds/resource/resource-claim.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { controllerReference, hasFinalizer, isControlledBy, keyOf, objectKey, splitKey, withoutFinalizer } from '../../../api/machinery/object.ts'
import { isPodTerminal } from '../../../api/machinery/pod.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { textOf } from '../framework/pod-control.ts'
import { OwnWrites } from '../framework/own-writes.ts'

const podClaimAnnotation = 'resource.kubernetes.io/pod-claim-name'
const finalizer = 'resource.kubernetes.io/delete-protection'
const podPrefix = 'pod '
const claimPrefix = 'claim '
const byOwner = 'owner'
const byTemplate = 'resource claim template'

/** Makes the claims of pods from templates and says in the pods' status how they are called; takes reservations of pods that are done from claims,
 *  and devices from claims that nobody has reserved. Follows pkg/controller/resourceclaim. Not modelled: extended resources backed by devices,
 *  and pods that were bound past the scheduler. */
export const resourceClaimController = defineController({
  name: 'resourceclaim-controller',
  eventSource: 'resource_claim',
  noun: 'resourceclaim',
  workers: 10,
  setUp: (context, queue) => {
    const controller = new ResourceClaimController(context, queue)
    return (key) => controller.sync(key)
  },
})

class ResourceClaimController {
  readonly #context: ControllerContext
  readonly #pods: Informer<Pod>
  readonly #claims: Informer<ResourceClaim>
  readonly #templates: Informer<ResourceClaimTemplate>
  readonly #ownClaims: OwnWrites<ResourceClaim>
  /** Claims made for pods that the cache has not seen yet, by pod uid and claim name: a generated name does not stop a second one. */
  readonly #made = new Map<string, ResourceClaim>()

  constructor(context: ControllerContext, queue: WorkQueue) {
    const { informers } = context
    this.#context = context
    this.#pods = informers.of(podKind)
    this.#claims = informers.of(resourceClaimKind)
    this.#templates = informers.of(resourceClaimTemplateKind)
    this.#ownClaims = new OwnWrites(this.#claims)
    this.#claims.addIndex(byOwner, ({ metadata }) => (metadata.ownerReferences ?? []).flatMap(({ uid, controller }) => (controller ? [uid] : [])))
    this.#pods.addIndex(byTemplate, ({ metadata, spec }) => (spec?.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName: name }) => (name ? [objectKey(metadata.namespace, name)] : [])))
    const addPod = (pod: Pod): void => {
      if (!pod.spec?.resourceClaims?.length) return
      queue.add(podPrefix + keyOf(pod))
      if (isDone(pod)) for (const name of claimNamesOf(pod)) queue.add(claimPrefix + objectKey(pod.metadata.namespace, name))
    }
    const goneWith = (pod: Pod): void => {
      for (const name of claimNamesOf(pod)) queue.add(claimPrefix + objectKey(pod.metadata.namespace, name))
      for (const claim of pod.spec?.resourceClaims ?? []) this.#made.delete(`${pod.metadata.uid}/${claim.name}`)
    }
    const addClaim = (claim: ResourceClaim): void => {
      if (claim.status?.reservedFor?.length || claim.metadata.deletionTimestamp || hasFinalizer(claim, finalizer)) queue.add(claimPrefix + keyOf(claim))
    }
    this.#pods.onChange({ added: addPod, updated: addPod, deleted: goneWith })
    this.#claims.onChange({
      added: addClaim,
      updated: addClaim,
      deleted: ({ metadata }) => {
        const owner = metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'Pod')
        if (owner) queue.add(podPrefix + objectKey(metadata.namespace, owner.name))
      },
    })
    this.#templates.onChange({ added: (template) => this.#pods.byIndex(byTemplate, keyOf(template)).forEach(addPod) })
  }

  async sync(key: string): Promise<Outcome> {
    if (key.startsWith(podPrefix)) await this.#syncPod(key.slice(podPrefix.length))
    else await this.#syncClaim(key.slice(claimPrefix.length))
    return undefined
  }

  async #syncPod(key: string): Promise<void> {
    const { client, events } = this.#context
    const { namespace, name } = splitKey(key)
    const pod = this.#pods.get(namespace, name)
    if (!pod || pod.metadata.deletionTimestamp || isDone(pod)) return
    const names: { name: string; resourceClaimName: string }[] = []
    for (const each of pod.spec?.resourceClaims ?? []) {
      if (!each.resourceClaimTemplateName) continue
      try {
        names.push({ name: each.name, resourceClaimName: (await this.#claimFor(pod, each)).metadata.name })
      } catch (error) {
        events.event(pod, 'Warning', 'FailedResourceClaimCreation', `PodResourceClaim ${each.name}: ${textOf(error)}`)
        throw new Error(`pod claim ${each.name}: ${textOf(error)}`)
      }
    }
    const known = pod.status?.resourceClaimStatuses ?? []
    if (names.every((each) => known.some((status) => status.name === each.name && status.resourceClaimName === each.resourceClaimName))) return
    const { uid } = pod.metadata
    await client.patch(podKind, name, namespace, 'strategic', { metadata: { uid }, status: { resourceClaimStatuses: names } }, { subresource: 'status' })
  }

  /** The pod's claim of that name: the one that was made for it, or a new one. */
  async #claimFor(pod: Pod, { name, resourceClaimTemplateName }: PodResourceClaim): Promise<ResourceClaim> {
    const { namespace, uid } = pod.metadata
    const mine = (claim: ResourceClaim): boolean => isControlledBy(claim, pod) && claim.metadata.annotations?.[podClaimAnnotation] === name && !claim.metadata.deletionTimestamp
    const present = this.#claims.byIndex(byOwner, uid!).find(mine)
    const id = `${uid}/${name}`
    if (present) {
      this.#made.delete(id)
      return present
    }
    const made = this.#made.get(id)
    if (made) return made
    const template = this.#templates.get(namespace, resourceClaimTemplateName!)
    if (!template) throw new Error(`resource claim template ${quote(resourceClaimTemplateName!)}: resourceclaimtemplate.resource.k8s.io ${quote(resourceClaimTemplateName!)} not found`)
    const { labels, annotations } = (template.spec.metadata ?? {}) as Partial<ObjectMeta>
    const metadata = {
      generateName: `${pod.metadata.name}-${name}-`,
      namespace: namespace!,
      ownerReferences: [controllerReference(pod)],
      annotations: { ...annotations, [podClaimAnnotation]: name },
      ...(labels ? { labels } : {}),
    } as unknown as ObjectMeta
    const created = await this.#context.client.create(resourceClaimKind, { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata, spec: template.spec.spec })
    this.#made.set(id, created)
    return created
  }

  async #syncClaim(key: string): Promise<void> {
    const { client } = this.#context
    const { namespace, name } = splitKey(key)
    let claim = this.#ownClaims.get(namespace, name)
    if (!claim) return
    const reserved = claim.status?.reservedFor ?? []
    const valid = []
    for (const each of reserved) if (each.apiGroup || each.resource !== 'pods' || (await this.#stillUses(namespace, each.name, each.uid))) valid.push(each)
    const owner = claim.metadata.ownerReferences?.find(({ controller, kind }) => controller && kind === 'Pod')
    const freed = valid.length === 0 && claim.status?.allocation !== undefined && (reserved.length > 0 || claim.metadata.deletionTimestamp !== undefined)
    if (valid.length < reserved.length || freed) {
      const { reservedFor: _, allocation, ...rest } = claim.status ?? {}
      const status = { ...rest, ...(valid.length > 0 ? { reservedFor: valid } : {}), ...(allocation && !freed ? { allocation } : {}) }
      claim = this.#ownClaims.wrote(await client.update(resourceClaimKind, { ...claim, status }, { subresource: 'status' }))
    }
    // Nothing is allocated any more: nothing is there to be protected.
    if (!claim.status?.allocation && valid.length === 0 && hasFinalizer(claim, finalizer)) claim = this.#ownClaims.wrote(await client.update(resourceClaimKind, withoutFinalizer(claim, finalizer)))
    if (!owner || valid.length > 0 || claim.metadata.deletionTimestamp) return
    const pod = this.#pods.get(namespace, owner.name)
    // What was made for a pod goes when the pod is done, although the pod may stay.
    if (pod?.metadata.uid === owner.uid && isDone(pod)) {
      await client.delete(resourceClaimKind, name, namespace).catch((error: unknown) => {
        if (!isNotFound(error)) throw error
      })
    }
  }

  /** Whether the pod is there and at work; one that the cache does not have is asked for. */
  async #stillUses(namespace: string, name: string, uid: string): Promise<boolean> {
    const cached = this.#pods.get(namespace, name)
    if (cached?.metadata.uid === uid) return !isDone(cached)
    try {
      const pod = await this.#context.client.get(podKind, name, namespace)
      return pod.metadata.uid === uid && !isDone(pod)
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }
}

/** Ended for good, or deleted before it was given to a node. */
function isDone(pod: Pod): boolean {
  return isPodTerminal(pod) || (pod.metadata.deletionTimestamp !== undefined && !pod.spec?.nodeName)
}

function claimNamesOf({ spec, status }: Pod): string[] {
  return (spec?.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => resourceClaimName ?? status?.resourceClaimStatuses?.find((each) => each.name === name)?.resourceClaimName ?? [])
}
