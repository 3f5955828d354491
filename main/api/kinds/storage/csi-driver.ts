import type { CSIDriver, CSIDriverSpec } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { fieldDuplicate, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'

const spec = 'io.k8s.api.storage.v1.CSIDriverSpec'
const specPath = fieldPath('spec')
const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType']
const lifecycleModes = ['Persistent', 'Ephemeral']
const boolean = { type: 'boolean' } as const

export const csiDriverKind = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
  schema: 'io.k8s.api.storage.v1.CSIDriver',
  storagePrefix: 'csidrivers',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    returnsDeleted: true,
    defaults({ spec: it }) {
      it.attachRequired ??= true
      it.podInfoOnMount ??= false
      it.storageCapacity ??= false
      it.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
      if (!it.volumeLifecycleModes?.length) it.volumeLifecycleModes = ['Persistent']
      it.requiresRepublish ??= false
      it.seLinuxMount ??= false
    },
    prepareForUpdate(driver, old) {
      // Upstream counts changes from none, not from one, so `generationOf` would not do.
      if (!semanticEqual(driver.spec, old.spec)) driver.metadata.generation = (old.metadata.generation ?? 0) + 1
    },
    validate: validateCsiDriver,
    validateUpdate(driver, old) {
      const errors = validateCsiDriver(driver)
      if (driver.spec.attachRequired !== old.spec.attachRequired) errors.push(fieldInvalid(specPath.child('attachedRequired'), driver.spec.attachRequired, fieldIsImmutable))
      if (!semanticEqual(driver.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes)) errors.push(fieldInvalid(specPath.child('volumeLifecycleModes'), driver.spec.volumeLifecycleModes, fieldIsImmutable))
      return errors
    },
  },
  columns: [
    nameColumn(),
    column('AttachRequired', [spec, 'attachRequired'], (driver) => driver.spec.attachRequired ?? true, boolean),
    column('PodInfoOnMount', [spec, 'podInfoOnMount'], (driver) => driver.spec.podInfoOnMount ?? false, boolean),
    column('StorageCapacity', [spec, 'storageCapacity'], (driver) => driver.spec.storageCapacity ?? false, boolean),
    column('TokenRequests', [spec, 'tokenRequests'], (driver) => driver.spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>'),
    column('RequiresRepublish', [spec, 'requiresRepublish'], (driver) => driver.spec.requiresRepublish ?? false, boolean),
    column('Modes', [spec, 'volumeLifecycleModes'], (driver) => driver.spec.volumeLifecycleModes?.join(',') || '<none>'),
    ageColumn(),
  ],
  health: (driver) => ({ mark: 'running', sentence: `it mounts ${(driver.spec.volumeLifecycleModes ?? []).join(' and ').toLowerCase() || 'no'} volumes` }),
})

function validateCsiDriver({ spec: it }: CSIDriver): FieldError[] {
  const errors: FieldError[] = []
  const required = { attachRequired: 'attachedRequired', podInfoOnMount: 'podInfoOnMount', storageCapacity: 'storageCapacity' } as const
  for (const field of Object.keys(required) as (keyof typeof required)[]) if (it[field] === undefined) errors.push(fieldRequired(specPath.child(required[field])))
  if (it.fsGroupPolicy !== undefined && !groupPolicies.includes(it.fsGroupPolicy)) errors.push(fieldNotSupported(specPath.child('fsGroupPolicy'), it.fsGroupPolicy, groupPolicies))
  errors.push(...tokenRequestErrors(it))
  for (const mode of it.volumeLifecycleModes ?? []) if (!lifecycleModes.includes(mode)) errors.push(fieldNotSupported(specPath.child('volumeLifecycleModes'), mode, lifecycleModes))
  if (it.seLinuxMount === undefined) errors.push(fieldRequired(specPath.child('seLinuxMount')))
  const period = it.nodeAllocatableUpdatePeriodSeconds
  if (period !== undefined && period < 10) errors.push(fieldInvalid(specPath.child('nodeAllocatableUpdatePeriodSeconds'), period, 'must be greater than or equal to 10 seconds'))
  return errors
}

/** One request per audience, each for a time that tokens may have. */
function tokenRequestErrors({ tokenRequests }: CSIDriverSpec): FieldError[] {
  const audiences = new Set<string>()
  return (tokenRequests ?? []).flatMap(({ audience = '', expirationSeconds }, index) => {
    const at = specPath.child('tokenRequests').index(index)
    if (audiences.has(audience)) return [fieldDuplicate(at.child('audience'), audience)]
    audiences.add(audience)
    if (expirationSeconds === undefined) return []
    if (expirationSeconds < 600) return [fieldInvalid(at.child('expirationSeconds'), expirationSeconds, 'may not specify a duration less than 10 minutes')]
    return expirationSeconds > 2 ** 32 ? [fieldInvalid(at.child('expirationSeconds'), expirationSeconds, 'may not specify a duration larger than 2^32 seconds')] : []
  })
}
