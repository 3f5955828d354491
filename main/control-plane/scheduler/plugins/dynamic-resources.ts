import type { ApiClient } from '../../../api/client/contract.ts'
import type { AllocationResult, Pod, ResourceClaim } from '../../../api/generated/types.ts'
import { resourceClaimKind } from '../../../api/kinds/resource/resource-claim.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { hasFinalizer, isControlledBy, keyOf } from '../../../api/machinery/object.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { allocate, wishesOf } from '../devices/allocator.ts'
import { DeviceLedger } from '../devices/device-ledger.ts'
import { slicesFor, type DeviceSources } from '../devices/device-sources.ts'
import { poolsOf } from '../devices/pools.ts'
import type { QueueingHint } from '../framework/cluster-event.ts'
import { StateKey } from '../framework/cycle-state.ts'
import type { Plugin } from '../framework/plugin.ts'
import { failed, skip, unresolvable, unschedulable } from '../framework/status.ts'
import { nodeMatches } from './node-selection.ts'

const finalizer = 'resource.kubernetes.io/delete-protection'

export interface DynamicResourcesOptions {
  readonly client: ApiClient
  readonly clock: Clock
  readonly devices: DeviceSources
}

/** What is found out about one pod's claims. */
interface ClaimState {
  readonly allocated: readonly ResourceClaim[]
  readonly open: readonly ResourceClaim[]
  /** What the open claims would get, by node. */
  readonly byNode: Map<string, readonly AllocationResult[]>
  /** Allocated claims that are of no use on some node. */
  readonly unavailable: Set<ResourceClaim>
  /** Set by Reserve. */
  reserved: readonly ResourceClaim[]
  /** Claims that PreBind has written the pod's name into. */
  written: ResourceClaim[]
}

const stateKey = new StateKey<ClaimState>('DynamicResources')

/** Gives devices to the claims of pods: finds a node where all of them can have what they ask for, keeps the devices until the binding
 *  is written, and writes allocation and reservation before the pod is bound. Follows upstream's plugin with structured parameters; not
 *  modelled: extended resources backed by devices, binding conditions. */
export function dynamicResources({ client, clock, devices }: DynamicResourcesOptions): Plugin {
  const ledger = new DeviceLedger(devices.claims)

  /** The pod's claims; a text when one of them makes it wait. */
  const claimsOf = (pod: Pod): readonly ResourceClaim[] | string => {
    const claims: ResourceClaim[] = []
    for (const { name, resourceClaimName, resourceClaimTemplateName } of pod.spec?.resourceClaims ?? []) {
      const status = pod.status?.resourceClaimStatuses?.find((each) => each.name === name)
      if (resourceClaimName === undefined && !status) return 'waiting for dynamic resource controller to create the resourceclaim for pod'
      const claimName = resourceClaimName ?? status?.resourceClaimName
      // A template that needed no claim.
      if (claimName === undefined) continue
      const claim = devices.claims.get(pod.metadata.namespace, claimName)
      if (!claim) return `resourceclaim.resource.k8s.io ${quote(claimName)} not found`
      if (claim.metadata.deletionTimestamp) return `resourceclaim ${quote(claimName)} is being deleted`
      if (resourceClaimTemplateName !== undefined && !isControlledBy(claim, pod)) return `ResourceClaim ${keyOf(claim)} was not created for pod ${keyOf(pod)} (pod is not owner)`
      claims.push(claim)
    }
    return claims
  }

  const bind = async (pod: Pod, claim: ResourceClaim): Promise<void> => {
    const { name, namespace, uid } = claim.metadata
    const allocation = ledger.pending(uid ?? '')
    let current = await client.get(resourceClaimKind, name, namespace)
    if (current.metadata.deletionTimestamp || current.metadata.uid !== uid) throw new Error(`claim ${name} got deleted in the meantime`)
    if (allocation && !current.status?.allocation && !hasFinalizer(current, finalizer)) {
      current = await client.update(resourceClaimKind, { ...current, metadata: { ...current.metadata, finalizers: [...(current.metadata.finalizers ?? []), finalizer] } })
    }
    if (isReservedFor(current, pod)) return
    const reservedFor = [...(current.status?.reservedFor ?? []), { resource: 'pods', name: pod.metadata.name, uid: pod.metadata.uid! }]
    const status = { ...current.status, allocation: current.status?.allocation ?? (allocation && { ...allocation, allocationTimestamp: formatTime(clock.now()) }), reservedFor }
    if (!status.allocation) throw new Error(`claim ${name} got deallocated elsewhere in the meantime`)
    await client.update(resourceClaimKind, { ...current, status } as ResourceClaim, { subresource: 'status' })
  }

  const release = async (pod: Pod, claim: ResourceClaim): Promise<void> => {
    const { name, namespace } = claim.metadata
    const current = await client.get(resourceClaimKind, name, namespace)
    if (!isReservedFor(current, pod)) return
    const reservedFor = current.status!.reservedFor!.filter(({ uid }) => uid !== pod.metadata.uid)
    await client.update(resourceClaimKind, { ...current, status: { ...current.status, reservedFor } }, { subresource: 'status' })
  }

  const deallocate = async ({ metadata, status }: ResourceClaim): Promise<void> => {
    const current = await client.get(resourceClaimKind, metadata.name, metadata.namespace)
    if (current.metadata.uid !== metadata.uid || !semanticEqual(current.status, status)) return
    const { allocation: _, reservedFor: __, ...rest } = current.status ?? {}
    await client.update(resourceClaimKind, { ...current, status: rest }, { subresource: 'status' })
  }

  return {
    name: 'DynamicResources',
    interests: [
      { events: ['NodeAdd', 'NodeLabelChange', 'ResourceSliceAdd', 'ResourceSliceUpdate', 'DeviceClassAdd', 'DeviceClassUpdate'] },
      { events: ['ResourceClaimAdd', 'ResourceClaimUpdate', 'ResourceClaimDelete'], hint: claimMayHelp },
      { events: ['PodClaimsGenerated'], hint: (pod, { next }) => (next?.metadata.uid === pod.uid ? 'queue' : 'skip') },
    ],
    preEnqueue({ pod }) {
      if (!pod.spec?.resourceClaims?.length) return undefined
      const claims = claimsOf(pod)
      return typeof claims === 'string' ? unresolvable(claims) : undefined
    },
    preFilter(state, { pod }) {
      if (!pod.spec?.resourceClaims?.length) return { status: skip }
      const claims = claimsOf(pod)
      if (typeof claims === 'string') return { status: unresolvable(claims) }
      if (claims.length === 0) return { status: skip }
      const allocated: ResourceClaim[] = []
      const open: ResourceClaim[] = []
      for (const claim of claims) {
        const pending = ledger.pending(claim.metadata.uid ?? '')
        // Somebody else's pod is being bound with it: the claim is as good as allocated, but cannot be relied upon yet.
        if (pending && !claim.status?.allocation) return { status: unresolvable(`resource claim ${keyOf(claim)} is in the process of being allocated`) }
        if (claim.status?.allocation) allocated.push(claim)
        else open.push(claim)
        if (claim.status?.allocation) continue
        for (const request of claim.spec.devices?.requests ?? []) {
          const wishes = wishesOf(request)
          if (wishes.length === 0) return { status: unresolvable(`request ${request.name}: unsupported request type`) }
          for (const { name, className } of wishes) {
            if (className === '') return { status: unresolvable(`request ${name}: unsupported request type`) }
            if (!devices.classes.get(undefined, className)) return { status: unresolvable(`request ${name}: device class ${className} does not exist`) }
          }
        }
      }
      state.write(stateKey, { allocated, open, byNode: new Map(), unavailable: new Set<ResourceClaim>(), reserved: [], written: [] })
      return undefined
    },
    filter(state, _, { node }) {
      const { allocated, open, byNode, unavailable } = state.read(stateKey)
      const unusable = allocated.filter(({ status }) => status!.allocation!.nodeSelector && !nodeMatches(status!.allocation!.nodeSelector, node))
      if (unusable.length > 0) {
        for (const claim of unusable) unavailable.add(claim)
        return unschedulable('resourceclaim not available on the node')
      }
      if (open.length === 0) return undefined
      try {
        const results = allocate(open, poolsOf(slicesFor(devices, node), node), node, { classOf: (name) => devices.classes.get(undefined, name), isTaken: (id) => ledger.isTaken(id) })
        if (!results) return unschedulable('cannot allocate all claims')
        byNode.set(node.metadata.name, results)
        return undefined
      } catch (error) {
        return failed(error)
      }
    },
    postFilter(state, { pod }) {
      const claimState = state.find(stateKey)
      if (!claimState) return { status: unschedulable('no new claims to deallocate') }
      for (const claim of claimState.unavailable) {
        const reservations = claim.status?.reservedFor ?? []
        if (reservations.length > 1 || reservations.some(({ uid }) => uid !== pod.metadata.uid)) continue
        // What the API server refuses is seen at the next attempt.
        void deallocate(claim).catch(() => undefined)
        return { status: unschedulable('deallocation of ResourceClaim completed') }
      }
      return { status: unschedulable('still not schedulable') }
    },
    reserve(state, { pod }, node) {
      const claimState = state.find(stateKey)
      if (!claimState) return undefined
      const results = claimState.byNode.get(node)
      for (const [index, claim] of claimState.open.entries()) {
        const allocation = results?.[index]
        if (!allocation) return failed(`claim allocation missing for node ${quote(node)}`)
        ledger.assume(claim.metadata.uid ?? '', allocation)
      }
      claimState.reserved = [...claimState.open, ...claimState.allocated.filter((claim) => !isReservedFor(claim, pod))]
      return undefined
    },
    unreserve(state, { pod }) {
      const claimState = state.find(stateKey)
      for (const { metadata } of claimState?.open ?? []) ledger.forget(metadata.uid ?? '')
      // If that fails too, the controller of claims takes the reservation back when the pod is gone.
      for (const claim of claimState?.written ?? []) void release(pod, claim).catch(() => undefined)
    },
    async preBind(state, { pod }) {
      const claimState = state.find(stateKey)
      for (const claim of claimState?.reserved ?? []) {
        try {
          await bind(pod, claim)
          claimState!.written.push(claim)
        } catch (error) {
          return failed(error)
        }
      }
      return undefined
    },
  }
}

function isReservedFor({ status }: ResourceClaim, pod: Pod): boolean {
  return status?.reservedFor?.some(({ uid }) => uid === pod.metadata.uid) ?? false
}

/** One of the pod's own claims changed, or devices became free. */
const claimMayHelp: QueueingHint = ({ pod, namespace }, { old, next }) => {
  const [before, after] = [old as ResourceClaim | undefined, next as ResourceClaim | undefined]
  if (before?.status?.allocation && !after?.status?.allocation) return 'queue'
  if (!after || after.metadata.namespace !== namespace) return 'skip'
  const names = (pod.spec?.resourceClaims ?? []).map((each) => each.resourceClaimName ?? pod.status?.resourceClaimStatuses?.find(({ name }) => name === each.name)?.resourceClaimName)
  if (!names.includes(after.metadata.name)) return 'skip'
  return before && semanticEqual(before.status, after.status) ? 'skip' : 'queue'
}
