import { fieldInvalid, fieldRequired, fieldTooLong } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { byteLength, quote } from '../../machinery/go-text.ts'
import { dns1123SubdomainLengthMax, isDns1123Label, isDns1123Subdomain } from '../../machinery/names.ts'

/** A domain, a slash, and a path with room for a namespace and a name. */
const signerNameBytesMax = 571

/** A signer is named by a domain and a path: `kubernetes.io/kubelet-serving`. */
export function signerNameErrors(name: string, at: FieldPath): FieldError[] {
  if (name === '') return [fieldRequired(at)]
  const [domain, path, ...more] = name.split('/')
  if (domain === undefined || path === undefined || more.length > 0) return [fieldInvalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
  const errors: FieldError[] = []
  if (byteLength(domain) > dns1123SubdomainLengthMax) errors.push(fieldTooLong(at, dns1123SubdomainLengthMax))
  const labels = domain.split('.')
  for (const label of labels) for (const message of isDns1123Label(label)) errors.push(fieldInvalid(at, domain, `validating label ${quote(label)}: ${message}`))
  if (labels.length < 2) errors.push(fieldInvalid(at, domain, 'should be a domain with at least two segments separated by dots'))
  for (const label of path.split('.')) for (const message of isDns1123Subdomain(label)) errors.push(fieldInvalid(at, path, `validating label ${quote(label)}: ${message}`))
  if (byteLength(name) > signerNameBytesMax) errors.push(fieldTooLong(at, signerNameBytesMax))
  return errors
}
