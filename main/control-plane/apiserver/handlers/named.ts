import type { Parts } from '../parts.ts'
import type { NamedHandlers } from '../router.ts'
import { handlerKey } from '../router.ts'
import { bindPod } from './binding.ts'
import { componentStatuses } from './component-status.ts'
import { connecting } from './connect.ts'
import { evictPod } from './eviction.ts'
import { nonResourceHandler } from './non-resource.ts'
import type { ApiHandler } from './request.ts'
import { reviewHandlers } from './reviews.ts'
import { podLog } from '../streams/pod-log.ts'
import { podSession } from '../streams/pod-session.ts'
import { nodeProxy, podProxy, serviceProxy } from '../streams/proxy.ts'
import { createToken } from './token-request.ts'

/** Handlers that no declaration can give, and the one for paths that name no resource. */
export function namedHandlers(parts: Parts): { readonly resources: NamedHandlers; readonly other: ApiHandler } {
  const resources = new Map([
    [handlerKey('', 'bindings'), bindPod(parts)],
    [handlerKey('', 'componentstatuses'), componentStatuses(parts)],
    [handlerKey('', 'pods', 'binding'), bindPod(parts)],
    [handlerKey('', 'pods', 'eviction'), evictPod(parts)],
    [handlerKey('', 'serviceaccounts', 'token'), createToken(parts)],
    [handlerKey('', 'pods', 'log'), podLog(parts)],
    [handlerKey('', 'pods', 'exec'), connecting(parts, 'PodExecOptions', podSession(parts, 'exec'))],
    [handlerKey('', 'pods', 'attach'), connecting(parts, 'PodAttachOptions', podSession(parts, 'attach'))],
    [handlerKey('', 'pods', 'portforward'), connecting(parts, 'PodPortForwardOptions', podSession(parts, 'portforward'))],
    [handlerKey('', 'pods', 'proxy'), connecting(parts, 'PodProxyOptions', podProxy(parts))],
    [handlerKey('', 'services', 'proxy'), connecting(parts, 'ServiceProxyOptions', serviceProxy(parts))],
    [handlerKey('', 'nodes', 'proxy'), connecting(parts, 'NodeProxyOptions', nodeProxy(parts))],
    ...reviewHandlers(parts),
  ])
  return { resources, other: nonResourceHandler(parts) }
}
