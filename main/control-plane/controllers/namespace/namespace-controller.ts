import type { ApiClient } from '../../../api/client/contract.ts'
import { defineController } from '../../../api/client/controller.ts'
import { discover, type DiscoveredResource } from '../../../api/client/discovery.ts'
import type { Namespace, Pod } from '../../../api/generated/types.ts'
import { kubernetesFinalizer, namespaceKind } from '../../../api/kinds/core/namespace.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isConflict, isMethodNotSupported, isNotFound } from '../../../api/machinery/status-error.ts'
import { formatTime, timeOr0 } from '../../../api/machinery/time.ts'
import { textOf } from '../framework/pod-control.ts'
import { namespaceConditions } from './conditions.ts'

/** Deletion begins so much later, so that every API server has seen that the namespace is going. */
const headStartMs = 5_000
/** How long a finalizer is thought to take. */
const finalizerSeconds = 15

/** Empties namespaces that are being deleted, pods first, and lets them go when they are empty. Follows
 *  pkg/controller/namespace with its namespaced_resources_deleter. */
export const namespaceController = defineController({
  name: 'namespace-controller',
  noun: 'namespace',
  workers: 10,
  // Less hasty than other queues: each try lists everything.
  queue: { maxDelayMs: 60_000 },
  setUp({ process, client, informers }, queue) {
    const namespaces = informers.of(namespaceKind)
    const seen = ({ metadata }: Namespace): void => {
      if (metadata.deletionTimestamp) queue.addAfter(metadata.name, headStartMs)
    }
    namespaces.onChange({ added: seen, updated: seen })
    return async (name) => {
      if (!namespaces.get(undefined, name)) return undefined
      const seconds = await deleteNamespace(client, name, () => process.clock.now())
      return seconds > 0 ? { againAfterMs: (Math.floor(seconds / 2) + 1) * 1000 } : undefined
    }
  },
})

/** One pass. Answers in how many seconds the rest is thought to be gone; 0 when the namespace is done. */
async function deleteNamespace(client: ApiClient, name: string, now: () => number): Promise<number> {
  let namespace: Namespace
  try {
    namespace = await client.get(namespaceKind, name)
  } catch (error) {
    if (isNotFound(error)) return 0
    throw error
  }
  if (!namespace.metadata.deletionTimestamp) return 0
  if (namespace.status?.phase !== 'Terminating') {
    namespace = await client.update(namespaceKind, { ...namespace, status: { ...namespace.status, phase: 'Terminating' } }, { subresource: 'status' })
  }
  if (!namespace.spec?.finalizers?.length) return 0
  const content = new ContentDeleter(client, name, timeOr0(namespace.metadata.deletionTimestamp), now())
  await content.deleteAll()
  const conditions = namespaceConditions(namespace.status?.conditions ?? [], content, formatTime(now()))
  if (conditions !== namespace.status?.conditions && conditions.length > 0) {
    namespace = await client.update(namespaceKind, { ...namespace, status: { ...namespace.status, conditions: [...conditions] } }, { subresource: 'status' })
  }
  if (content.deletionErrors.length > 0 || content.discoveryFailures.length > 0) {
    throw new Error([...content.discoveryFailures.map((failure) => failure.message), ...content.deletionErrors].join(', '))
  }
  if (content.estimateSeconds > 0) return content.estimateSeconds
  await finalize(client, namespace)
  return 0
}

/** Takes the finalizer off; others may have theirs on still. */
async function finalize(client: ApiClient, namespace: Namespace): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== kubernetesFinalizer)
  const { finalizers: _, ...spec } = namespace.spec ?? {}
  const changed: Namespace = { ...namespace, spec: { ...spec, ...(finalizers.length > 0 ? { finalizers } : {}) } }
  try {
    await client.update(namespaceKind, changed, { subresource: 'finalize' })
  } catch (error) {
    if (isNotFound(error)) return
    if (!isConflict(error)) throw error
    await finalize(client, await client.get(namespaceKind, namespace.metadata.name))
  }
}

/** Deletes what is in a namespace and counts what stays. */
class ContentDeleter {
  readonly discoveryFailures: { groupVersion: string; message: string }[] = []
  readonly deletionErrors: string[] = []
  readonly remaining = new Map<string, number>()
  readonly finalizers = new Map<string, number>()
  estimateSeconds = 0
  readonly #client: ApiClient
  readonly #namespace: string
  readonly #deletedAt: number
  readonly #now: number

  constructor(client: ApiClient, namespace: string, deletedAt: number, now: number) {
    this.#client = client
    this.#namespace = namespace
    this.#deletedAt = deletedAt
    this.#now = now
  }

  async deleteAll(): Promise<void> {
    const { resources, failures } = await discover(this.#client)
    this.discoveryFailures.push(...failures)
    const deletable = resources.filter(({ kind, verbs }) => kind.namespaced && verbs.includes('delete'))
    const isPods = ({ kind }: DiscoveredResource): boolean => kind.group === '' && kind.plural === 'pods'
    // Pods go first, so that nothing that protects or configures them goes while they run.
    for (const pods of deletable.filter(isPods)) await this.#deleteKind(pods)
    if (this.remaining.size > 0 || this.deletionErrors.length > 0) return
    await Promise.all(deletable.filter((resource) => !isPods(resource)).map((resource) => this.#deleteKind(resource)))
  }

  async #deleteKind(resource: DiscoveredResource): Promise<void> {
    try {
      await this.#emptyKind(resource)
    } catch (error) {
      this.deletionErrors.push(textOf(error))
    }
  }

  async #emptyKind({ kind, verbs }: DiscoveredResource): Promise<void> {
    if (!verbs.includes('list')) return
    const namespace = this.#namespace
    const before = await this.#client.list(kind, { namespace })
    if (before.items.length === 0) return
    const graceSeconds = kind.group === '' && kind.plural === 'pods' ? this.#graceOf(before.items as Pod[]) : 0
    const background = { propagationPolicy: 'Background' } as const
    if (verbs.includes('deletecollection')) {
      await this.#client.deleteCollection(kind, { namespace, ...background }).catch((error: unknown) => {
        if (!isNotFound(error) && !isMethodNotSupported(error)) throw error
      })
    } else {
      for (const { metadata } of before.items) {
        await this.#client.delete(kind, metadata.name, namespace, background).catch((error: unknown) => {
          if (!isNotFound(error)) throw error
        })
      }
    }
    const left = (await this.#client.list(kind, { namespace })).items
    if (left.length === 0) return
    this.remaining.set(`${kind.plural}.${kind.group}`, left.length)
    const held = this.#countFinalizers(left)
    const seconds = graceSeconds || (held ? finalizerSeconds : 0)
    if (seconds === 0) throw new Error(`unexpected items still remain in namespace: ${namespace} for gvr: ${kind.group}/${kind.version}, Resource=${kind.plural}`)
    this.estimateSeconds = Math.max(this.estimateSeconds, seconds)
  }

  /** The longest grace period of those that still run; 0 when it should have passed already. */
  #graceOf(pods: readonly Pod[]): number {
    let seconds = 0
    for (const pod of pods) {
      if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') continue
      seconds = Math.max(seconds, pod.spec?.terminationGracePeriodSeconds ?? 0)
    }
    return this.#now - this.#deletedAt >= seconds * 1000 ? 0 : seconds
  }

  #countFinalizers(objects: readonly KubeObject[]): boolean {
    let held = false
    for (const { metadata } of objects) {
      for (const finalizer of metadata.finalizers ?? []) {
        held = true
        this.finalizers.set(finalizer, (this.finalizers.get(finalizer) ?? 0) + 1)
      }
    }
    return held
  }
}
