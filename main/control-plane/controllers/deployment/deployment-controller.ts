import type { ControllerContext, Outcome } from '../../../api/client/controller.ts'
import { defineController } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { WorkQueue } from '../../../api/client/work-queue.ts'
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../../api/generated/types.ts'
import { deploymentKind } from '../../../api/kinds/apps/deployment.ts'
import { replicaSetKind } from '../../../api/kinds/apps/replica-set.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { cachedSelectorOf, matchesSelector } from '../../../api/machinery/labels.ts'
import { controllerOf, keyOf, splitKey } from '../../../api/machinery/object.ts'
import { isPodTerminal } from '../../../api/machinery/pod.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import { claim, recheck } from '../framework/claims.ts'
import { controlledBy, indexByController, orphansIn } from '../framework/owner-index.ts'
import { planCleanUp, planNewReplicaSet, planOldReplicaSets, planScaling, wasScaled } from './plan.ts'
import { activeOf, isRolling, replicasOf, sumOf } from './replicas.ts'
import { ReplicaSetControl, type Generations } from './replica-set-control.ts'
import { countedStatus, deadlineCheckMs, deploymentCondition, hasDeadline, isComplete, rolloutStatus, withDeploymentCondition } from './status.ts'

/** Rolls Deployments out: one ReplicaSet per template, sized step by step. Follows pkg/controller/deployment; not followed:
 *  the long deprecated rollback annotation (kubectl rolls back by itself). */
export const deploymentController = defineController({
  name: 'deployment-controller',
  noun: 'deployment',
  workers: 5,
  retriesMax: 15,
  setUp: (context, queue) => {
    const controller = new DeploymentController(context, queue)
    return (key) => controller.sync(key)
  },
})

class DeploymentController {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue
  readonly #deployments: Informer<Deployment>
  readonly #sets: Informer<ReplicaSet>
  readonly #pods: Informer<Pod>
  readonly #control: ReplicaSetControl

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context
    this.#queue = queue
    this.#deployments = context.informers.of(deploymentKind)
    this.#sets = context.informers.of(replicaSetKind)
    this.#pods = context.informers.of(podKind)
    this.#control = new ReplicaSetControl(context, this.#sets)
    indexByController(this.#sets)
    indexByController(this.#pods)
    this.#deployments.onChange({
      added: (deployment) => queue.add(keyOf(deployment)),
      updated: (deployment) => queue.add(keyOf(deployment)),
      deleted: (deployment) => queue.add(keyOf(deployment)),
    })
    this.#sets.onChange({
      added: (set) => this.#setAdded(set),
      updated: (set, old) => this.#setUpdated(set, old),
      deleted: (set) => this.#addOwnerOf(set),
    })
    this.#pods.onChange({ deleted: (pod) => this.#podDeleted(pod) })
  }

  async sync(key: string): Promise<Outcome> {
    const { namespace, name } = splitKey(key)
    let deployment = this.#deployments.get(namespace, name)
    if (!deployment) return undefined
    const selector = deployment.spec?.selector
    if (!selector?.matchLabels && !selector?.matchExpressions?.length) {
      this.#context.events.event(deployment, 'Warning', 'SelectingAll', 'This deployment is selecting all pods. A non-empty selector is required.')
      if ((deployment.status?.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0)) {
        await this.#updateStatus(deployment, { ...deployment.status, observedGeneration: deployment.metadata.generation ?? 0 })
      }
      return undefined
    }
    const sets = await this.#claimSets(deployment)
    if (deployment.metadata.deletionTimestamp) {
      const found = await this.#control.generations(deployment, sets, false)
      return this.#syncStatus(found, (current, all, newSet) => countedStatus(current, all, newSet, this.#now()))
    }
    deployment = await this.#recordPause(deployment)
    if (deployment.spec?.paused) return this.#scaleOnly(deployment, sets)
    const found = await this.#control.generations(deployment, sets, false)
    if (wasScaled(found.deployment, [...found.old, ...(found.newSet ? [found.newSet] : [])])) return this.#scaleOnly(found.deployment, sets, found)
    return isRolling(deployment) ? this.#roll(found, sets) : this.#recreate(found, sets)
  }

  async #claimSets(deployment: Deployment): Promise<ReplicaSet[]> {
    const { client } = this.#context
    const selector = cachedSelectorOf(deployment.spec?.selector)
    const orphans = orphansIn(this.#sets, deployment.metadata.namespace).filter((set) => matchesSelector(selector, set.metadata.labels))
    return claim({ client, kind: replicaSetKind, owner: deployment, selector, canAdopt: recheck(client, deploymentKind, deployment) }, [...controlledBy(this.#sets, deployment.metadata.uid!), ...orphans])
  }

  /** Stops the progress clock of a paused rollout, and starts it again. */
  async #recordPause(deployment: Deployment): Promise<Deployment> {
    if (!hasDeadline(deployment)) return deployment
    const present = conditionOf(deployment.status?.conditions, 'Progressing')
    if (present?.reason === 'ProgressDeadlineExceeded') return deployment
    const paused = Boolean(deployment.spec?.paused)
    const known = present?.reason === 'DeploymentPaused'
    if (paused === known) return deployment
    const condition = paused
      ? deploymentCondition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused', this.#now())
      : deploymentCondition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed', this.#now())
    return this.#updateStatus(deployment, { ...deployment.status, conditions: withDeploymentCondition(deployment.status?.conditions, condition) })
  }

  /** Sizes the sets there are without rolling on: the Deployment is paused or was scaled. */
  async #scaleOnly(deployment: Deployment, sets: readonly ReplicaSet[], given?: Generations): Promise<Outcome> {
    const found = given ?? (await this.#control.generations(deployment, sets, false))
    const sized = await this.#control.scaleAll(found, planScaling(found.deployment, found.newSet, found.old))
    if (deployment.spec?.paused) await this.#cleanUp(sized)
    return this.#syncStatus(sized, (current, all, newSet) => countedStatus(current, all, newSet, this.#now()))
  }

  async #roll(before: Generations, sets: readonly ReplicaSet[]): Promise<Outcome> {
    const found = await this.#control.generations(before.deployment, sets, true)
    const newSet = found.newSet!
    const up = planNewReplicaSet(found.deployment, [...found.old, newSet], newSet)
    if (up) return this.#syncRollout(await this.#control.scaleAll(found, [up]))
    const down = planOldReplicaSets(found.deployment, newSet, found.old)
    if (down.length > 0) return this.#syncRollout(await this.#control.scaleAll(found, down))
    if (isComplete(found.deployment, found.deployment.status ?? {})) await this.#cleanUp(found)
    return this.#syncRollout(found)
  }

  async #recreate(before: Generations, sets: readonly ReplicaSet[]): Promise<Outcome> {
    const down = activeOf(before.old).map((set) => ({ set, size: 0 }))
    if (down.length > 0) return this.#syncRollout(await this.#control.scaleAll(before, down))
    if (this.#oldPodsRun(before, sets)) return this.#syncRollout(before)
    const found = before.newSet ? before : await this.#control.generations(before.deployment, sets, true)
    const sized = await this.#control.scaleAll(found, [{ set: found.newSet!, size: replicasOf(found.deployment) }])
    if (isComplete(sized.deployment, sized.deployment.status ?? {})) await this.#cleanUp(sized)
    return this.#syncRollout(sized)
  }

  /** Whether a pod of another template has not ended yet, those being deleted included. */
  #oldPodsRun({ newSet, old }: Generations, sets: readonly ReplicaSet[]): boolean {
    if (sumOf(old, (set) => set.status?.replicas) > 0) return true
    return sets.some((set) => set.metadata.uid !== newSet?.metadata.uid && controlledBy(this.#pods, set.metadata.uid!).some((pod) => !isPodTerminal(pod)))
  }

  async #cleanUp({ deployment, old }: Generations): Promise<void> {
    for (const set of planCleanUp(deployment, old)) {
      try {
        await this.#context.client.delete(replicaSetKind, set.metadata.name, set.metadata.namespace)
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  }

  async #syncRollout(found: Generations): Promise<Outcome> {
    return this.#syncStatus(found, (deployment, all, newSet) => rolloutStatus(deployment, all, newSet, this.#now()), true)
  }

  async #syncStatus({ deployment, newSet, old }: Generations, statusOf: (deployment: Deployment, all: readonly ReplicaSet[], newSet: ReplicaSet | undefined) => DeploymentStatus, watchDeadline = false): Promise<Outcome> {
    const status = statusOf(deployment, newSet ? [...old, newSet] : old, newSet)
    if (!semanticEqual(deployment.status ?? {}, status)) {
      await this.#updateStatus(deployment, status)
      return undefined
    }
    const checkMs = watchDeadline ? deadlineCheckMs(deployment, status, this.#now()) : undefined
    if (checkMs === undefined) return undefined
    if (checkMs >= 1000) return { againAfterMs: checkMs + 1000 }
    this.#queue.addRateLimited(keyOf(deployment))
    return undefined
  }

  #updateStatus(deployment: Deployment, status: DeploymentStatus): Promise<Deployment> {
    return this.#context.client.update(deploymentKind, { ...deployment, status }, { subresource: 'status' })
  }

  #now(): number {
    return this.#context.process.clock.now()
  }

  #setAdded(set: ReplicaSet): void {
    if (set.metadata.deletionTimestamp || controllerOf(set)) this.#addOwnerOf(set)
    else this.#addMatching(set)
  }

  #setUpdated(set: ReplicaSet, old: ReplicaSet): void {
    const controller = controllerOf(set)
    const reowned = controller?.uid !== controllerOf(old)?.uid
    if (reowned) this.#addOwnerOf(old)
    if (controller) this.#addOwnerOf(set)
    else if (reowned || !semanticEqual(set.metadata.labels, old.metadata.labels)) this.#addMatching(set)
  }

  /** A Recreate rollout goes on when the last old pod is gone. */
  #podDeleted(pod: Pod): void {
    const controller = controllerOf(pod)
    if (controller?.kind !== 'ReplicaSet') return
    const set = this.#sets.get(pod.metadata.namespace, controller.name)
    const deployment = set?.metadata.uid === controller.uid ? this.#ownerOf(set) : undefined
    if (deployment?.spec?.strategy?.type !== 'Recreate') return
    const left = controlledBy(this.#sets, deployment.metadata.uid!).some((each) => controlledBy(this.#pods, each.metadata.uid!).length > 0)
    if (!left) this.#queue.add(keyOf(deployment))
  }

  #addOwnerOf(set: ReplicaSet): void {
    const deployment = this.#ownerOf(set)
    if (deployment) this.#queue.add(keyOf(deployment))
  }

  #addMatching(set: ReplicaSet): void {
    for (const deployment of this.#deployments.list(set.metadata.namespace)) {
      if (matchesSelector(cachedSelectorOf(deployment.spec?.selector), set.metadata.labels)) this.#queue.add(keyOf(deployment))
    }
  }

  #ownerOf(set: ReplicaSet): Deployment | undefined {
    const controller = controllerOf(set)
    if (controller?.kind !== 'Deployment') return undefined
    const deployment = this.#deployments.get(set.metadata.namespace, controller.name)
    return deployment?.metadata.uid === controller.uid ? deployment : undefined
  }
}
