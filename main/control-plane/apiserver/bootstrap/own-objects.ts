import type { Kind } from '../../../api/kinds/kind.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isAlreadyExists, isConflict, isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import { apiserverUser } from '../authn/user.ts'
import { Warnings } from '../request-context.ts'
import type { RequestContext } from '../request-context.ts'
import type { Resources } from '../registry/resources.ts'
import type { UpdatePlan } from '../registry/store.ts'

const component = 'kube-apiserver'

/** Writes that the server makes of itself, past authentication and authorisation, through the same registry as everybody's. */
export class OwnObjects {
  readonly #process: Process
  readonly #resources: Resources

  constructor(process: Process, resources: Resources) {
    this.#process = process
    this.#resources = resources
  }

  context(): RequestContext {
    return { user: apiserverUser, userAgent: `${component}/v1.36.1 (linux/amd64) kubernetes`, warnings: new Warnings(), process: this.#process, timestamp: formatTime(this.#process.clock.now()) }
  }

  get(kind: Kind, namespace: string, name: string): KubeObject | undefined {
    return this.#resources.storeOf(kind.group, kind.plural).store.cached(namespace, name)
  }

  /** Creates the object unless it exists. `manager` is who owns its fields. */
  async ensure(kind: Kind, object: KubeObject, manager = component): Promise<void> {
    const { store } = this.#resources.storeOf(kind.group, kind.plural)
    if (store.cached(object.metadata.namespace ?? '', object.metadata.name)) return
    try {
      await store.create(this.context(), cloneJson(object), { dryRun: false, fieldManager: manager })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  /** Makes an existing object what `change` answers (undefined: leave it), or creates `initial`. */
  async reconcile<T extends KubeObject>(kind: Kind<T>, initial: T, change: (current: T) => T | undefined, manager = component): Promise<void> {
    const { store } = this.#resources.storeOf(kind.group, kind.plural)
    const { name } = initial.metadata
    const namespace = initial.metadata.namespace ?? ''
    const current = store.cached(namespace, name)
    if (!current) return this.ensure(kind as unknown as Kind, initial, manager)
    if (change(current as T) === undefined) return
    try {
      await store.update(this.context(), namespace, name, { subresource: '', mayCreate: false, transform: (now) => change(cloneJson(now as T)) ?? cloneJson(now!) }, { dryRun: false, fieldManager: manager })
    } catch (error) {
      if (!isConflict(error)) throw error
    }
  }

  /** Makes the status of an existing object what `change` answers (undefined: leave it). */
  async updateStatus<T extends KubeObject & { status?: unknown }>(kind: Kind<T>, name: string, change: (current: T) => T['status'] | undefined, manager = component): Promise<void> {
    const { store } = this.#resources.storeOf(kind.group, kind.plural)
    const endpoint = kind.subresources.find(({ type }) => type === 'status')
    const transform = (now: KubeObject | undefined): KubeObject => {
      const object = cloneJson(now as T)
      const status = change(object)
      return status === undefined ? object : { ...object, status }
    }
    try {
      await store.update(this.context(), '', name, { subresource: 'status', keepsGeneration: true, mayCreate: false, transform, strategy: (endpoint ?? {}) as UpdatePlan['strategy'] & object }, { dryRun: false, fieldManager: manager })
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error
    }
  }

  /** Deletes the object if it is there. */
  async remove(kind: Kind, name: string): Promise<void> {
    try {
      await this.#resources.storeOf(kind.group, kind.plural).store.delete(this.context(), '', name, {})
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
