/** Containers of all sorts: app, init, ephemeral. */
import type { Container, EphemeralContainer, PodSpec } from '../../generated/types.ts'
import { fieldDuplicate, fieldForbidden, fieldInvalid, fieldNotFound, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Label } from '../../machinery/names.ts'
import { envErrors, envFromErrors } from './env-validation.ts'
import { deviceErrors, mountErrors } from './mount-validation.ts'
import { containerPortErrors, hostPortErrors } from './port-validation.ts'
import { lifecycleErrors } from './probe-validation.ts'
import { resourceErrors } from './resource-validation.ts'
import { securityContextErrors } from './security-context-validation.ts'

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const messagePolicies = ['FallbackToLogsOnError', 'File']
const restartPolicies = ['Always', 'OnFailure', 'Never']

/** What a container's check needs to know of its pod. */
export interface PodFacts {
  readonly volumes: ReadonlySet<string>
  readonly gracePeriodSeconds: number
  readonly hostUsers: boolean
}

function commonErrors(container: Container | EphemeralContainer, facts: PodFacts, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!container.name) errors.push(fieldRequired(at.child('name')))
  else for (const message of isDns1123Label(container.name)) errors.push(fieldInvalid(at.child('name'), container.name, message))
  if (!container.image) errors.push(fieldRequired(at.child('image')))
  oneOf(container.terminationMessagePolicy, messagePolicies, at.child('terminationMessagePolicy'), errors)
  append(errors, containerPortErrors(container.ports, at.child('ports')))
  append(errors, envErrors(container.env, at.child('env')))
  append(errors, envFromErrors(container.envFrom, at.child('envFrom')))
  append(errors, mountErrors(container, facts.volumes, at.child('volumeMounts')))
  append(errors, deviceErrors(container.volumeDevices, facts.volumes, at.child('volumeDevices')))
  oneOf(container.imagePullPolicy, pullPolicies, at.child('imagePullPolicy'), errors)
  append(errors, resourceErrors(container.resources, at.child('resources')))
  append(errors, securityContextErrors(container.securityContext, at.child('securityContext'), facts.hostUsers))
  return errors
}

function append(errors: FieldError[], more: readonly FieldError[]): void {
  if (more.length > 0) errors.push(...more)
}

function oneOf(value: string | undefined, allowed: readonly string[], at: FieldPath, errors: FieldError[]): void {
  if (!value) errors.push(fieldRequired(at))
  else if (!allowed.includes(value)) errors.push(fieldNotSupported(at, value, allowed))
}

export function containersErrors(containers: readonly Container[] | undefined, facts: PodFacts, path: FieldPath): FieldError[] {
  if (!containers?.length) return [fieldRequired(path)]
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, container] of containers.entries()) {
    const at = path.index(index)
    append(errors, commonErrors(container, facts, at))
    if (names.has(container.name)) errors.push(fieldDuplicate(at.child('name'), container.name))
    names.add(container.name)
    append(errors, lifecycleErrors(container, facts.gracePeriodSeconds, at))
    if (container.restartPolicy !== undefined && !restartPolicies.includes(container.restartPolicy)) errors.push(fieldNotSupported(at.child('restartPolicy'), container.restartPolicy, restartPolicies))
  }
  append(errors, hostPortErrors(containers, path))
  return errors
}

const appOnly = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const

/** Init containers; those that restart always are sidecars and may have probes. */
export function initContainersErrors(containers: readonly Container[] | undefined, regular: readonly Container[] | undefined, facts: PodFacts, path: FieldPath): FieldError[] {
  if (!containers) return []
  const errors: FieldError[] = []
  const names = new Set((regular ?? []).map((container) => container.name))
  for (const [index, container] of containers.entries()) {
    const at = path.index(index)
    append(errors, commonErrors(container, facts, at))
    if (names.has(container.name)) errors.push(fieldDuplicate(at.child('name'), container.name))
    names.add(container.name)
    if (container.restartPolicy !== undefined && !restartPolicies.includes(container.restartPolicy)) errors.push(fieldNotSupported(at.child('restartPolicy'), container.restartPolicy, restartPolicies))
    if (container.restartPolicy === 'Always') append(errors, lifecycleErrors(container, facts.gracePeriodSeconds, at))
    else for (const field of appOnly) if (container[field] !== undefined) errors.push(fieldForbidden(at.child(field), "may not be set for init containers without restartPolicy=Always"))
    if (container.ports) append(errors, hostPortErrors([container], path))
  }
  return errors
}

const notEphemeral = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'resizePolicy', 'restartPolicy'] as const

/** Ephemeral containers: without ports, probes, hooks or resources, under names of their own. */
export function ephemeralContainersErrors(spec: PodSpec, facts: PodFacts, path: FieldPath): FieldError[] {
  if (!spec.ephemeralContainers?.length) return []
  const errors: FieldError[] = []
  const own = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.name))
  const names = new Set(own)
  for (const [index, container] of spec.ephemeralContainers.entries()) {
    const at = path.index(index)
    append(errors, commonErrors(container, facts, at))
    if (names.has(container.name)) errors.push(fieldDuplicate(at.child('name'), container.name))
    names.add(container.name)
    if (container.targetContainerName && !own.has(container.targetContainerName)) errors.push(fieldNotFound(at.child('targetContainerName'), container.targetContainerName))
    for (const field of notEphemeral) {
      const value = container[field]
      if (value !== undefined && !(Array.isArray(value) && value.length === 0)) errors.push(fieldForbidden(at.child(field), 'cannot be set for an Ephemeral Container'))
    }
    if (container.resources && Object.keys(container.resources).length > 0) errors.push(fieldForbidden(at.child('resources'), 'cannot be set for an Ephemeral Container'))
    for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
      if (mount.subPath) errors.push(fieldForbidden(at.child('volumeMounts').index(i).child('subPath'), 'cannot be set for an Ephemeral Container'))
      if (mount.subPathExpr) errors.push(fieldForbidden(at.child('volumeMounts').index(i).child('subPathExpr'), 'cannot be set for an Ephemeral Container'))
    }
  }
  return errors
}
