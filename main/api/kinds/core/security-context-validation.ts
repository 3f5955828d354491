import type { AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext } from '../../generated/types.ts'
import { fieldDuplicate, fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'

const idMax = 2147483647

function idErrors(id: number | undefined, at: FieldPath): FieldError[] {
  return id === undefined || (id >= 0 && id <= idMax) ? [] : [fieldInvalid(at, id, `must be between 0 and ${idMax}, inclusive`)]
}

/** A container's security context. */
export function securityContextErrors(context: SecurityContext | undefined, at: FieldPath, hostUsers: boolean): FieldError[] {
  if (!context) return []
  const errors = [...idErrors(context.runAsUser, at.child('runAsUser')), ...idErrors(context.runAsGroup, at.child('runAsGroup'))]
  if (context.procMount) {
    if (context.procMount !== 'Default' && context.procMount !== 'Unmasked') errors.push(fieldNotSupported(at.child('procMount'), context.procMount, ['Default', 'Unmasked']))
    else if (context.procMount === 'Unmasked' && hostUsers) errors.push(fieldInvalid(at.child('procMount'), context.procMount, '`hostUsers` must be false to use `Unmasked`'))
  }
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) errors.push(fieldInvalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) errors.push(fieldInvalid(at, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'))
  }
  return [...errors, ...profileErrors(context.seccompProfile, 'seccomp', 'seccompProfile', at), ...profileErrors(context.appArmorProfile, 'AppArmor', 'appArmorProfile', at)]
}

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined']

function profileErrors(profile: SeccompProfile | AppArmorProfile | undefined, noun: string, field: string, parent: FieldPath): FieldError[] {
  if (!profile) return []
  const at = parent.child(field)
  if (!profile.type) return [fieldRequired(at.child('type'), `type is required when ${field} is set`)]
  if (!profileTypes.includes(profile.type)) return [fieldNotSupported(at.child('type'), profile.type, profileTypes)]
  const local = profile.localhostProfile
  if (profile.type === 'Localhost') return local ? [] : [fieldRequired(at.child('localhostProfile'), `must be set when ${noun} type is Localhost`)]
  return local === undefined ? [] : [fieldInvalid(at.child('localhostProfile'), local, `can only be set when ${noun} type is Localhost`)]
}

const sysctlPattern = /^[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?(?:[./][a-z0-9](?:[-_a-z0-9]*[a-z0-9])?)*$/

/** A pod's security context, and what of the spec it goes with. */
export function podSecurityErrors(spec: PodSpec, context: PodSecurityContext | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (spec.shareProcessNamespace && spec.hostPID) errors.push(fieldInvalid(at.child('shareProcessNamespace'), true, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  if (!context) return errors
  for (const field of ['fsGroup', 'runAsUser', 'runAsGroup'] as const) errors.push(...idErrors(context[field], at.child(field)))
  for (const [index, group] of (context.supplementalGroups ?? []).entries()) errors.push(...idErrors(group, at.child('supplementalGroups').index(index)))
  const names = new Set<string>()
  for (const [index, sysctl] of (context.sysctls ?? []).entries()) {
    const path = at.child('sysctls').index(index).child('name')
    if (!sysctl.name) errors.push(fieldRequired(path))
    else if (sysctl.name.length > 253 || !sysctlPattern.test(sysctl.name)) errors.push(fieldInvalid(path, sysctl.name, 'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'))
    else if (names.has(sysctl.name)) errors.push(fieldDuplicate(path, sysctl.name))
    names.add(sysctl.name)
  }
  oneOf(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], at.child('fsGroupChangePolicy'), errors)
  oneOf(context.supplementalGroupsPolicy, ['Merge', 'Strict'], at.child('supplementalGroupsPolicy'), errors)
  return [...errors, ...profileErrors(context.seccompProfile, 'seccomp', 'seccompProfile', at), ...profileErrors(context.appArmorProfile, 'AppArmor', 'appArmorProfile', at)]
}

function oneOf(value: string | undefined, allowed: readonly string[], at: FieldPath, errors: FieldError[]): void {
  if (value !== undefined && !allowed.includes(value)) errors.push(fieldNotSupported(at, value, allowed))
}
