import type { ResourceClaim, ResourceClaimSpec } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type { Relation } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { defaultClaimSpec } from './claim-defaults.ts'
import { validateResourceClaim, validateResourceClaimStatusUpdate, validateResourceClaimUpdate } from './claim-validation.ts'

/** `allocated,reserved`. */
function stateText({ metadata, status }: ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ['deleted'] : []
  if (status?.allocation) states.push('allocated', ...(status.reservedFor?.length ? ['reserved'] : []))
  else if (!metadata.deletionTimestamp) states.push('pending')
  return states.join(',')
}

/** The classes of the devices that a claim asks for. */
export function deviceClassesOf(spec: ResourceClaimSpec | undefined): Relation[] {
  const names = (spec?.devices?.requests ?? []).flatMap(({ exactly, firstAvailable = [] }) => [...(exactly ? [exactly] : []), ...firstAvailable].map(({ deviceClassName }) => deviceClassName))
  return [...new Set(names)].filter((name) => name !== '').map((name) => ({ role: 'device class', group: 'resource.k8s.io', kind: 'DeviceClass', name }))
}

export const resourceClaimKind = defineKind<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  namespaced: true,
  schema: 'io.k8s.api.resource.v1.ResourceClaim',
  storagePrefix: 'resourceclaims',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults: ({ spec }) => defaultClaimSpec(spec),
    prepareForCreate(claim) {
      claim.status = {}
    },
    prepareForUpdate: keepStatus,
    validate: validateResourceClaim,
    validateUpdate: validateResourceClaimUpdate,
  },
  subresources: [statusSubresource(validateResourceClaimStatusUpdate)],
  columns: [nameColumn(), column('State', 'A summary of the current state (allocated, pending, reserved, etc.).', stateText), ageColumn()],
  health(claim) {
    if (claim.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being given back' }
    const users = claim.status?.reservedFor?.length ?? 0
    if (!claim.status?.allocation) return { mark: 'pending', sentence: 'no devices are allocated to it' }
    return { mark: 'running', sentence: users === 0 ? 'its devices are allocated' : `its devices are reserved for ${users === 1 ? 'one pod' : `${users} pods`}` }
  },
  relations({ metadata, spec, status }) {
    const namespace = metadata.namespace ? { namespace: metadata.namespace } : {}
    const pods = (status?.reservedFor ?? []).filter(({ apiGroup, resource }) => !apiGroup && resource === 'pods')
    return [...deviceClassesOf(spec), ...pods.map(({ name }) => ({ role: 'reserved for', group: '', kind: 'Pod', name, ...namespace }))]
  },
})
