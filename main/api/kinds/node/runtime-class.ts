import type { RuntimeClass } from '../../generated/types.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { validateLabels } from '../core/label-validation.ts'
import { resourceErrors } from '../core/resource-validation.ts'
import { validateTolerations } from '../core/toleration-validation.ts'
import { defineKind } from '../kind.ts'
import { deprecatedLabelMessage } from '../storage/node-label-warnings.ts'

const schema = 'io.k8s.api.node.v1.RuntimeClass'

export const runtimeClassKind = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  schema,
  storagePrefix: 'runtimeclasses',
  strategy: {
    validateName: isDns1123Subdomain,
    allowCreateOnUpdate: true,
    defaultPropagation: 'Background',
    validate: validateRuntimeClass,
    validateUpdate(runtimeClass, old) {
      const errors = validateRuntimeClass(runtimeClass)
      if (runtimeClass.handler !== old.handler) errors.push(fieldInvalid(fieldPath('handler'), runtimeClass.handler, fieldIsImmutable))
      return errors
    },
    warnings: ({ scheduling }) => Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
      const message = deprecatedLabelMessage(key)
      return message ? [`scheduling.nodeSelector: ${message}`] : []
    }),
  },
  columns: [nameColumn(), column('Handler', [schema, 'handler'], (runtimeClass) => runtimeClass.handler), ageColumn()],
  health: (runtimeClass) => ({ mark: 'running', sentence: `its pods run under ${runtimeClass.handler}` }),
})

function validateRuntimeClass(runtimeClass: RuntimeClass): FieldError[] {
  const { handler = '', overhead, scheduling } = runtimeClass
  const errors = isDns1123Label(handler).map((message) => fieldInvalid(fieldPath('handler'), handler, message))
  if (overhead?.podFixed) errors.push(...resourceErrors({ limits: overhead.podFixed }, fieldPath('overhead')))
  if (scheduling) {
    const at = fieldPath('scheduling')
    errors.push(...validateLabels(scheduling.nodeSelector, at.child('nodeSelector')), ...validateTolerations(scheduling.tolerations, at.child('tolerations')))
  }
  return errors
}
