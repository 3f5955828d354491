import { isObject, type JsonObject } from '../../../api/machinery/json-value.ts'

/** Changes the value at a path such as `spec/volumes[]/configMap/name`; `[]` goes into every item of a list. A missing part is
 *  made only when `create` says so. The object itself stays as it was. */
export function changeAt(object: JsonObject, path: string, change: (value: unknown, parent: JsonObject) => unknown, create = false): JsonObject {
  return step(object, path.split('/'), change, create) as JsonObject
}

function step(value: unknown, [first, ...rest]: readonly string[], change: (value: unknown, parent: JsonObject) => unknown, create: boolean): unknown {
  if (!isObject(value) || first === undefined) return value
  const list = first.endsWith('[]')
  const key = list ? first.slice(0, -2) : first
  const inner = value[key]
  if (list) return Array.isArray(inner) ? { ...value, [key]: inner.map((item: unknown) => (rest.length === 0 ? change(item, value) : step(item, rest, change, create))) } : value
  if (rest.length === 0) {
    if (inner === undefined && !create) return value
    const after = change(inner, value)
    return after === inner ? value : { ...value, [key]: after }
  }
  if (inner === undefined || inner === null) return create ? { ...value, [key]: step({}, rest, change, create) } : value
  return { ...value, [key]: step(inner, rest, change, create) }
}

/** Where kinds keep their pod template; `''` is the object itself. */
export const templatePaths: Readonly<Record<string, string>> = {
  Pod: '',
  ReplicationController: 'spec/template/',
  Deployment: 'spec/template/',
  ReplicaSet: 'spec/template/',
  DaemonSet: 'spec/template/',
  StatefulSet: 'spec/template/',
  Job: 'spec/template/',
  CronJob: 'spec/jobTemplate/spec/template/',
  PodTemplate: 'template/',
}
