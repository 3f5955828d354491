import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/generated/types.ts'
import { storageClassOf } from '../../../api/kinds/core/access-modes.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import type { QueueingHint } from '../framework/cluster-event.ts'
import { StateKey } from '../framework/cycle-state.ts'
import type { Plugin } from '../framework/plugin.ts'
import { failed, skip, unresolvable, type Status } from '../framework/status.ts'
import { claimsOfPod } from '../volumes/pod-claims.ts'
import type { VolumeSources } from '../volumes/volume-sources.ts'

/** Labels of volumes that say where they are, with the name of today for those of former times. */
const placeLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region': 'topology.kubernetes.io/region',
}

/** A place that a volume demands of nodes. */
interface Place {
  readonly label: string
  readonly values: ReadonlySet<string>
}

const stateKey = new StateKey<readonly Place[]>('PreFilterVolumeZone')

/** Keeps pods in the zones of their volumes, where these say so by labels. Nodes without any such label are in no zone and do for all.
 *  Follows upstream's plugin. */
export function volumeZone({ claims, volumes, classes }: Pick<VolumeSources, 'claims' | 'volumes' | 'classes'>): Plugin {
  /** The places of one claim's volume, or why there is no telling. */
  const placesOf = (claim: PersistentVolumeClaim | undefined, name: string): readonly Place[] | Status => {
    if (!claim) return unresolvable(`persistentvolumeclaim ${quote(name)} not found`)
    const volumeName = claim.spec?.volumeName
    if (!volumeName) {
      const className = storageClassOf(claim)
      if (className === '') return unresolvable('PersistentVolumeClaim had no pv name and storageClass name')
      const storageClass = classes.get(undefined, className)
      if (!storageClass) return unresolvable(`storageclass.storage.k8s.io ${quote(className)} not found`)
      if (storageClass.volumeBindingMode === undefined) return failed(`VolumeBindingMode not set for StorageClass ${quote(className)}`)
      return storageClass.volumeBindingMode === 'WaitForFirstConsumer' ? [] : unresolvable('PersistentVolume had no name')
    }
    const volume = volumes.get(undefined, volumeName)
    return volume ? placesOfVolume(volume) : unresolvable(`persistentvolume ${quote(volumeName)} not found`)
  }
  return {
    name: 'VolumeZone',
    interests: [
      { events: ['NodeAdd', 'NodeLabelChange'] },
      { events: ['StorageClassAdd'] },
      { events: ['PersistentVolumeClaimAdd', 'PersistentVolumeClaimUpdate'], hint: claimMayHelp },
      { events: ['PersistentVolumeAdd', 'PersistentVolumeUpdate'] },
    ],
    preFilter(state, { pod, namespace }) {
      const places: Place[] = []
      for (const { name, ephemeral } of claimsOfPod(pod)) {
        if (ephemeral) continue
        const found = placesOf(claims.get(namespace, name), name)
        if ('code' in found) return { status: found }
        places.push(...found)
      }
      if (places.length === 0) return { status: skip }
      state.write(stateKey, places)
      return undefined
    },
    filter(state, _, { labels }) {
      if (!Object.keys(placeLabels).some((label) => labels[label] !== undefined)) return undefined
      const fits = state.read(stateKey).every(({ label, values }) => {
        const value = labels[label] ?? labels[placeLabels[label]!]
        return value !== undefined && values.has(value)
      })
      return fits ? undefined : unresolvable('node(s) had no available volume zone')
    },
  }
}

/** Several zones are written as `a__b`. */
function placesOfVolume({ metadata }: PersistentVolume): readonly Place[] {
  return Object.keys(placeLabels).flatMap((label) => {
    const value = metadata.labels?.[label]
    const values = value?.split('__').map((each) => each.trim()) ?? []
    // A label that cannot be read is passed over.
    return values.length === 0 || values.includes('') ? [] : [{ label, values: new Set(values) }]
  })
}

const claimMayHelp: QueueingHint = ({ pod, namespace }, { next }) =>
  next!.metadata.namespace === namespace && claimsOfPod(pod).some(({ name }) => name === next!.metadata.name) ? 'queue' : 'skip'
