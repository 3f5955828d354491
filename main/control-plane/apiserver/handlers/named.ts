import type { Parts } from '../parts.ts'
import type { NamedHandlers } from '../router.ts'
import type { ApiHandler } from './request.ts'

/** Handlers that no declaration can give, and the one for paths that name no resource. */
export function namedHandlers(_parts: Parts): { readonly resources: NamedHandlers; readonly other: ApiHandler } {
  const resources = new Map<string, never>()
  return {
    resources,
    other: (request) => request.respond({ status: 404, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }, body: new TextEncoder().encode('404 page not found\n') }),
  }
}
