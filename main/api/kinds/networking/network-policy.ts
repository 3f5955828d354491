import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../generated/types.ts'
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldPath, fieldRequired } from '../../machinery/field-error.ts'
import type { FieldError, FieldPath } from '../../machinery/field-error.ts'
import { formatLabelSelector } from '../../machinery/labels.ts'
import { isDns1123Subdomain, isValidPortName, isValidPortNumber } from '../../machinery/names.ts'
import { validateLabelSelector } from '../core/label-validation.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { cidrWarnings, isStrictSubset, parseCidr, strictCidrErrors } from './ip-ranges.ts'

const at = fieldPath('spec')
const protocols = ['TCP', 'UDP', 'SCTP']
const policyTypes = ['Ingress', 'Egress']

interface Rule {
  readonly ports: readonly NetworkPolicyPort[]
  readonly portsAt: FieldPath
  readonly peers: readonly NetworkPolicyPeer[]
  readonly peersAt: FieldPath
}

/** Rules of both directions, told alike. */
function rulesOf({ spec }: NetworkPolicy): Rule[] {
  const ingress = (spec?.ingress ?? []).map(({ ports = [], from = [] }, index) => {
    const path = at.child('ingress').index(index)
    return { ports, portsAt: path.child('ports'), peers: from, peersAt: path.child('from') }
  })
  const egress = (spec?.egress ?? []).map(({ ports = [], to = [] }, index) => {
    const path = at.child('egress').index(index)
    return { ports, portsAt: path.child('ports'), peers: to, peersAt: path.child('to') }
  })
  return [...ingress, ...egress]
}

/** CIDRs that the old policy had may stay as they are: `known`. */
function validateNetworkPolicy(policy: NetworkPolicy, known: ReadonlySet<string> = new Set()): FieldError[] {
  const errors = validateLabelSelector(policy.spec?.podSelector, at.child('podSelector'))
  for (const { ports, portsAt, peers, peersAt } of rulesOf(policy)) {
    for (const [index, port] of ports.entries()) errors.push(...portErrors(port, portsAt.index(index)))
    for (const [index, peer] of peers.entries()) errors.push(...peerErrors(peer, known, peersAt.index(index)))
  }
  const types = policy.spec?.policyTypes ?? []
  if (types.length > policyTypes.length) return [...errors, fieldInvalid(at.child('policyTypes'), types, 'may not specify more than two policyTypes')]
  for (const [index, type] of types.entries()) if (!policyTypes.includes(type)) errors.push(fieldNotSupported(at.child('policyTypes').index(index), type, policyTypes))
  return errors
}

function portErrors({ protocol, port, endPort }: NetworkPolicyPort, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (protocol !== undefined && !protocols.includes(protocol)) errors.push(fieldNotSupported(path.child('protocol'), protocol, protocols))
  if (typeof port === 'number') {
    for (const message of isValidPortNumber(port)) errors.push(fieldInvalid(path.child('port'), port, message))
    if (endPort === undefined) return errors
    if (endPort < port) errors.push(fieldInvalid(path.child('endPort'), endPort, 'must be greater than or equal to `port`'))
    for (const message of isValidPortNumber(endPort)) errors.push(fieldInvalid(path.child('endPort'), endPort, message))
  } else if (port !== undefined) {
    if (endPort !== undefined) errors.push(fieldInvalid(path.child('endPort'), endPort, 'may not be specified when `port` is non-numeric'))
    for (const message of isValidPortName(port)) errors.push(fieldInvalid(path.child('port'), port, message))
  } else if (endPort !== undefined) errors.push(fieldInvalid(path.child('endPort'), endPort, 'may not be specified when `port` is not specified'))
  return errors
}

function peerErrors({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, known: ReadonlySet<string>, path: FieldPath): FieldError[] {
  const errors = [...validateLabelSelector(podSelector, path.child('podSelector')), ...validateLabelSelector(namespaceSelector, path.child('namespaceSelector'))]
  if (ipBlock) errors.push(...ipBlockErrors(ipBlock, known, path.child('ipBlock')))
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(fieldRequired(path, 'must specify a peer'))
  else if (ipBlock && (podSelector || namespaceSelector)) errors.push(fieldForbidden(path, 'may not specify both ipBlock and another peer'))
  return errors
}

function ipBlockErrors({ cidr, except = [] }: IPBlock, known: ReadonlySet<string>, path: FieldPath): FieldError[] {
  if (!cidr) return [fieldRequired(path.child('cidr'))]
  const errors = known.has(cidr) ? [] : strictCidrErrors(cidr, path.child('cidr'))
  const outer = parseCidr(cidr)
  if (!outer) return errors
  for (const [index, text] of except.entries()) {
    const here = path.child('except').index(index)
    if (!known.has(text)) errors.push(...strictCidrErrors(text, here))
    const inner = parseCidr(text)
    if (inner && !isStrictSubset(inner, outer)) errors.push(fieldInvalid(here, text, 'must be a strict subset of `cidr`'))
  }
  return errors
}

function cidrsOf(policy: NetworkPolicy): Set<string> {
  return new Set(rulesOf(policy).flatMap(({ peers }) => peers.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : []))))
}

function warningsFor(policy: NetworkPolicy): string[] {
  return rulesOf(policy).flatMap(({ peers, peersAt }) =>
    peers.flatMap(({ ipBlock }, index) => {
      if (!ipBlock) return []
      const path = peersAt.index(index).child('ipBlock')
      return [...cidrWarnings(ipBlock.cidr, path.child('cidr')), ...(ipBlock.except ?? []).flatMap((text, i) => cidrWarnings(text, path.child('except').index(i)))]
    }))
}

export const networkPolicyKind = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  namespaced: true,
  schema: 'io.k8s.api.networking.v1.NetworkPolicy',
  storagePrefix: 'networkpolicies',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: ({ spec }) => spec,
    defaults(policy) {
      const spec = (policy.spec ??= { podSelector: {} })
      for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) for (const port of ports ?? []) port.protocol ??= 'TCP'
      if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
    },
    validate: (policy) => validateNetworkPolicy(policy),
    validateUpdate: (policy, old) => validateNetworkPolicy(policy, cidrsOf(old)),
    warnings: warningsFor,
  },
  columns: [
    nameColumn(),
    column('Pod-Selector', 'The label selector of the pods that the policy is for.', ({ spec }) => formatLabelSelector(spec?.podSelector ?? {})),
    ageColumn(),
  ],
  health({ spec }) {
    const isolated = (spec?.policyTypes ?? []).map((type) => type.toLowerCase()).join(' and ')
    return { mark: 'running', sentence: isolated === '' ? 'isolates nothing' : `isolates its pods for ${isolated}` }
  },
})
