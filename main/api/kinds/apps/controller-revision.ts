import type { ControllerRevision } from '../../generated/types.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath, fieldRequired, mustNotBeNegative } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { controllerOf } from '../../machinery/object.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, integerColumn, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'

export const controllerRevisionKind = defineKind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.ControllerRevision',
  storagePrefix: 'controllerrevisions',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    validate: validateRevision,
    validateUpdate(revision, old) {
      const errors = validateRevision(revision)
      if (!jsonEqual(revision.data, old.data)) errors.push(fieldInvalid('data', revision.data, fieldIsImmutable))
      return errors
    },
  },
  columns: [
    nameColumn(),
    column('Controller', 'Controller of the object', controllerText),
    integerColumn('Revision', ['io.k8s.api.apps.v1.ControllerRevision', 'revision'], (revision) => revision.revision),
    ageColumn(),
  ],
  health: (revision) => ({ mark: 'completed', sentence: `revision ${revision.revision} of ${controllerText(revision)}` }),
})

function validateRevision(revision: ControllerRevision): FieldError[] {
  const errors: FieldError[] = []
  if (revision.revision < 0) errors.push(fieldInvalid('revision', revision.revision, mustNotBeNegative))
  if (revision.data == null) errors.push(fieldRequired(fieldPath('data'), 'data is mandatory'))
  return errors
}

/** `daemonset.apps/kube-proxy`. */
function controllerText(revision: ControllerRevision): string {
  const owner = controllerOf(revision)
  if (!owner) return '<none>'
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.slice(0, owner.apiVersion.indexOf('/'))}` : ''
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}
