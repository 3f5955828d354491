import type { PersistentVolumeClaim } from '../../generated/types.ts'
import { maxResourceLists } from '../../machinery/quantity.ts'
import type { ResourceList } from '../../machinery/quantity.ts'
import type { QuotaEvaluator } from './evaluator.ts'
import { claimMatchesScope } from './scopes.ts'

const classInfix = '.storageclass.storage.k8s.io/'
const oldClassAnnotation = 'volume.beta.kubernetes.io/storage-class'
const plain: ReadonlySet<string> = new Set(['count/persistentvolumeclaims', 'persistentvolumeclaims', 'requests.storage'])

/** Claims: how many there are and the storage that they ask for, in all and of each storage class. */
export const claimEvaluator: QuotaEvaluator = {
  handles: (operation, subresource) => (operation === 'CREATE' || operation === 'UPDATE') && subresource === '',
  matching: (names) => names.filter((name) => plain.has(name) || name.endsWith(`${classInfix}requests.storage`) || name.endsWith(`${classInfix}persistentvolumeclaims`)),
  inScope: (object, scope) => claimMatchesScope(object as PersistentVolumeClaim, scope),
  usage(object) {
    const { metadata, spec, status } = object as PersistentVolumeClaim
    const storageClass = metadata.annotations?.[oldClassAnnotation] ?? spec?.storageClassName ?? ''
    // A claim that is being expanded counts with what it was given already.
    const storage = maxResourceLists(spec?.resources?.requests, status?.allocatedResources)['storage']
    const usage: ResourceList = { 'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1' }
    if (storage !== undefined) usage['requests.storage'] = storage
    if (storageClass === '') return usage
    usage[`${storageClass}${classInfix}persistentvolumeclaims`] = '1'
    if (storage !== undefined) usage[`${storageClass}${classInfix}requests.storage`] = storage
    return usage
  },
}
