/** The rules of a pod spec, in a pod or in a template. */
import type { PodSpec } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { inclusiveRangeError, isDns1123Label, isDns1123Subdomain, isQualifiedName } from '../../machinery/names.ts'
import { affinityErrors, spreadErrors } from './affinity-validation.ts'
import { containersErrors, ephemeralContainersErrors, initContainersErrors } from './container-validation.ts'
import type { PodFacts } from './container-validation.ts'
import { dnsErrors, hostAliasErrors } from './dns-validation.ts'
import { validateLabels } from './label-validation.ts'
import { podSecurityErrors } from './security-context-validation.ts'
import { validateTolerations } from './toleration-validation.ts'
import { volumesErrors } from './volume-validation.ts'

const restartPolicies = ['Always', 'OnFailure', 'Never']
const int32Max = 2147483647

/** `extraVolumes`: names that may be mounted although the spec does not list them (claims of a StatefulSet). */
export function validatePodSpec(spec: PodSpec, at: FieldPath, extraVolumes?: ReadonlySet<string>): FieldError[] {
  const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name))
  if (extraVolumes) for (const name of extraVolumes) volumes.add(name)
  const facts: PodFacts = { volumes, gracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30, hostUsers: spec.hostUsers ?? true }
  return [
    ...volumesErrors(spec.volumes, at.child('volumes')),
    ...containersErrors(spec.containers, facts, at.child('containers')),
    ...initContainersErrors(spec.initContainers, spec.containers, facts, at.child('initContainers')),
    ...ephemeralContainersErrors(spec, facts, at.child('ephemeralContainers')),
    ...restartPolicyErrors(spec, at.child('restartPolicy')),
    ...dnsErrors(spec, at),
    ...validateLabels(spec.nodeSelector, at.child('nodeSelector')),
    ...podSecurityErrors(spec, spec.securityContext, at.child('securityContext')),
    ...hostNetworkErrors(spec, at),
    ...affinityErrors(spec.affinity, at.child('affinity')),
    ...gateErrors(spec, at),
    ...spreadErrors(spec.topologySpreadConstraints, at.child('topologySpreadConstraints')),
    ...nameErrors(spec, at),
    ...validateTolerations(spec.tolerations, at.child('tolerations')),
    ...hostAliasErrors(spec.hostAliases, at.child('hostAliases')),
    ...otherErrors(spec, at),
  ]
}

function restartPolicyErrors(spec: PodSpec, at: FieldPath): FieldError[] {
  if (!spec.restartPolicy) return [fieldRequired(at)]
  return restartPolicies.includes(spec.restartPolicy) ? [] : [fieldNotSupported(at, spec.restartPolicy, restartPolicies)]
}

/** On the node's network a container's port is the node's. */
function hostNetworkErrors(spec: PodSpec, at: FieldPath): FieldError[] {
  if (!spec.hostNetwork) return []
  return (spec.containers ?? []).flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, i) =>
      port.hostPort === port.containerPort ? [] : [fieldInvalid(at.child('containers').index(index).child('ports').index(i).child('hostPort'), port.hostPort ?? 0, 'must match `containerPort` when `hostNetwork` is true')],
    ),
  )
}

function gateErrors(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, gate] of (spec.readinessGates ?? []).entries()) {
    for (const message of isQualifiedName(gate.conditionType)) errors.push(fieldInvalid(at.child('readinessGates').index(index).child('conditionType'), gate.conditionType, message))
  }
  const seen = new Set<string>()
  for (const [index, gate] of (spec.schedulingGates ?? []).entries()) {
    const path = at.child('schedulingGates').index(index)
    for (const message of isQualifiedName(gate.name)) errors.push(fieldInvalid(path.child('name'), gate.name, message))
    if (seen.has(gate.name)) errors.push(fieldDuplicate(path, gate.name))
    seen.add(gate.name)
  }
  return errors
}

function nameErrors(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const check = (field: 'serviceAccountName' | 'nodeName' | 'hostname' | 'subdomain' | 'priorityClassName' | 'runtimeClassName', rule: (name: string) => string[]): void => {
    const name = spec[field]
    if (name) for (const message of rule(name)) errors.push(fieldInvalid(at.child(field), name, message))
  }
  check('serviceAccountName', isDns1123Subdomain)
  check('nodeName', isDns1123Subdomain)
  check('hostname', isDns1123Label)
  check('subdomain', isDns1123Label)
  check('priorityClassName', isDns1123Subdomain)
  check('runtimeClassName', isDns1123Subdomain)
  return errors
}

function otherErrors(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && (deadline < 1 || deadline > int32Max)) errors.push(fieldInvalid(at.child('activeDeadlineSeconds'), deadline, inclusiveRangeError(1, int32Max)))
  const preemption = spec.preemptionPolicy
  if (preemption !== undefined && preemption !== 'PreemptLowerPriority' && preemption !== 'Never') errors.push(fieldNotSupported(at.child('preemptionPolicy'), preemption, ['Never', 'PreemptLowerPriority']))
  if (spec.os && spec.os.name !== 'linux' && spec.os.name !== 'windows') errors.push(spec.os.name ? fieldNotSupported(at.child('os'), spec.os.name, ['linux', 'windows']) : fieldRequired(at.child('os', 'name'), 'cannot be empty'))
  return errors
}
