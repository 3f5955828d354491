import type { WatchEvent } from './watch-event.ts'

/** The window as a client of the cluster's API server: every request is sent as user `kubernetes-admin` (group
 *  `kubeadm:cluster-admins`), through the same pipeline as kubectl's. Paths carry their query:
 *  `/api/v1/namespaces/default/pods?limit=500`. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Lower-case names. Default accept: application/json. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as is (UTF-8); say its content-type. */
  readonly body?: string
}

export interface ApiResponse {
  /** 0 never comes: a request that reached no server fails with code `unavailable`. */
  readonly status: number
  /** Lower-case names. `warning` joins several with ', '. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface ApiCalls {
  'api.request': { readonly argument: ApiRequest; readonly result: ApiResponse }
}

export interface ApiStreams {
  /** A watch (`watch=true` is in the path): events in order, as many at a time as were waiting. Ends without error when the server
   *  ends it, with `error.status` when it answered an error or sent an ERROR event (410: list again). `accept` chooses Tables:
   *  then each event's object is a Table with one row. */
  'api.watch': { readonly argument: { readonly path: string; readonly accept?: string }; readonly event: readonly WatchEvent[] }
  /** A response body that goes on (followed logs): chunks of text as they come. An answer of status >= 400 ends it with `error.status`. */
  'api.stream': { readonly argument: { readonly path: string }; readonly event: string }
}
