import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import { canonicalQuantity } from '../../../api/machinery/quantity.ts'
import { ageOf } from '../../../api/machinery/time.ts'
import { accessModesText, describeClaim, storageClassOf } from './claim.ts'
import { Description, timeText, truthText } from './description.ts'
import { readList, type Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'
import { describeAnnotations, describeLabels, labelLine } from './labels.ts'
import { describePersistentSource } from './volumes.ts'

export async function describePersistentVolumeClaim(claim: PersistentVolumeClaim, around: Surroundings): Promise<string> {
  const { metadata, status } = claim
  const [events, pods] = await Promise.all([eventsOf(claim, around), readList<Pod>(around, `/api/v1/namespaces/${metadata.namespace ?? ''}/pods`)])
  const users = pods.filter((pod) => pod.spec?.volumes?.some(({ name, persistentVolumeClaim, ephemeral }) => persistentVolumeClaim?.claimName === metadata.name || (ephemeral && `${pod.metadata.name}-${name}` === metadata.name)))
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  describeClaim(out, claim, 0, () => out.write(0, `Status:\t${metadata.deletionTimestamp ? `Terminating (lasts ${ageOf(metadata.deletionTimestamp, around.now)})` : (status?.phase ?? '')}\n`))
  out.write(0, 'Used By:\t')
  if (users.length === 0) out.line('<none>')
  users.map((pod) => pod.metadata.name).sort(compareBytes).forEach((name, index) => out.write(0, `${index === 0 ? '' : '\t'}${name}\n`))
  if (status?.conditions?.length) {
    out.write(0, 'Conditions:\n')
    out.write(1, 'Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n')
    out.write(1, '----\t------\t-----------------\t------------------\t------\t-------\n')
    for (const condition of status.conditions) out.write(1, `${condition.type} \t${condition.status} \t${timeText(condition.lastProbeTime)} \t${timeText(condition.lastTransitionTime)} \t${condition.reason ?? ''} \t${condition.message ?? ''}\n`)
  }
  describeEvents(out, events, around.now)
  return out.toString()
}

export async function describePersistentVolume(volume: PersistentVolume, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = volume
  const events = await eventsOf(volume, around)
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  describeLabels(out, 'Labels', metadata.labels)
  describeAnnotations(out, 'Annotations', metadata.annotations)
  out.write(0, `Finalizers:\t[${(metadata.finalizers ?? []).join(' ')}]\n`)
  out.write(0, `StorageClass:\t${storageClassOf(volume)}\n`)
  out.write(0, `Status:\t${metadata.deletionTimestamp ? `Terminating (lasts ${ageOf(metadata.deletionTimestamp, around.now)})` : (status?.phase ?? '')}\n`)
  out.write(0, `Claim:\t${spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : ''}\n`)
  out.write(0, `Reclaim Policy:\t${spec?.persistentVolumeReclaimPolicy ?? ''}\n`)
  out.write(0, `Access Modes:\t${accessModesText(spec?.accessModes)}\n`)
  if (spec?.volumeMode) out.write(0, `VolumeMode:\t${spec.volumeMode}\n`)
  out.write(0, `Capacity:\t${canonicalQuantity(spec?.capacity?.['storage'] ?? '0')}\n`)
  describeAffinity(out, volume)
  out.write(0, `Message:\t${status?.message ?? ''}\n`)
  out.write(0, 'Source:\n')
  describePersistentSource(out, volume)
  describeEvents(out, events, around.now)
  return out.toString()
}

function describeAffinity(out: Description, { spec }: PersistentVolume): void {
  const required = spec?.nodeAffinity?.required
  if (!required) return out.write(0, 'Node Affinity:\t<none>\n')
  out.write(0, 'Node Affinity:\t\n')
  const terms = required.nodeSelectorTerms ?? []
  out.write(1, `Required Terms:\t${terms.length === 0 ? '<none>' : ''}\n`)
  terms.forEach(({ matchExpressions = [] }, index) => {
    out.write(2, `Term ${index}:\t`)
    if (matchExpressions.length === 0) out.line('<none>')
    matchExpressions.forEach(({ key, operator, values = [] }, position) => {
      if (position > 0) out.write(2, '\t')
      out.write(0, `${key} ${operator.toLowerCase()}${values.length > 0 ? ` [${values.join(', ')}]` : ''}\n`)
    })
  })
}

export async function describeStorageClass(storageClass: StorageClass, around: Surroundings): Promise<string> {
  const { metadata } = storageClass
  const events = await eventsOf(storageClass, around)
  const isDefault = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'].some((name) => metadata.annotations?.[name] === 'true')
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `IsDefaultClass:\t${isDefault ? 'Yes' : 'No'}\n`)
  out.write(0, `Annotations:\t${labelLine(metadata.annotations)}\n`)
  out.write(0, `Provisioner:\t${storageClass.provisioner}\n`)
  out.write(0, `Parameters:\t${labelLine(storageClass.parameters)}\n`)
  out.write(0, `AllowVolumeExpansion:\t${truthText(storageClass.allowVolumeExpansion)}\n`)
  const options = storageClass.mountOptions ?? []
  out.write(0, options.length === 0 ? 'MountOptions:\t<none>\n' : 'MountOptions:\n')
  for (const option of options) out.write(1, `${option}\n`)
  if (storageClass.reclaimPolicy) out.write(0, `ReclaimPolicy:\t${storageClass.reclaimPolicy}\n`)
  if (storageClass.volumeBindingMode) out.write(0, `VolumeBindingMode:\t${storageClass.volumeBindingMode}\n`)
  if (storageClass.allowedTopologies) {
    const terms = storageClass.allowedTopologies
    out.write(0, `AllowedTopologies:\t${terms.length === 0 ? '<none>' : ''}\n`)
    terms.forEach(({ matchLabelExpressions = [] }, index) => {
      out.write(1, `Term ${index}:\t`)
      if (matchLabelExpressions.length === 0) out.line('<none>')
      matchLabelExpressions.forEach(({ key, values }, position) => {
        if (position > 0) out.write(1, '\t')
        out.write(0, `${key} in${values.length > 0 ? ` [${values.join(', ')}]` : ''}\n`)
      })
    })
  }
  describeEvents(out, events, around.now)
  return out.toString()
}
