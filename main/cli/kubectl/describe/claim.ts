import type { PersistentVolumeClaim } from '../../../api/generated/types.ts'
import { canonicalQuantity } from '../../../api/machinery/quantity.ts'
import type { Description } from './description.ts'
import { describeAnnotations, describeLabels } from './labels.ts'

/** What claims and templates of claims have in common. A template's lines are indented by `level`. */
export function describeClaim(out: Description, claim: Pick<PersistentVolumeClaim, 'spec' | 'status'> & { readonly metadata?: Partial<PersistentVolumeClaim['metadata']> }, level = 0, head?: () => void): void {
  const { metadata = {}, spec, status } = claim
  out.write(level, `StorageClass:\t${storageClassOf(claim)}\n`)
  head?.()
  out.write(level, `Volume:\t${spec?.volumeName ?? ''}\n`)
  // Upstream's nested writer indents each piece that it is given; titles and values are pieces of their own.
  if (level === 0) {
    describeLabels(out, 'Labels', metadata.labels)
    describeAnnotations(out, 'Annotations', metadata.annotations)
    if (head) out.write(level, `Finalizers:\t[${(metadata.finalizers ?? []).join(' ')}]\n`)
  } else {
    const indent = '  '.repeat(level)
    for (const [title, values, separator] of [['Labels', metadata.labels, '='], ['Annotations', metadata.annotations, ': ']] as const) {
      const keys = Object.keys(values ?? {}).sort()
      if (keys.length === 0) out.write(level, `${title}:\t${indent}<none>\n`)
      keys.forEach((key, index) => out.write(level, `${index === 0 ? `${title}:\t` : `${separator === '=' ? indent : ''}\t`}${indent}${key}${separator}${values![key]}\n`))
    }
  }
  const bound = Boolean(spec?.volumeName)
  out.write(level, `Capacity:\t${bound ? canonicalQuantity(status?.capacity?.['storage'] ?? '0') : ''}\n`)
  out.write(level, `Access Modes:\t${bound ? accessModesText(status?.accessModes) : ''}\n`)
  if (spec?.volumeMode) out.write(level, `VolumeMode:\t${spec.volumeMode}\n`)
  if (!spec?.dataSource) return
  out.write(level, 'DataSource:\n')
  if (spec.dataSource.apiGroup) out.write(level + 1, `APIGroup:\t${spec.dataSource.apiGroup}\n`)
  out.write(level + 1, `Kind:\t${spec.dataSource.kind}\n`)
  out.write(level + 1, `Name:\t${spec.dataSource.name}\n`)
}

export function storageClassOf({ metadata, spec }: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }; readonly spec?: { readonly storageClassName?: string } }): string {
  return metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? ''
}

/** `RWO,ROX`: each mode once, in upstream's order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  const short: Readonly<Record<string, string>> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' }
  return Object.keys(short).filter((mode) => modes?.includes(mode)).map((mode) => short[mode]).join(',')
}
