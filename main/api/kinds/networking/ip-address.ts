import type { IPAddress, ParentReference } from '../../generated/types.ts'
import { jsonEqual } from '../../machinery/equality.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../machinery/names.ts'
import { column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { canonicalIpErrors } from './ip-ranges.ts'

const at = fieldPath('spec', 'parentRef')

function parentErrors(parent: ParentReference | undefined): FieldError[] {
  if (!parent) return [fieldRequired(at)]
  const errors: FieldError[] = []
  if (parent.group) errors.push(...isDns1123Subdomain(parent.group).map((message) => fieldInvalid(at.child('group'), parent.group, message)))
  for (const field of ['resource', 'name', 'namespace'] as const) {
    const value = parent[field]
    if (value) errors.push(...isPathSegmentName(value).map((message) => fieldInvalid(at.child(field), value, message)))
    else if (field !== 'namespace') errors.push(fieldRequired(at.child(field)))
  }
  return errors
}

function parentText({ spec }: IPAddress): string {
  const parent = spec?.parentRef
  if (!parent) return '<none>'
  const { group = '', resource = '', namespace = '', name = '' } = parent
  return [(group ? `${resource}.${group}` : resource).toLowerCase(), ...(namespace ? [namespace] : []), name].join('/')
}

export const ipAddressKind = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.IPAddress',
  storagePrefix: 'ipaddresses',
  strategy: {
    validateName: canonicalIpErrors,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    validate: ({ spec }) => parentErrors(spec?.parentRef),
    validateUpdate: ({ spec }, old) => (jsonEqual(spec?.parentRef, old.spec?.parentRef) ? [] : [fieldInvalid(at, spec?.parentRef, fieldIsImmutable)]),
  },
  columns: [nameColumn(), column('ParentRef', 'The resource that the address is attached to.', parentText)],
  health: (address) => ({ mark: 'running', sentence: `belongs to ${parentText(address)}` }),
  relations({ spec }) {
    const parent = spec?.parentRef
    if (!parent || parent.group || parent.resource !== 'services') return []
    return [{ role: 'service', group: '', kind: 'Service', name: parent.name, ...(parent.namespace ? { namespace: parent.namespace } : {}) }]
  },
})
