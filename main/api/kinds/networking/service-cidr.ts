import type { ServiceCIDR } from '../../generated/types.ts'
import { conditionOf } from '../../machinery/conditions.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { canonicalCidrErrors, parseCidr } from './ip-ranges.ts'

const at = fieldPath('spec', 'cidrs')

function validateServiceCidr({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec?.cidrs ?? []
  if (cidrs.length === 0) return [fieldRequired(at, 'at least one CIDR required')]
  if (cidrs.length > 2) return [fieldInvalid(at, { CIDRs: cidrs }, 'may only hold up to 2 values')]
  const errors = cidrs.flatMap((text, index) => canonicalCidrErrors(text, at.index(index)))
  const [first, second] = cidrs.map(parseCidr)
  if (first && second && first.bits === second.bits) errors.push(fieldInvalid(at, cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'))
  return errors
}

/** A range stays as it is, but one of a single family may get the other. */
function validateServiceCidrUpdate(range: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const is = range.spec?.cidrs ?? []
  const was = old.spec?.cidrs ?? []
  if (is.length === was.length) return is.flatMap((cidr, index) => (cidr === was[index] ? [] : [fieldInvalid(at.index(index), cidr, fieldIsImmutable)]))
  if (was.length !== 1 || is.length !== 2) return [fieldInvalid(at, is, fieldIsImmutable)]
  return [...(is[0] === was[0] ? [] : [fieldInvalid(at.index(0), is[0], fieldIsImmutable)]), ...validateServiceCidr(range)]
}

export const serviceCIDRKind = defineKind<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  schema: 'io.k8s.api.networking.v1.ServiceCIDR',
  storagePrefix: 'servicecidrs',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    prepareForCreate(range) {
      range.status = {}
    },
    prepareForUpdate: keepStatus,
    validate: validateServiceCidr,
    validateUpdate: validateServiceCidrUpdate,
  },
  subresources: [statusSubresource(() => [])],
  columns: [nameColumn(), column('CIDRs', ['io.k8s.api.networking.v1.ServiceCIDRSpec', 'cidrs'], ({ spec }) => (spec?.cidrs ?? []).join(',')), ageColumn()],
  health({ spec, status }) {
    const ready = conditionOf(status?.conditions, 'Ready')
    if (ready?.status === 'True') return { mark: 'running', sentence: `addresses come from ${(spec?.cidrs ?? []).join(' and ')}` }
    return { mark: ready ? 'failed' : 'pending', sentence: ready?.message || 'it is not ready yet' }
  },
})
