import type { PersistentVolumeClaim } from '../../../api/generated/types.ts'
import { listText } from '../../../api/machinery/go-text.ts'
import { canonicalQuantity } from '../../../api/machinery/quantity.ts'
import { storageClassOf } from './claim.ts'
import type { Description } from './description.ts'
import { describeLabels } from './labels.ts'

/** `Volume Claims:` of a StatefulSet. */
export function describeClaimTemplates(out: Description, templates: readonly PersistentVolumeClaim[] | undefined): void {
  if (!templates?.length) return out.write(0, 'Volume Claims:\t<none>\n')
  out.write(0, 'Volume Claims:\n')
  for (const template of templates) {
    const { metadata, spec } = template
    out.write(1, `Name:\t${metadata.name}\n`)
    out.write(1, `StorageClass:\t${storageClassOf(template)}\n`)
    describeLabels(out, 'Labels', metadata.labels, '  ')
    describeLabels(out, 'Annotations', metadata.annotations, '  ')
    const storage = spec?.resources?.requests?.['storage']
    out.write(1, `Capacity:\t${storage === undefined ? '<default>' : canonicalQuantity(storage)}\n`)
    out.write(1, `Access Modes:\t${listText(spec?.accessModes ?? [])}\n`)
  }
}
