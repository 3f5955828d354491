import type { HostAlias, PodSpec } from '../../generated/types.ts'
import { fieldInvalid, fieldNotSupported, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ipErrors } from './ip-validation.ts'

const policies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']
const nameserversMax = 3
const searchesMax = 32

/** dnsPolicy and dnsConfig. `at` is the pod spec. */
export function dnsErrors(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!spec.dnsPolicy) errors.push(fieldRequired(at.child('dnsPolicy')))
  else if (!policies.includes(spec.dnsPolicy)) errors.push(fieldNotSupported(at.child('dnsPolicy'), spec.dnsPolicy, policies))
  const config = spec.dnsConfig
  const path = at.child('dnsConfig')
  if (spec.dnsPolicy === 'None') {
    if (!config) return [...errors, fieldRequired(path, 'must provide `dnsConfig` when `dnsPolicy` is None')]
    if (!config.nameservers?.length) return [...errors, fieldRequired(path.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')]
  }
  if (!config) return errors
  const { nameservers = [], searches = [], options = [] } = config
  if (nameservers.length > nameserversMax) errors.push(fieldInvalid(path.child('nameservers'), nameservers, `must not have more than ${nameserversMax} nameservers`))
  for (const [index, server] of nameservers.entries()) for (const message of ipErrors(server)) errors.push(fieldInvalid(path.child('nameservers').index(index), server, message))
  if (searches.length > searchesMax) errors.push(fieldInvalid(path.child('searches'), searches, `must not have more than ${searchesMax} search paths`))
  for (const [index, search] of searches.entries()) {
    const name = search.replace(/\.$/, '')
    if (name !== '') for (const message of isDns1123Subdomain(name.replaceAll('_', '-'))) errors.push(fieldInvalid(path.child('searches').index(index), search, message))
  }
  for (const [index, option] of options.entries()) if (!option.name) errors.push(fieldRequired(path.child('options').index(index)))
  return errors
}

export function hostAliasErrors(aliases: readonly HostAlias[] | undefined, path: FieldPath): FieldError[] {
  return (aliases ?? []).flatMap((alias, index) => {
    const at = path.index(index)
    const errors = ipErrors(alias.ip).map((message) => fieldInvalid(at.child('ip'), alias.ip, message))
    for (const [i, hostname] of (alias.hostnames ?? []).entries()) for (const message of isDns1123Subdomain(hostname)) errors.push(fieldInvalid(at.child('hostnames').index(i), hostname, message))
    return errors
  })
}
