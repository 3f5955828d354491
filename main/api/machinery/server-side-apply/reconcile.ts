/** Sets of paths that were written under an earlier schema. A part that was merged field by field then and is atomic now is owned
 *  whole by whoever owned anything in it; the other way round needs no change, as sets are compared with what values say. Follows
 *  structured-merge-diff's ReconcileFieldSetWithSchema. */
import { FieldSet, isEmptySet } from './field-set.ts'
import type { MergeType } from './merge-type.ts'

/** Sets already seen to fit a type: what managers own is looked at on every write. */
const fitting = new WeakMap<MergeType, WeakSet<FieldSet>>()

/** The set as the type has it; the same set where nothing differs. */
export function reconciled(set: FieldSet, type: MergeType): FieldSet {
  let known = fitting.get(type)
  if (!known) fitting.set(type, (known = new WeakSet()))
  if (known.has(set)) return set
  const made = walk(set, type)
  known.add(made)
  return made
}

function walk(set: FieldSet, type: MergeType): FieldSet {
  if (!set.children) return set
  let out: FieldSet | undefined
  for (const [element, child] of set.children) {
    const inner = typeBelow(type, element)
    if (!inner || isEmptySet(child)) continue
    const whole = inner.how === 'atomic'
    const made = whole ? undefined : walk(child, inner)
    if (made === child) continue
    if (!out) {
      out = new FieldSet()
      out.members = set.members ? new Set(set.members) : undefined
      out.children = new Map(set.children)
    }
    if (made) out.children?.set(element, made)
    else {
      out.children?.delete(element)
      out.add(element)
    }
  }
  return out ?? set
}

/** Fields and items that the schema does not know, or only deduces, are left as they are. */
function typeBelow(type: MergeType, element: string): MergeType | undefined {
  switch (type.how) {
    case 'struct':
      return element.startsWith('f:') ? type.fieldType(element.slice(2)) : undefined
    case 'map':
      return element.startsWith('f:') ? type.values : undefined
    case 'list-map':
    case 'set':
      return type.items
    default:
      return undefined
  }
}
