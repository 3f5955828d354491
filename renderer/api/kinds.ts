import { shallowRef } from 'vue'
import type { Cell, Health, Kind, Relation } from '../../main/api/kinds/kind.ts'
import { commonHealth } from './health.ts'
import type { Resource } from './discovery.ts'
import { groupOf, type ApiObject } from './object.ts'

interface Registry {
  kindFor(group: string, kind: string): Kind | undefined
}

const registry = shallowRef<Registry>()

/** Loads the declarations of the built-in kinds, which say how an object is doing and what it points at. Until they are there,
 *  and for kinds they do not know, objects are judged by their conditions. */
export async function loadKinds(): Promise<void> {
  registry.value = await import('../../main/api/kinds/registry.ts')
  judged = new WeakMap()
}

let judged = new WeakMap<ApiObject, Health>()

/** Like `healthOf`, judged once for each version of an object: for views that show thousands. */
export function rememberedHealth(object: ApiObject, now: number): Health {
  void registry.value
  let known = judged.get(object)
  if (!known) judged.set(object, (known = healthOf(object, now)))
  return known
}

/** How the object is doing, and why in one sentence. Reactive on the declarations' arrival. */
export function healthOf(object: ApiObject, now: number): Health {
  const kind = registry.value?.kindFor(groupOf(object.apiVersion), object.kind)
  const health = kind ? kind.health(object as never, now) : commonHealth(object)
  return { mark: health.mark, sentence: capitalized(health.sentence) }
}

function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

/** How the object's kind prints each of its columns, by the column's name: what the server's Table says, but as of `now`. */
export function cellPrinter(group: string, kind: string): ((column: string, object: ApiObject, now: number) => Cell | undefined) | undefined {
  const columns = registry.value?.kindFor(group, kind)?.columns
  if (!columns || columns.length === 0) return undefined
  const byName = new Map(columns.map((column) => [column.name, column]))
  return (name, object, now) => byName.get(name)?.cell(object as never, now)
}

/** What the object points at by name, its owners first. */
export function relationsOf(object: ApiObject): readonly Relation[] {
  const kind = registry.value?.kindFor(groupOf(object.apiVersion), object.kind)
  const owners = (object.metadata.ownerReferences ?? []).map((owner): Relation => ({
    role: 'owner',
    group: groupOf(owner.apiVersion),
    kind: owner.kind,
    name: owner.name,
    ...(object.metadata.namespace && { namespace: object.metadata.namespace }),
  }))
  const own = kind?.relations(object as never) ?? []
  return [...owners, ...own.filter((relation) => relation.role !== 'owner' && !owners.some((owner) => owner.kind === relation.kind && owner.name === relation.name))]
}

/** Where etcd keeps the object. Custom resources stand under their group and plural. */
export function storageKeyOf(object: ApiObject, resource: Resource): string {
  const declared = registry.value?.kindFor(resource.group, resource.kind)
  const stored = declared?.storedAs ? registry.value?.kindFor(declared.storedAs.group, declared.storedAs.kind) : declared
  const prefix = stored?.storagePrefix ?? (resource.group ? `${resource.group}/${resource.plural}` : resource.plural)
  const { namespace, name } = object.metadata
  return `/registry/${prefix}/${namespace ? `${namespace}/` : ''}${name}`
}
