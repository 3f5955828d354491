/** Where objects live in etcd. */
export const root = '/registry/'

/** `/registry/<prefix>/`, or `/registry/<prefix>/<namespace>/`. */
export function rangeStart(storagePrefix: string, namespace?: string): string {
  return namespace ? `${root}${storagePrefix}/${namespace}/` : `${root}${storagePrefix}/`
}

/** The key of one object. */
export function storageKey(storagePrefix: string, namespace: string | undefined, name: string): string {
  return rangeStart(storagePrefix, namespace) + bytesText(name)
}

/** The key of one object within its prefix: `namespace/name`, or `name`. */
export function cacheKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${bytesText(name)}` : bytesText(name)
}

/** etcd's keys are bytes: a name beyond ASCII (roles may have one) is written as its UTF-8. */
function bytesText(name: string): string {
  for (let at = 0; at < name.length; at++) {
    if (name.charCodeAt(at) > 127) return String.fromCharCode(...new TextEncoder().encode(name))
  }
  return name
}

/** The first key after all that begin with `start`, as clientv3.GetPrefixRangeEnd. */
export function rangeEndOf(start: string): string {
  return start.slice(0, -1) + String.fromCharCode(start.charCodeAt(start.length - 1) + 1)
}
