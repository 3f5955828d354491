import { defineController } from '../../../api/client/controller.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { serviceAccountKind } from '../../../api/kinds/core/service-account.ts'
import { hasCause, isAlreadyExists } from '../../../api/machinery/status-error.ts'

const defaultName = 'default'

/** Sees to it that every namespace has a service account `default`. Follows pkg/controller/serviceaccount. */
export const serviceAccountController = defineController({
  name: 'serviceaccount-controller',
  noun: 'namespace',
  workers: 1,
  setUp({ client, informers }, queue) {
    const namespaces = informers.of(namespaceKind)
    const accounts = informers.of(serviceAccountKind)
    namespaces.onChange({ added: ({ metadata }) => queue.add(metadata.name), updated: ({ metadata }) => queue.add(metadata.name) })
    accounts.onChange({
      deleted: ({ metadata }) => {
        if (metadata.name === defaultName) queue.add(metadata.namespace!)
      },
    })
    return async (namespace) => {
      if (namespaces.get(undefined, namespace)?.status?.phase !== 'Active' || accounts.get(namespace, defaultName)) return undefined
      try {
        await client.create(serviceAccountKind, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: defaultName, namespace } })
      } catch (error) {
        if (!isAlreadyExists(error) && !hasCause(error, 'NamespaceTerminating')) throw error
      }
      return undefined
    }
  },
})
