import type { Node } from '../../generated/types.ts'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldPath } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { quantityError, quantityValue } from '../../machinery/quantity.ts'
import { isCidr } from './ip-validation.ts'
import { validateTaints } from './toleration-validation.ts'

export function validateNode(node: Node): FieldError[] {
  const spec = fieldPath('spec')
  const errors = validateTaints(node.spec?.taints, spec.child('taints'))
  errors.push(...capacityErrors(node))
  errors.push(...podCidrErrors(node))
  const addresses = new Set<string>()
  for (const [index, address] of (node.status?.addresses ?? []).entries()) {
    const key = `${address.type}/${address.address}`
    if (addresses.has(key)) errors.push(fieldDuplicate(fieldPath('status', 'addresses').index(index), address))
    addresses.add(key)
  }
  return errors
}

function capacityErrors(node: Node): FieldError[] {
  const errors: FieldError[] = []
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [name, amount] of Object.entries(node.status?.[list] ?? {})) {
      const at = fieldPath('status', list).key(name)
      const wrong = quantityError(amount)
      if (wrong !== undefined) errors.push(fieldInvalid(at, amount, wrong))
      else if (quantityValue(amount) < 0) errors.push(fieldInvalid(at, amount, 'must be greater than or equal to 0'))
    }
  }
  return errors
}

function podCidrErrors(node: Node): FieldError[] {
  const at = fieldPath('spec', 'podCIDRs')
  const cidrs = node.spec?.podCIDRs ?? []
  const errors = cidrs.flatMap((cidr, index) => isCidr(cidr).map((message) => fieldInvalid(at.index(index), cidr, message)))
  if (cidrs.length > 2) errors.push(fieldInvalid(at, cidrs, 'may specify no more than one CIDR for each IP family'))
  return errors
}

/** What of a node's spec may change: labels, taints, unschedulable; the pod ranges and the provider's id only once. */
export function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const errors = validateNode(node)
  const oldCidrs = old.spec?.podCIDRs ?? []
  const cidrs = node.spec?.podCIDRs ?? []
  if (oldCidrs.length > 0 && (oldCidrs.length !== cidrs.length || oldCidrs.some((cidr, index) => cidr !== cidrs[index]))) {
    errors.push(fieldForbidden(fieldPath('spec', 'podCIDRs'), 'node updates may not change podCIDR except from "" to valid'))
  }
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    errors.push(fieldForbidden(fieldPath('spec', 'providerID'), 'node updates may not change providerID except from "" to valid'))
  }
  if (old.spec?.configSource === undefined && node.spec?.configSource !== undefined) errors.push(fieldForbidden(fieldPath('spec', 'configSource'), 'configSource may not be set'))
  if ((old.spec?.externalID ?? '') !== (node.spec?.externalID ?? '')) errors.push(fieldForbidden(fieldPath('spec', 'externalID'), 'may not be updated'))
  return errors
}
