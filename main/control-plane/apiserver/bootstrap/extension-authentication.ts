import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import type { ConfigMap } from '../../../api/generated/types.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { frontProxyName } from '../aggregation/front-proxy.ts'
import type { OwnObjects } from './own-objects.ts'

/** Tells servers behind this one how to know it, and whom its clients' certificates come from. On the simulation's wires a
 *  certificate is its names, so that both authorities are the cluster's; `authority` is PEM, absent where there is none. */
export async function reconcileExtensionAuthentication(own: OwnObjects, authority: string | undefined): Promise<void> {
  const list = (...names: string[]): string => JSON.stringify(names)
  const data: Readonly<Record<string, string>> = {
    ...(authority === undefined ? {} : { 'client-ca-file': authority, 'requestheader-client-ca-file': authority }),
    'requestheader-allowed-names': list(frontProxyName),
    'requestheader-extra-headers-prefix': list('X-Remote-Extra-'),
    'requestheader-group-headers': list('X-Remote-Group'),
    'requestheader-uid-headers': list('X-Remote-Uid'),
    'requestheader-username-headers': list('X-Remote-User'),
  }
  const initial: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' }, data }
  await own.reconcile(configMapKind, initial, (current) => (jsonEqual(current.data, data) ? undefined : { ...current, data }))
}
