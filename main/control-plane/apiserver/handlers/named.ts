import type { Parts } from '../parts.ts'
import type { NamedHandlers } from '../router.ts'
import { handlerKey } from '../router.ts'
import { bindPod } from './binding.ts'
import { evictPod } from './eviction.ts'
import { nonResourceHandler } from './non-resource.ts'
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
  return { resources, other: nonResourceHandler(parts) }
}
