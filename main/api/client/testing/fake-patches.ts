import { fieldOf } from '../../machinery/schema.ts'

type Json = { [field: string]: unknown }

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON merge patch (RFC 7386). */
export function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const out: Json = isObject(target) ? { ...target } : {}
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete out[field]
    else out[field] = mergePatched(out[field], value)
  }
  return out
}

/** JSON patch (RFC 6902): add, replace, remove and test. */
export function jsonPatched(target: unknown, patch: unknown): unknown {
  for (const operation of patch as { op: string; path: string; value?: unknown }[]) {
    const steps = operation.path.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = steps.pop()!
    let at = target as Json
    for (const step of steps) at = at[step] as Json
    if (operation.op === 'test') {
      if (JSON.stringify(at[last]) !== JSON.stringify(operation.value)) throw new Error(`testing value ${operation.path} failed`)
    } else if (Array.isArray(at)) {
      const index = last === '-' ? at.length : Number(last)
      at.splice(index, operation.op === 'add' ? 0 : 1, ...(operation.op === 'remove' ? [] : [operation.value]))
    } else if (operation.op === 'remove') delete at[last]
    else at[last] = operation.value
  }
  return target
}

/** Strategic merge patch by the schema's patch rules, with `$patch: delete` in lists of objects. */
export function strategicPatched(definition: string, target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const out: Json = isObject(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (name === '$patch') continue
    const field = fieldOf(definition, name)
    const type = field?.type
    if (value === null) delete out[name]
    else if (Array.isArray(value) && field?.patch?.merge) {
      const items = type?.is === 'list' && type.items.is === 'object' ? type.items.definition : ''
      out[name] = mergedList(items, field.patch.key, (out[name] as unknown[] | undefined) ?? [], value)
    } else out[name] = strategicPatched(type?.is === 'object' ? type.definition : '', out[name], value)
  }
  return out
}

function mergedList(definition: string, key: string | undefined, old: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const out = [...old]
  for (const item of patch) {
    const index = key === undefined ? out.indexOf(item) : out.findIndex((each) => (each as Json)[key] === (item as Json)[key])
    const deletes = isObject(item) && item['$patch'] === 'delete'
    if (deletes) {
      if (index >= 0) out.splice(index, 1)
    } else if (index < 0) out.push(item)
    else out[index] = strategicPatched(definition, out[index], item)
  }
  return out
}
