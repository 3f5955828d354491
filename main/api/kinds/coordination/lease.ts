import type { Lease } from '../../generated/types.ts'
import { fieldInvalid, fieldPath, mustNotBeNegative } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { parseTime } from '../../machinery/time.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'

function validateLease(lease: Lease): FieldError[] {
  const errors: FieldError[] = []
  const at = fieldPath('spec')
  const spec = lease.spec
  if (spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0) errors.push(fieldInvalid(at.child('leaseDurationSeconds'), spec.leaseDurationSeconds, 'must be greater than 0'))
  if (spec?.leaseTransitions !== undefined && spec.leaseTransitions < 0) errors.push(fieldInvalid(at.child('leaseTransitions'), spec.leaseTransitions, mustNotBeNegative))
  return errors
}

/** The fields of coordinated leader election, which is off in a cluster as kubeadm makes it. May change `lease`. */
function dropElection({ spec }: Lease): void {
  delete spec?.strategy
  delete spec?.preferredHolder
}

export const leaseKind = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  schema: 'io.k8s.api.coordination.v1.Lease',
  storagePrefix: 'leases',
  strategy: {
    validateName: isDns1123Subdomain,
    allowCreateOnUpdate: true,
    defaultPropagation: 'Background',
    defaults(lease) {
      lease.spec ??= {}
    },
    prepareForCreate: dropElection,
    prepareForUpdate(lease, old) {
      if (old.spec?.strategy === undefined && old.spec?.preferredHolder === undefined) dropElection(lease)
    },
    validate: validateLease,
    validateUpdate: validateLease,
  },
  columns: [
    nameColumn(),
    column('Holder', ['io.k8s.api.coordination.v1.LeaseSpec', 'holderIdentity'], (lease) => lease.spec?.holderIdentity ?? ''),
    ageColumn(),
  ],
  health(lease, now) {
    const holder = lease.spec?.holderIdentity
    if (!holder) return { mark: 'pending', sentence: 'nobody holds it' }
    const renewed = parseTime(lease.spec?.renewTime)
    const expired = renewed !== undefined && now - renewed > (lease.spec?.leaseDurationSeconds ?? 0) * 1000
    return expired ? { mark: 'failed', sentence: `${holder} has let it expire` } : { mark: 'running', sentence: `held by ${holder}` }
  },
  relations: (lease) => (lease.metadata.namespace === 'kube-node-lease' ? [{ role: 'node', group: '', kind: 'Node', name: lease.metadata.name }] : []),
})
