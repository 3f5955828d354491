import type { PriorityClass } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldIsImmutable, fieldNotSupported, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, integerColumn, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'

/** The highest value that users may give. */
export const userPriorityMax = 1_000_000_000

/** The classes that every cluster has. */
export const systemPriorityClasses = [
  { name: 'system-node-critical', value: 2_000_001_000, description: 'Used for system critical pods that must not be moved from their current node.' },
  { name: 'system-cluster-critical', value: 2_000_000_000, description: 'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.' },
] as const

const schema = 'io.k8s.api.scheduling.v1.PriorityClass'

export const priorityClassKind = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  schema,
  storagePrefix: 'priorityclasses',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    // Upstream gives it a generation and never another.
    generationOf: () => undefined,
    defaults(priority) {
      priority.value ??= 0
      priority.preemptionPolicy ??= 'PreemptLowerPriority'
    },
    validate: validatePriorityClass,
    validateUpdate(priority, old) {
      const errors: FieldError[] = []
      if (priority.value !== old.value) errors.push(fieldForbidden(fieldPath('value'), 'may not be changed in an update.'))
      if (priority.preemptionPolicy !== old.preemptionPolicy) errors.push(fieldInvalid(fieldPath('preemptionPolicy'), priority.preemptionPolicy, fieldIsImmutable))
      return errors
    },
  },
  columns: [
    nameColumn(),
    integerColumn('Value', [schema, 'value'], (priority) => priority.value ?? 0),
    column('Global-Default', [schema, 'globalDefault'], (priority) => priority.globalDefault ?? false, { type: 'boolean' }),
    ageColumn(),
    column('PreemptionPolicy', [schema, 'preemptionPolicy'], (priority) => priority.preemptionPolicy ?? ''),
  ],
  health: (priority) => ({ mark: 'running', sentence: `pods of it have priority ${priority.value ?? 0}` }),
})

function validatePriorityClass(priority: PriorityClass): FieldError[] {
  const errors: FieldError[] = []
  const name = priority.metadata.name ?? ''
  if (name.startsWith('system-')) {
    const known = systemPriorityClasses.find((system) => system.name === name)
    const reserved = (error: string): FieldError => fieldForbidden(fieldPath('metadata', 'name'), `priority class names with 'system-' prefix are reserved for system use only. error: ${error}`)
    if (!known) errors.push(reserved(`${name} is not a known system priority class`))
    else if (known.value !== priority.value) errors.push(reserved(`value of ${name} PriorityClass must be ${known.value}`))
    else if (priority.globalDefault) errors.push(reserved(`globalDefault of ${name} PriorityClass must be false`))
  } else if ((priority.value ?? 0) > userPriorityMax) {
    errors.push(fieldForbidden(fieldPath('value'), `maximum allowed value of a user defined priority is ${userPriorityMax}`))
  }
  const policy = priority.preemptionPolicy ?? ''
  if (policy !== 'PreemptLowerPriority' && policy !== 'Never') errors.push(fieldNotSupported(fieldPath('preemptionPolicy'), policy, ['Never', 'PreemptLowerPriority']))
  return errors
}
