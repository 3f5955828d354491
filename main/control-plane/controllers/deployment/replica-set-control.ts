import type { ControllerContext } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../../api/generated/types.ts'
import { deploymentKind } from '../../../api/kinds/apps/deployment.ts'
import { replicaSetKind } from '../../../api/kinds/apps/replica-set.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { podTemplateHash } from '../../../api/machinery/hash.ts'
import { controllerReference, isControlledBy } from '../../../api/machinery/object.ts'
import { hasCause, isAlreadyExists } from '../../../api/machinery/status-error.ts'
import { textOf } from '../framework/pod-control.ts'
import { newReplicaSetAnnotations, withSizes } from './annotations.ts'
import { newReplicaSetSize, type Scaling } from './plan.ts'
import { maxRevisionOf, newReplicaSetOf, replicasOf, sameTemplate, templateHashLabel } from './replicas.ts'
import { revisionAnnotation, revisionOf } from './revision.ts'
import { deploymentCondition, hasDeadline, withDeploymentCondition } from './status.ts'

/** A Deployment (as last written) with the ReplicaSet of its template, if there is one, and the others. */
export interface Generations {
  readonly deployment: Deployment
  readonly newSet: ReplicaSet | undefined
  readonly old: readonly ReplicaSet[]
}

/** Makes, annotates and sizes the ReplicaSets of Deployments. */
export class ReplicaSetControl {
  readonly #context: ControllerContext
  readonly #sets: Informer<ReplicaSet>

  constructor(context: ControllerContext, sets: Informer<ReplicaSet>) {
    this.#context = context
    this.#sets = sets
  }

  /** Tells the new set from the old ones, brings its revision and annotations up to date and, when `create` says so, makes it. */
  async generations(deployment: Deployment, sets: readonly ReplicaSet[], create: boolean): Promise<Generations> {
    const present = newReplicaSetOf(deployment, sets)
    const old = sets.filter((set) => set.metadata.uid !== present?.metadata.uid)
    const revision = maxRevisionOf(old) + 1
    if (present) return this.#refresh(deployment, present, old, revision)
    if (!create) return { deployment, newSet: undefined, old }
    return this.#create(deployment, old, revision)
  }

  async #refresh(deployment: Deployment, present: ReplicaSet, old: readonly ReplicaSet[], revision: number): Promise<Generations> {
    const annotations = newReplicaSetAnnotations(deployment, present.metadata.annotations, revision, false)
    const minReadySeconds = deployment.spec?.minReadySeconds ?? 0
    if (annotations !== (present.metadata.annotations ?? annotations) || (present.spec?.minReadySeconds ?? 0) !== minReadySeconds) {
      const changed: ReplicaSet = { ...present, metadata: { ...present.metadata, annotations: { ...annotations } }, spec: { ...present.spec!, minReadySeconds } }
      const newSet = await this.#context.client.update(replicaSetKind, changed)
      return { deployment, newSet, old }
    }
    let conditions = deployment.status?.conditions
    if (hasDeadline(deployment) && !conditionOf(conditions, 'Progressing')) {
      conditions = withDeploymentCondition(conditions, deploymentCondition('Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set ${quote(present.metadata.name)}`, this.#now()))
    }
    return { deployment: await this.#record(deployment, String(revisionOf(present) || revision), conditions), newSet: present, old }
  }

  async #create(deployment: Deployment, old: readonly ReplicaSet[], revision: number): Promise<Generations> {
    const set = newReplicaSet(deployment, old, revision)
    const name = set.metadata.name
    let made: ReplicaSet
    let existed = false
    try {
      made = await this.#context.client.create(replicaSetKind, set)
    } catch (error) {
      if (hasCause(error, 'NamespaceTerminating')) throw error
      if (!isAlreadyExists(error)) return this.#failed(deployment, name, error)
      // Ours after all, seen late by the cache; or another template with the same hash.
      const found = this.#sets.get(deployment.metadata.namespace, name) ?? (await this.#context.client.get(replicaSetKind, name, deployment.metadata.namespace))
      if (!isControlledBy(found, deployment) || !sameTemplate(found.spec?.template, deployment.spec?.template)) return this.#collided(deployment, error)
      made = found
      existed = true
    }
    const size = replicasOf(made)
    if (!existed && size > 0) this.#event(deployment, `Scaled up replica set ${name} from 0 to ${size}`)
    let conditions = deployment.status?.conditions
    if (!existed && hasDeadline(deployment)) {
      conditions = withDeploymentCondition(conditions, deploymentCondition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set ${quote(name)}`, this.#now()))
    }
    return { deployment: await this.#record(deployment, String(revision), conditions), newSet: made, old }
  }

  /** The next try has another hash. Throws, so that the sync starts over. */
  async #collided(deployment: Deployment, error: unknown): Promise<never> {
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    await this.#update(deployment, { ...deployment.status, collisionCount })
    this.#context.process.journal.info('Found a hash collision for deployment - bumping collisionCount to resolve it', { deployment: deployment.metadata.name, newCollisionCount: collisionCount })
    throw error
  }

  async #failed(deployment: Deployment, name: string, error: unknown): Promise<never> {
    const message = `Failed to create new replica set ${quote(name)}: ${textOf(error)}`
    if (hasDeadline(deployment)) {
      const condition = deploymentCondition('Progressing', 'False', 'ReplicaSetCreateError', message, this.#now())
      // What matters is the error itself; this is only said about it.
      await this.#update(deployment, { ...deployment.status, conditions: withDeploymentCondition(deployment.status?.conditions, condition) }).catch(() => undefined)
    }
    this.#context.events.event(deployment, 'Warning', 'ReplicaSetCreateError', message)
    throw error
  }

  /** Writes the revision and the conditions when they differ. */
  async #record(deployment: Deployment, revision: string, conditions: DeploymentStatus['conditions']): Promise<Deployment> {
    const revised = deployment.metadata.annotations?.[revisionAnnotation] !== revision
    if (!revised && conditions === deployment.status?.conditions) return deployment
    const metadata = revised ? { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, [revisionAnnotation]: revision } } : deployment.metadata
    return this.#update({ ...deployment, metadata }, { ...deployment.status, ...(conditions ? { conditions } : {}) })
  }

  /** Sizes sets one after another, with an event for each change. Answers the generations as they are then. */
  async scaleAll(found: Generations, scalings: readonly Scaling[]): Promise<Generations> {
    const { deployment } = found
    let { newSet, old } = found
    for (const { set, size } of scalings) {
      const current = [newSet, ...old].find((each) => each?.metadata.uid === set.metadata.uid) ?? set
      const sized = await this.#scale(deployment, current, size)
      if (newSet?.metadata.uid === sized.metadata.uid) newSet = sized
      else old = old.map((each) => (each.metadata.uid === sized.metadata.uid ? sized : each))
    }
    return { deployment, newSet, old }
  }

  async #scale(deployment: Deployment, set: ReplicaSet, size: number): Promise<ReplicaSet> {
    const before = replicasOf(set)
    const annotations = withSizes(set.metadata.annotations, deployment)
    if (before === size && annotations === set.metadata.annotations) return set
    const sized = await this.#context.client.update(replicaSetKind, { ...set, metadata: { ...set.metadata, annotations: { ...annotations } }, spec: { ...set.spec!, replicas: size } })
    if (before !== size) this.#event(deployment, `Scaled ${size > before ? 'up' : 'down'} replica set ${set.metadata.name} from ${before} to ${size}`)
    return sized
  }

  #update(deployment: Deployment, status: DeploymentStatus): Promise<Deployment> {
    return this.#context.client.update(deploymentKind, { ...deployment, status }, { subresource: 'status' })
  }

  #event(deployment: Deployment, message: string): void {
    this.#context.events.event(deployment, 'Normal', 'ScalingReplicaSet', message)
  }

  #now(): number {
    return this.#context.process.clock.now()
  }
}

/** The ReplicaSet for the Deployment's template: named after the template's hash, which also tells its pods apart. */
export function newReplicaSet(deployment: Deployment, old: readonly ReplicaSet[], revision: number): ReplicaSet {
  const template = deployment.spec!.template
  const hash = podTemplateHash(template, deployment.status?.collisionCount)
  const labels = { ...template.metadata?.labels, [templateHashLabel]: hash }
  const { matchLabels, ...selector } = deployment.spec!.selector
  const minReadySeconds = deployment.spec!.minReadySeconds
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations: { ...newReplicaSetAnnotations(deployment, undefined, revision, true) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: newReplicaSetSize(deployment, old, 0),
      selector: { ...selector, matchLabels: { ...matchLabels, [templateHashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
      ...(minReadySeconds ? { minReadySeconds } : {}),
    },
  }
}
