import type { OwnerReference } from '../../../api/generated/types.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'

/** An object as the collector sees it. */
export interface GraphNode {
  readonly uid: string
  kind: Kind
  namespace: string | undefined
  name: string
  owners: readonly OwnerReference[]
  readonly dependents: Set<GraphNode>
  /** Has a deletionTimestamp. */
  beingDeleted: boolean
  /** Waits, in foreground deletion, for those dependents that block it. */
  deletingDependents: boolean
  /** Known only from references to it, so far. */
  virtual: boolean
}

/** What a change makes worth looking at. */
export interface Effects {
  /** Nodes that may have to be deleted or finished. */
  readonly examine: readonly GraphNode[]
  /** Nodes whose dependents are to be let go. */
  readonly orphan: readonly GraphNode[]
  /** Dependents that name an owner of another namespace. */
  readonly invalid: readonly { readonly dependent: GraphNode; readonly reference: OwnerReference }[]
}

/** Who owns whom, kept by events. Follows garbagecollector's GraphBuilder. It judges nothing and does nothing: it says what a
 *  change makes worth examining. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #kindOf: (reference: OwnerReference) => Kind | undefined

  /** `kindOf` answers the kind that a reference means, if the server serves it. */
  constructor(kindOf: (reference: OwnerReference) => Kind | undefined) {
    this.#kindOf = kindOf
  }

  get size(): number {
    return this.#nodes.size
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  nodes(): IterableIterator<GraphNode> {
    return this.#nodes.values()
  }

  /** An object was added or changed. */
  put(kind: Kind, object: KubeObject): Effects {
    const effects = new Collected()
    const { uid, namespace, name, ownerReferences = [], deletionTimestamp, finalizers = [] } = object.metadata
    let node = this.#nodes.get(uid!)
    const wasWaiting = Boolean(node?.deletingDependents)
    const wasOrphaning = Boolean(node?.beingDeleted) && orphaning.has(node!)
    if (!node) {
      node = { uid: uid!, kind, namespace, name, owners: ownerReferences, dependents: new Set(), beingDeleted: false, deletingDependents: false, virtual: false }
      this.#nodes.set(uid!, node)
      this.#attach(node, ownerReferences, effects)
    } else {
      if (node.virtual) this.#materialise(node, kind, namespace, name, effects)
      this.#changeOwners(node, ownerReferences, effects)
    }
    if (!deletionTimestamp) return effects
    node.beingDeleted = true
    if (!wasOrphaning && finalizers.includes(orphanFinalizer)) {
      orphaning.add(node)
      effects.orphan.push(node)
    }
    if (finalizers.includes(foregroundFinalizer) && !wasWaiting) {
      node.deletingDependents = true
      effects.examine.push(...node.dependents, node)
    }
    return effects
  }

  /** An object is gone (or was found never to have been). */
  remove(uid: string): Effects {
    const effects = new Collected()
    const node = this.#nodes.get(uid)
    if (!node) return effects
    this.#nodes.delete(uid)
    effects.examine.push(...node.dependents)
    for (const { uid: ownerUid } of node.owners) {
      const owner = this.#nodes.get(ownerUid)
      if (!owner) continue
      owner.dependents.delete(node)
      if (owner.virtual && owner.dependents.size === 0) this.#nodes.delete(ownerUid)
      if (owner.deletingDependents) effects.examine.push(owner)
    }
    return effects
  }

  /** Whether the reference of `node` means this owner: of the same namespace, or cluster-wide. */
  static fits(node: GraphNode, owner: GraphNode): boolean {
    return owner.namespace === undefined || owner.namespace === node.namespace
  }

  /** A virtual node turned out to exist. Dependents that looked for it elsewhere are examined again. */
  #materialise(node: GraphNode, kind: Kind, namespace: string | undefined, name: string, effects: Collected): void {
    node.virtual = false
    node.kind = kind
    node.namespace = namespace
    node.name = name
    for (const dependent of node.dependents) {
      if (OwnerGraph.fits(dependent, node)) continue
      effects.invalid.push({ dependent, reference: dependent.owners.find((reference) => reference.uid === node.uid)! })
      effects.examine.push(dependent)
    }
  }

  #attach(node: GraphNode, references: readonly OwnerReference[], effects: Collected): void {
    for (const reference of references) {
      const known = this.#nodes.get(reference.uid)
      if (known) {
        known.dependents.add(node)
        if (!known.virtual && !OwnerGraph.fits(node, known)) {
          effects.invalid.push({ dependent: node, reference })
          effects.examine.push(node)
        }
        continue
      }
      const kind = this.#kindOf(reference)
      if (!kind) {
        // A kind that nobody serves (any more, or yet): nothing can be said about its objects.
        continue
      }
      const owner: GraphNode = {
        uid: reference.uid, kind, namespace: kind.namespaced ? node.namespace : undefined, name: reference.name,
        owners: [], dependents: new Set([node]), beingDeleted: false, deletingDependents: false, virtual: true,
      }
      this.#nodes.set(reference.uid, owner)
      effects.examine.push(owner)
    }
  }

  #changeOwners(node: GraphNode, references: readonly OwnerReference[], effects: Collected): void {
    const old = new Map(node.owners.map((reference) => [reference.uid, reference]))
    const added: OwnerReference[] = []
    for (const reference of references) {
      const was = old.get(reference.uid)
      old.delete(reference.uid)
      if (!was) added.push(reference)
      else if (was.blockOwnerDeletion && !reference.blockOwnerDeletion) this.#unblock(reference.uid, effects)
    }
    node.owners = references
    this.#attach(node, added, effects)
    for (const removed of old.values()) {
      const owner = this.#nodes.get(removed.uid)
      owner?.dependents.delete(node)
      if (owner?.virtual && owner.dependents.size === 0) this.#nodes.delete(removed.uid)
      if (removed.blockOwnerDeletion) this.#unblock(removed.uid, effects)
    }
  }

  #unblock(uid: string, effects: Collected): void {
    const owner = this.#nodes.get(uid)
    if (owner?.deletingDependents) effects.examine.push(owner)
  }
}

/** Nodes whose dependents are being let go, or have been. */
const orphaning = new WeakSet<GraphNode>()

class Collected implements Effects {
  readonly examine: GraphNode[] = []
  readonly orphan: GraphNode[] = []
  readonly invalid: { dependent: GraphNode; reference: OwnerReference }[] = []
}

/** Dependents that hold up the foreground deletion of their owner. */
export function blockingDependents(owner: GraphNode): GraphNode[] {
  return [...owner.dependents].filter((dependent) => dependent.owners.some((reference) => reference.uid === owner.uid && reference.blockOwnerDeletion))
}
