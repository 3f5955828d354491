import { forbidden, notFound } from '../../../api/machinery/status-error.ts'
import { namespaceTerminating } from '../../../api/machinery/status-error.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'

const immortal = new Set(['default', 'kube-system', 'kube-public'])

/** Kinds that may be created in a namespace that is going: its own reviews of access. */
const alwaysAllowed = new Set(['localsubjectaccessreviews'])

/** Nothing is created in a namespace that does not exist or is going, and the first namespaces stay. Follows upstream's
 *  NamespaceLifecycle. `read` asks etcd where the cache does not know better. */
export function namespaceLifecycle(parts: { readonly cached: (name: string) => KubeObject | undefined; readonly read: (name: string) => Promise<KubeObject | undefined> }): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: ({ operation }) => operation === 'CREATE' || operation === 'DELETE',
    admit(attributes) {
      const { kind, operation, name, namespace } = attributes
      if (operation === 'DELETE') {
        if (kind.group === '' && kind.plural === 'namespaces' && immortal.has(name)) throw forbidden({ group: '', resource: kind.plural }, name, 'this namespace may not be deleted')
        return
      }
      if (!kind.namespaced || namespace === '' || alwaysAllowed.has(kind.plural)) return
      const known = parts.cached(namespace)
      if (known) return checkAlive(attributes, known)
      return parts.read(namespace).then((found) => {
        if (!found) throw notFound({ group: '', resource: 'namespaces' }, namespace)
        checkAlive(attributes, found)
      })
    },
  }
}

function checkAlive({ kind, name, namespace, subresource, object }: AdmissionAttributes, found: KubeObject): void {
  if (subresource !== '' || (found as { status?: { phase?: string } }).status?.phase !== 'Terminating') return
  throw namespaceTerminating({ group: kind.group, resource: kind.plural }, name || object?.metadata.generateName || '', namespace)
}

