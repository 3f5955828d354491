import { isNotFound } from '../../../api/machinery/status-error.ts'
import type { Parts } from '../parts.ts'
import type { AdmissionPlugin } from './admission.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'

/** The plugins that are on, in upstream's order. */
export function admissionPlugins({ resources }: Parts): readonly AdmissionPlugin[] {
  const namespaces = resources.storeOf('', 'namespaces').store
  return [
    namespaceLifecycle({
      cached: (name) => namespaces.cached('', name),
      read: (name) =>
        namespaces.get('', name).catch((error: unknown) => {
          if (isNotFound(error)) return undefined
          throw error
        }),
    }),
  ]
}
