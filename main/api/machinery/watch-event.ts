/** What travels in a watch. The type itself is WatchEvent in object.ts. */
import type { KubeObject, WatchEvent } from './object.ts'
import { statusOf } from './status-error.ts'
import type { Status } from '../generated/types.ts'

/** A bookmark: only kind, apiVersion and the resource version that the watcher has seen up to. `initialEventsEnd` marks the
 *  end of the initial state of a streaming list. */
export function bookmark(apiVersion: string, kind: string, resourceVersion: string, initialEventsEnd = false): WatchEvent<KubeObject> {
  const metadata: KubeObject['metadata'] = { resourceVersion } as KubeObject['metadata']
  if (initialEventsEnd) metadata.annotations = { 'k8s.io/initial-events-end': 'true' }
  return { type: 'BOOKMARK', object: { kind, apiVersion, metadata } }
}

/** The event that ends a watch with an error. */
export function errorEvent(cause: unknown): WatchEvent<Status> {
  return { type: 'ERROR', object: statusOf(cause) }
}
