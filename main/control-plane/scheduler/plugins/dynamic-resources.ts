import type { Plugin } from '../framework/plugin.ts'
import { unresolvable, unschedulable } from '../framework/status.ts'

/** The part of upstream's dynamic resource allocation that shows without any claim. There are no ResourceClaims here, so a pod
 *  that names one waits for it; of all others 1.36 says, when no node is left, that there is no claim to take back. */
export const dynamicResources: Plugin = {
  name: 'DynamicResources',
  preFilter(_, { pod }) {
    const [claim] = pod.spec?.resourceClaims ?? []
    if (!claim) return undefined
    const status = claim.resourceClaimName
      ? unresolvable(`resourceclaim.resource.k8s.io "${claim.resourceClaimName}" not found`)
      : unresolvable('waiting for dynamic resource controller to create the resourceclaim for pod')
    return { status }
  },
  postFilter: () => ({ status: unschedulable('no new claims to deallocate') }),
}
