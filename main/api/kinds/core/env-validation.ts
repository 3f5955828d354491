import type { EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceFieldSelector } from '../../generated/types.ts'
import { fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isConfigMapKey, isDns1123Subdomain, isEnvVarName, isQualifiedName } from '../../machinery/names.ts'
import { canonical } from './resource-defaults.ts'

export function envErrors(env: readonly EnvVar[] | undefined, path: FieldPath): FieldError[] {
  if (!env) return []
  const errors: FieldError[] = []
  for (const [index, variable] of env.entries()) {
    const at = path.index(index)
    if (!variable.name) errors.push(fieldRequired(at.child('name')))
    else for (const message of isEnvVarName(variable.name)) errors.push(fieldInvalid(at.child('name'), variable.name, message))
    if (variable.valueFrom) errors.push(...sourceErrors(variable.valueFrom, variable.value, at.child('valueFrom')))
  }
  return errors
}

function sourceErrors(source: EnvVarSource, value: string | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  let count = 0
  if (source.fieldRef) {
    count++
    errors.push(...fieldRefErrors(source.fieldRef, envFields, at.child('fieldRef')))
  }
  if (source.resourceFieldRef) {
    count++
    errors.push(...resourceFieldErrors(source.resourceFieldRef, false, at.child('resourceFieldRef')))
  }
  for (const field of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const ref = source[field]
    if (!ref) continue
    count++
    for (const message of isDns1123Subdomain(ref.name ?? '')) errors.push(fieldInvalid(at.child(field, 'name'), ref.name ?? '', message))
    if (!ref.key) errors.push(fieldRequired(at.child(field, 'key')))
    else for (const message of isConfigMapKey(ref.key)) errors.push(fieldInvalid(at.child(field, 'key'), ref.key, message))
  }
  if (source.fileKeyRef) count++
  if (count === 0) errors.push(fieldInvalid(at, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'))
  else if (value) errors.push(fieldInvalid(at, '', 'may not be specified when `value` is not empty'))
  else if (count > 1) errors.push(fieldInvalid(at, '', 'may not have more than one field specified at a time'))
  return errors
}

export function envFromErrors(sources: readonly EnvFromSource[] | undefined, path: FieldPath): FieldError[] {
  if (!sources) return []
  const errors: FieldError[] = []
  for (const [index, source] of sources.entries()) {
    const at = path.index(index)
    if (source.prefix) for (const message of isEnvVarName(source.prefix)) errors.push(fieldInvalid(at.child('prefix'), source.prefix, message))
    let count = 0
    for (const field of ['configMapRef', 'secretRef'] as const) {
      const ref = source[field]
      if (!ref) continue
      count++
      if (!ref.name) errors.push(fieldRequired(at.child(field, 'name')))
      else for (const message of isDns1123Subdomain(ref.name)) errors.push(fieldInvalid(at.child(field, 'name'), ref.name, message))
    }
    if (count === 0) errors.push(fieldInvalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'))
    else if (count > 1) errors.push(fieldInvalid(path, '', 'may not have more than one field specified at a time'))
  }
  return errors
}

const envFields = ['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs']
export const volumeFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']
const known = new Set([...envFields, ...volumeFields, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase', 'status.nominatedNodeName'])

/** A reference to a field of the pod: `metadata.labels['app']` or one of `supported`. */
export function fieldRefErrors(ref: ObjectFieldSelector, supported: readonly string[], at: FieldPath): FieldError[] {
  if (!ref.apiVersion) return [fieldRequired(at.child('apiVersion'))]
  if (!ref.fieldPath) return [fieldRequired(at.child('fieldPath'))]
  const path = at.child('fieldPath')
  const subscripted = /^(.*)\['(.*)'\]$/.exec(ref.fieldPath)
  const field = subscripted?.[1] ?? ref.fieldPath
  if (ref.apiVersion !== 'v1') return [fieldInvalid(path, ref.fieldPath, `error converting fieldPath: unsupported pod version: ${ref.apiVersion}`)]
  if (!known.has(field) || (subscripted && field !== 'metadata.annotations' && field !== 'metadata.labels')) {
    if (subscripted && known.has(field)) return [fieldInvalid(at, field, 'does not support subscript')]
    return [fieldInvalid(path, ref.fieldPath, `error converting fieldPath: field label not supported: ${field}`)]
  }
  if (subscripted) {
    const key = subscripted[2] as string
    return isQualifiedName(field === 'metadata.annotations' ? key.toLowerCase() : key).map((message) => fieldInvalid(at, key, message))
  }
  return supported.includes(field) ? [] : [fieldNotSupported(path, field, supported)]
}

const resourceFields = ['limits.cpu', 'limits.ephemeral-storage', 'limits.memory', 'requests.cpu', 'requests.ephemeral-storage', 'requests.memory']
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']

/** A reference to a container's resources. In volumes the container has to be named. */
export function resourceFieldErrors(ref: ResourceFieldSelector, inVolume: boolean, at: FieldPath): FieldError[] {
  if (inVolume && !ref.containerName) return [fieldRequired(at.child('containerName'))]
  if (!ref.resource) return [fieldRequired(at.child('resource'))]
  const hugePages = /^(limits|requests)\.hugepages-/.test(ref.resource)
  if (!resourceFields.includes(ref.resource) && !hugePages) return [fieldNotSupported(at.child('resource'), ref.resource, resourceFields)]
  const divisor = canonical(ref.divisor ?? '0')
  if (divisor === '0') return []
  const [allowed, noun] = ref.resource.endsWith('.cpu') ? [['1m', '1'], 'cpu'] : [byteDivisors, ref.resource.endsWith('.memory') ? 'memory' : hugePages ? 'hugepages' : 'local ephemeral storage']
  return allowed.includes(divisor) ? [] : [fieldInvalid(at.child('divisor'), divisor, `only divisor's values ${noun === 'cpu' ? '1m and 1' : '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei'} are supported with the ${noun} resource`)]
}
