import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { Namespace } from '../../../api/generated/types.ts'
import type { OwnObjects } from './own-objects.ts'

const names = ['kube-system', 'kube-public', 'kube-node-lease', 'default']

/** The namespaces that every cluster has. */
export async function ensureSystemNamespaces(own: OwnObjects): Promise<void> {
  await Promise.all(names.map((name) => own.ensure(namespaceKind as unknown as Kind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as Namespace)))
}
