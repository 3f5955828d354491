import type { ApiClient } from '../../../api/client/contract.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import type { Plugin } from '../framework/plugin.ts'
import { failed } from '../framework/status.ts'

/** Binds by the pod's binding subresource. */
export function defaultBinder(client: ApiClient): Plugin {
  return {
    name: 'DefaultBinder',
    async bind(_, { pod }, node) {
      const { name, namespace, uid } = pod.metadata
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target: { kind: 'Node', name: node } }
      try {
        await client.createSubresource(podKind, name, namespace, 'binding', binding)
        return undefined
      } catch (error) {
        return failed(error)
      }
    },
  }
}
