import type { Secret } from '../../generated/types.ts'
import { fieldInvalid, fieldIsImmutable, fieldPath, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError } from '../../machinery/field-error.ts'
import { isConfigMapKey } from '../../machinery/names.ts'
import { decodeBase64, isBase64 } from './base64.ts'
import { base64Length, dataSizeMax, immutableErrors } from './config-map-validation.ts'

/** Keys, size, and what the well-known types demand. */
export function validateSecret(secret: Secret): FieldError[] {
  const errors: FieldError[] = []
  const data = secret.data ?? {}
  let size = 0
  for (const [key, value] of Object.entries(data)) {
    for (const message of isConfigMapKey(key)) errors.push(fieldInvalid(fieldPath('data').key(key), key, message))
    size += base64Length(value)
  }
  if (size > dataSizeMax) errors.push(fieldTooLong('data', dataSizeMax))
  errors.push(...typeErrors(secret, data))
  return errors
}

function typeErrors(secret: Secret, data: { [key: string]: string }): FieldError[] {
  const at = (key: string) => fieldPath('data').key(key)
  const missing = (key: string): FieldError[] => (Object.hasOwn(data, key) ? [] : [fieldRequired(at(key))])
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      return secret.metadata.annotations?.['kubernetes.io/service-account.name'] ? [] : [fieldRequired(fieldPath('metadata', 'annotations').key('kubernetes.io/service-account.name'))]
    case 'kubernetes.io/dockercfg':
      return dockerErrors(data, '.dockercfg')
    case 'kubernetes.io/dockerconfigjson':
      return dockerErrors(data, '.dockerconfigjson')
    case 'kubernetes.io/basic-auth':
      return Object.hasOwn(data, 'username') || Object.hasOwn(data, 'password') ? [] : [fieldRequired(at('username')), fieldRequired(at('password'))]
    case 'kubernetes.io/ssh-auth':
      return missing('ssh-privatekey')
    case 'kubernetes.io/tls':
      return [...missing('tls.crt'), ...missing('tls.key')]
    default:
      return []
  }
}

function dockerErrors(data: { [key: string]: string }, key: string): FieldError[] {
  const at = fieldPath('data').key(key)
  const value = data[key]
  if (value === undefined) return [fieldRequired(at)]
  try {
    if (isBase64(value)) JSON.parse(decodeBase64(value))
    return []
  } catch {
    return [fieldInvalid(at, '<secret contents redacted>', 'invalid JSON')]
  }
}

export function validateSecretUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors: FieldError[] = []
  if (secret.type !== old.type) errors.push(fieldInvalid('type', secret.type, fieldIsImmutable))
  return [...errors, ...immutableErrors(secret, old, ['data']), ...validateSecret(secret)]
}
