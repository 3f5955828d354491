import type { Pod } from '../../../api/generated/types.ts'
import type { QueueingHint } from '../framework/cluster-event.ts'
import { StateKey } from '../framework/cycle-state.ts'
import type { Plugin } from '../framework/plugin.ts'
import { skip, unschedulable } from '../framework/status.ts'
import { claimsOfPod } from '../volumes/pod-claims.ts'
import type { VolumeSources } from '../volumes/volume-sources.ts'

/** The pod's claims that only one pod may use, and how often others, wherever they are, use one of them. */
interface Exclusive {
  readonly namespace: string
  readonly claims: ReadonlySet<string>
  uses: number
}

const stateKey = new StateKey<Exclusive>('VolumeRestrictions', (value) => ({ ...value }))

/** Keeps claims with the access mode ReadWriteOncePod for one pod at a time. Follows upstream's plugin; not modelled: disks of cloud
 *  providers that were once part of Kubernetes. */
export function volumeRestrictions({ claims }: Pick<VolumeSources, 'claims'>): Plugin {
  return {
    name: 'VolumeRestrictions',
    interests: [
      { events: ['AssignedPodDelete'], hint: ({ pod }, { old }) => (sharesClaim(pod, old as Pod) ? 'queue' : 'skip') },
      { events: ['PersistentVolumeClaimAdd'], hint: claimMayHelp },
      { events: ['NodeAdd'] },
    ],
    preFilter(state, { pod, namespace }, view) {
      let exclusive: Set<string> | undefined
      for (const { name, ephemeral } of claimsOfPod(pod)) {
        if (!ephemeral && claims.get(namespace, name)?.spec?.accessModes?.includes('ReadWriteOncePod')) (exclusive ??= new Set()).add(name)
      }
      if (!exclusive) return { status: skip }
      const found: Exclusive = { namespace, claims: exclusive, uses: 0 }
      for (const node of view.nodes) for (const other of node.pods.values()) found.uses += usesOf(found, other.pod)
      if (found.uses === 0) return { status: skip }
      state.write(stateKey, found)
      return undefined
    },
    addPod(state, _, { pod }) {
      const found = state.find(stateKey)
      if (found) found.uses += usesOf(found, pod)
    },
    removePod(state, _, { pod }) {
      const found = state.find(stateKey)
      if (found) found.uses -= usesOf(found, pod)
    },
    filter: (state) => (state.read(stateKey).uses > 0 ? unschedulable('node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode') : undefined),
  }
}

function usesOf({ namespace, claims }: Exclusive, pod: Pod): number {
  if (pod.metadata.namespace !== namespace) return 0
  return claimsOfPod(pod).filter(({ name }) => claims.has(name)).length
}

function sharesClaim(pod: Pod, other: Pod): boolean {
  if (pod.metadata.namespace !== other.metadata.namespace) return false
  const names = new Set(claimsOfPod(other).map(({ name }) => name))
  return claimsOfPod(pod).some(({ name }) => names.has(name))
}

const claimMayHelp: QueueingHint = ({ pod, namespace }, { next }) =>
  next!.metadata.namespace === namespace && claimsOfPod(pod).some(({ name }) => name === next!.metadata.name) ? 'queue' : 'skip'
