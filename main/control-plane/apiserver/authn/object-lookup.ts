import type { KubeObject } from '../../../api/machinery/object.ts'

export type BoundResource = 'serviceaccounts' | 'pods' | 'secrets' | 'nodes'

/** Finds what tokens are bound to. */
export interface ObjectLookup {
  /** As the server's cache knows it. `namespace` is '' for nodes. */
  cached(resource: BoundResource, namespace: string, name: string): KubeObject | undefined
  /** As etcd has it: a token may be younger than the cache. Undefined when there is none. */
  read(resource: BoundResource, namespace: string, name: string): Promise<KubeObject | undefined>
}
