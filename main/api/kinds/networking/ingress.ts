import type { Ingress, IngressBackend } from '../../generated/types.ts'
import { compareBytes, quote } from '../../machinery/go-text.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type { Relation } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { ingressClassAnnotation, validateIngress, validateIngressStatus, validateNewIngress } from './ingress-validation.ts'

const hostsShownMax = 3

function hostsText(ingress: Ingress): string {
  const rules = ingress.spec?.rules ?? []
  const hosts: string[] = []
  let more = false
  for (const { host } of rules) {
    if (hosts.length === hostsShownMax) more = true
    else if (host) hosts.push(host)
  }
  if (hosts.length === 0) return '*'
  return more ? `${hosts.join(',')} + ${rules.length - hostsShownMax} more...` : hosts.join(',')
}

/** What the load balancer answers under. The server's tables are always made wide, so nothing is cut off. */
function addressText({ status }: Ingress): string {
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((address) => address !== '')
  return [...new Set(addresses)].sort(compareBytes).join(',')
}

export const ingressKind = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  namespaced: true,
  schema: 'io.k8s.api.networking.v1.Ingress',
  storagePrefix: 'ingress',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: (ingress) => ingress.spec,
    prepareForCreate(ingress) {
      ingress.status = { loadBalancer: {} }
    },
    prepareForUpdate: keepStatus,
    validate: validateNewIngress,
    validateUpdate: validateIngress,
    warnings: ({ metadata, spec: wanted }, old) =>
      !old && metadata.annotations?.[ingressClassAnnotation] !== undefined && wanted?.ingressClassName === undefined
        ? [`annotation ${quote(ingressClassAnnotation)} is deprecated, please use 'spec.ingressClassName' instead`]
        : [],
  },
  subresources: [statusSubresource(validateIngressStatus)],
  columns: [
    nameColumn(),
    column('Class', 'The name of the IngressClass resource that should be used for additional configuration', (ingress) => ingress.spec?.ingressClassName ?? '<none>'),
    column('Hosts', 'Hosts that incoming requests are matched against before the ingress rule', hostsText),
    column('Address', 'Address is a list containing ingress points for the load-balancer', addressText),
    column('Ports', 'Ports of TLS configurations that open', (ingress) => ((ingress.spec?.tls ?? []).length > 0 ? '80, 443' : '80')),
    ageColumn(),
  ],
  health(ingress) {
    const address = addressText(ingress)
    return address === '' ? { mark: 'pending', sentence: 'no controller has given it an address' } : { mark: 'running', sentence: `answers at ${address}` }
  },
  relations: relationsOf,
})

function relationsOf(ingress: Ingress): Relation[] {
  const namespace = ingress.metadata.namespace ? { namespace: ingress.metadata.namespace } : {}
  const { ingressClassName, defaultBackend, rules = [], tls = [] } = ingress.spec ?? {}
  const found = new Map<string, Relation>()
  const add = (relation: Relation): void => {
    found.set(`${relation.role}/${relation.group}/${relation.kind}/${relation.name}`, relation)
  }
  const backend = (to: IngressBackend | undefined): void => {
    if (to?.service) add({ role: 'backend', group: '', kind: 'Service', name: to.service.name, ...namespace })
    if (to?.resource) add({ role: 'backend', group: to.resource.apiGroup ?? '', kind: to.resource.kind, name: to.resource.name, ...namespace })
  }
  if (ingressClassName) add({ role: 'class', group: 'networking.k8s.io', kind: 'IngressClass', name: ingressClassName })
  backend(defaultBackend)
  for (const { http } of rules) for (const path of http?.paths ?? []) backend(path.backend)
  for (const { secretName } of tls) if (secretName) add({ role: 'certificate', group: '', kind: 'Secret', name: secretName, ...namespace })
  return [...found.values()]
}
