import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { hasCause, isAlreadyExists, isNotFound } from '../../../api/machinery/status-error.ts'

export const rootCertificateConfigMap = 'kube-root-ca.crt'
const descriptionAnnotation = 'kubernetes.io/description'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. ' +
  'No other usage is guaranteed across distributions of Kubernetes clusters.'

/** Keeps the cluster's root certificate in a config map of every namespace, for pods to verify the API server with. Follows
 *  pkg/controller/certificates/rootcacertpublisher. `certificate` is PEM. */
export function rootCertificatePublisher(certificate: string): ControllerDefinition {
  return defineController({
    name: 'root-ca-certificate-publisher-controller',
    noun: 'namespace',
    workers: 1,
    setUp({ client, informers }, queue) {
      const namespaces = informers.of(namespaceKind)
      const maps = informers.of(configMapKind)
      namespaces.onChange({ added: ({ metadata }) => queue.add(metadata.name), updated: ({ metadata }) => queue.add(metadata.name) })
      const touched = ({ metadata }: { metadata: { name: string; namespace?: string } }): void => {
        if (metadata.name === rootCertificateConfigMap) queue.add(metadata.namespace!)
      }
      maps.onChange({ updated: touched, deleted: touched })
      return async (namespace) => {
        if (namespaces.get(undefined, namespace)?.status?.phase !== 'Active') return undefined
        const present = maps.get(namespace, rootCertificateConfigMap)
        const data = { 'ca.crt': certificate }
        if (!present) {
          const metadata = { name: rootCertificateConfigMap, namespace, annotations: { [descriptionAnnotation]: description } }
          try {
            await client.create(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
          } catch (error) {
            // Going or gone: nothing to publish to. There already: the cache lags, and the change will bring it.
            if (!isAlreadyExists(error) && !isNotFound(error) && !hasCause(error, 'NamespaceTerminating')) throw error
          }
          return undefined
        }
        const right = Object.keys(present.data ?? {}).length === 1 && present.data?.['ca.crt'] === certificate && Boolean(present.metadata.annotations?.[descriptionAnnotation])
        if (right) return undefined
        const annotations = { ...present.metadata.annotations, [descriptionAnnotation]: description }
        await client.update(configMapKind, { ...present, metadata: { ...present.metadata, annotations }, data })
        return undefined
      }
    },
  })
}
