import type { KubeObject } from '../../../api/machinery/object.ts'

/** Work of the server itself around the writes of one kind: allocation of addresses and ports. Not declared by the kind,
 *  because it needs state of the server's. */
export interface StoreHooks {
  /** Before a new object is validated; may change it. Answers how to finish: told whether the write happened. Throws to refuse. */
  beginCreate?(object: KubeObject, dryRun: boolean): ((written: boolean) => void) | Promise<(written: boolean) => void>
  /** The same for a changed object. `old` must not change. */
  beginUpdate?(object: KubeObject, old: KubeObject, dryRun: boolean): ((written: boolean) => void) | Promise<(written: boolean) => void>
  /** After an object went for good. */
  afterDelete?(object: KubeObject): void
}
