import type { Parts } from '../parts.ts'
import type { NamedHandlers } from '../router.ts'
import { handlerKey } from '../router.ts'
import { bindPod } from './binding.ts'
import { evictPod } from './eviction.ts'
import type { ApiHandler } from './request.ts'
import { reviewHandlers } from './reviews.ts'
import { createToken } from './token-request.ts'

/** Handlers that no declaration can give, and the one for paths that name no resource. */
export function namedHandlers(parts: Parts): { readonly resources: NamedHandlers; readonly other: ApiHandler } {
  const resources = new Map([
    [handlerKey('', 'bindings'), bindPod(parts)],
    [handlerKey('', 'pods', 'binding'), bindPod(parts)],
    [handlerKey('', 'pods', 'eviction'), evictPod(parts)],
    [handlerKey('', 'serviceaccounts', 'token'), createToken(parts)],
    ...reviewHandlers(parts),
  ])
  return { resources, other: notFoundPage }
}

const notFoundText = new TextEncoder().encode('404 page not found\n')

const notFoundPage: ApiHandler = (request) => request.respond({ status: 404, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache, private' }, body: notFoundText })
