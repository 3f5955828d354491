import type { ApiClient } from '../../../api/client/contract.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { matchesSelector, type Selector } from '../../../api/machinery/labels.ts'
import { controllerOf, controllerReference, isBeingDeleted, type KubeObject } from '../../../api/machinery/object.ts'
import { isInvalid, isNotFound } from '../../../api/machinery/status-error.ts'

/** How an owner comes by its dependents. */
export interface Claim<T extends KubeObject> {
  readonly client: ApiClient
  readonly kind: Kind<T>
  readonly owner: KubeObject
  readonly selector: Selector
  /** Further condition for what is adopted or kept. */
  readonly accepts?: (object: T) => boolean
  /** Asks the server, once and only when something would be adopted, whether the owner still is the same and not being
   *  deleted; throws otherwise. */
  readonly canAdopt: () => Promise<void>
}

/** The candidates that the owner manages: keeps its own that match, releases its own that no longer do, adopts orphans that
 *  match. Follows controller_ref_manager. Throws the first error after having tried all. */
export async function claim<T extends KubeObject>(how: Claim<T>, candidates: readonly T[]): Promise<T[]> {
  const claimed: T[] = []
  let failure: unknown
  let mayAdopt: Promise<void> | undefined
  for (const object of candidates) {
    try {
      // Nearly always it is known at once: no turn of the promise queue for each of a thousand pods.
      if (isOurs(how, object) || (await claimOne(how, object, () => (mayAdopt ??= how.canAdopt())))) claimed.push(object)
    } catch (error) {
      failure ??= error
    }
  }
  if (failure) throw failure
  return claimed
}

function matchesClaim<T extends KubeObject>(how: Claim<T>, object: T): boolean {
  return matchesSelector(how.selector, object.metadata.labels) && (how.accepts?.(object) ?? true)
}

function isOurs<T extends KubeObject>(how: Claim<T>, object: T): boolean {
  return controllerOf(object)?.uid === how.owner.metadata.uid && matchesClaim(how, object)
}

/** For what is not ours already. */
async function claimOne<T extends KubeObject>(how: Claim<T>, object: T, mayAdopt: () => Promise<void>): Promise<boolean> {
  const { owner } = how
  const controller = controllerOf(object)
  const matches = matchesClaim(how, object)
  if (controller) {
    if (controller.uid !== owner.metadata.uid) return false
    if (isBeingDeleted(owner)) return false
    await release(how, object)
    return false
  }
  if (isBeingDeleted(owner) || !matches || isBeingDeleted(object)) return false
  if (owner.metadata.namespace && object.metadata.namespace !== owner.metadata.namespace) return false
  await mayAdopt()
  try {
    await patchOwners(how, object, controllerReference(owner))
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

async function release<T extends KubeObject>(how: Claim<T>, object: T): Promise<void> {
  try {
    await patchOwners(how, object, { $patch: 'delete', uid: how.owner.metadata.uid })
  } catch (error) {
    // Gone, or no longer ours: either way released.
    if (!isNotFound(error) && !isInvalid(error)) throw error
  }
}

async function patchOwners<T extends KubeObject>({ client, kind }: Claim<T>, object: T, reference: object): Promise<void> {
  const { name, namespace, uid } = object.metadata
  await client.patch(kind, name, namespace, 'strategic', { metadata: { uid, ownerReferences: [reference] } })
}

/** The usual `canAdopt`: reads the owner anew. */
export function recheck<O extends KubeObject>(client: ApiClient, kind: Kind<O>, owner: O): () => Promise<void> {
  return async () => {
    const { name, namespace, uid } = owner.metadata
    const fresh = await client.get(kind, name, namespace)
    if (fresh.metadata.uid !== uid) throw new Error(`original ${kind.kind} ${namespace}/${name} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`)
    if (fresh.metadata.deletionTimestamp) throw new Error(`${namespace}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`)
  }
}
