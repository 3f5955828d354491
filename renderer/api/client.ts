import type { ApiRequest, ApiResponse } from '../../preload/contract/api.ts'
import { call } from '../bridge/bridge.ts'

/** What the API server answered with a code of 400 or more: Kubernetes' own Status. */
export class ApiError extends Error {
  readonly code: number
  readonly reason: string
  readonly causes: readonly { readonly field?: string; readonly message?: string }[]

  constructor(code: number, status: { readonly message?: string; readonly reason?: string; readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] } } | undefined) {
    super(status?.message ?? `the server answered ${code}`)
    this.name = 'ApiError'
    this.code = code
    this.reason = status?.reason ?? ''
    this.causes = status?.details?.causes ?? []
  }
}

export const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'

/** Reads JSON from the API server. Throws ApiError. */
export async function readJson<T>(path: string, accept = 'application/json'): Promise<T> {
  return parse<T>(await call('api.request', { method: 'GET', path, headers: { accept } }))
}

/** Sends a body, JSON unless `contentType` says otherwise. Throws ApiError. */
export async function sendBody<T>(method: 'POST' | 'PUT' | 'PATCH', path: string, body: string, contentType = 'application/json'): Promise<T> {
  return parse<T>(await call('api.request', { method, path, headers: { accept: 'application/json', 'content-type': contentType }, body }))
}

export async function deleteObject(path: string): Promise<void> {
  const request: ApiRequest = { method: 'DELETE', path, headers: { accept: 'application/json', 'content-type': 'application/json' }, body: '{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}' }
  parse(await call('api.request', request))
}

function parse<T>(response: ApiResponse): T {
  let value: unknown
  try {
    value = JSON.parse(response.body)
  } catch {
    value = undefined
  }
  if (response.status >= 400) throw new ApiError(response.status, value as undefined)
  return value as T
}
