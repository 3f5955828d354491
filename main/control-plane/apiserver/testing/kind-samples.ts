/** One valid object of each kind beyond workloads, with a change of it and, where it has one, a status that may be reported: for tests
 *  that take every kind through the same life. */
import { certificate, ecRequest } from '../../../api/kinds/certificates/testing/requests.ts'

export interface KindSample {
  readonly group: string
  readonly plural: string
  readonly namespaced: boolean
  readonly object: { readonly kind: string; readonly metadata: { readonly name: string }; readonly [field: string]: unknown }
  /** A merge patch that changes it. */
  readonly change: object
  /** What its generation is after the change; undefined: it has none. */
  readonly generation?: number
  /** A status for the status endpoint; undefined: there is none. */
  readonly status?: object
  /** The cells of its row after its creation, without name and age. */
  readonly cells: readonly unknown[]
}

const rule = { operations: ['CREATE'], apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['things'] }
const condition = { type: 'Ready', status: 'True', reason: 'Test', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }
const found = { type: 'Dangling', status: 'False', reason: 'Found', message: 'This FlowSchema references the PriorityLevelConfiguration object named "global-default" and it exists' }
const labels = { metadata: { labels: { changed: 'yes' } } }
const webhook = { name: 'a.example.com', clientConfig: { service: { name: 'hook', namespace: 'default' } }, rules: [rule], sideEffects: 'None', admissionReviewVersions: ['v1'] }
const admission = 'admissionregistration.k8s.io'
const networking = 'networking.k8s.io'
const flow = 'flowcontrol.apiserver.k8s.io'
const resource = 'resource.k8s.io'
const request = { name: 'gpu', exactly: { deviceClassName: 'gpu.example.com' } }
const path = { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }

export const kindSamples: readonly KindSample[] = [
  { group: admission, plural: 'validatingwebhookconfigurations', namespaced: false, object: { kind: 'ValidatingWebhookConfiguration', metadata: { name: 'x' }, webhooks: [webhook] }, change: { webhooks: [{ ...webhook, timeoutSeconds: 5 }] }, generation: 2, cells: [1] },
  { group: admission, plural: 'mutatingwebhookconfigurations', namespaced: false, object: { kind: 'MutatingWebhookConfiguration', metadata: { name: 'x' }, webhooks: [webhook] }, change: { webhooks: [{ ...webhook, reinvocationPolicy: 'IfNeeded' }] }, generation: 2, cells: [1] },
  {
    group: admission, plural: 'validatingadmissionpolicies', namespaced: false,
    object: { kind: 'ValidatingAdmissionPolicy', metadata: { name: 'x' }, spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'true' }] } },
    change: { spec: { failurePolicy: 'Ignore' } }, generation: 2, status: { observedGeneration: 2, conditions: [condition] }, cells: [1, '<unset>'],
  },
  { group: admission, plural: 'validatingadmissionpolicybindings', namespaced: false, object: { kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'x' }, spec: { policyName: 'nobodys', validationActions: ['Deny'] } }, change: { spec: { validationActions: ['Warn'] } }, generation: 2, cells: ['nobodys', '<unset>'] },
  {
    group: admission, plural: 'mutatingadmissionpolicies', namespaced: false,
    object: { kind: 'MutatingAdmissionPolicy', metadata: { name: 'x' }, spec: { matchConstraints: { resourceRules: [rule] }, reinvocationPolicy: 'Never', mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "test", path: "/metadata/name", value: "x"}]' } }] } },
    change: { spec: { failurePolicy: 'Ignore' } }, generation: 2, cells: [1, '<unset>'],
  },
  { group: admission, plural: 'mutatingadmissionpolicybindings', namespaced: false, object: { kind: 'MutatingAdmissionPolicyBinding', metadata: { name: 'x' }, spec: { policyName: 'nobodys' } }, change: { spec: { policyName: 'other' } }, generation: 2, cells: ['nobodys', '<unset>'] },
  {
    group: networking, plural: 'ingresses', namespaced: true, object: { kind: 'Ingress', metadata: { name: 'x' }, spec: { ingressClassName: 'nginx', rules: [{ host: 'web.example', http: { paths: [path] } }] } },
    change: { spec: { tls: [{ hosts: ['web.example'] }] } }, generation: 2, status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } }, cells: ['nginx', 'web.example', '', '80'],
  },
  { group: networking, plural: 'ingressclasses', namespaced: false, object: { kind: 'IngressClass', metadata: { name: 'x' }, spec: { controller: 'example.com/ingress' } }, change: { spec: { parameters: { kind: 'Config', name: 'c' } } }, generation: 2, cells: ['example.com/ingress', '<none>'] },
  { group: networking, plural: 'networkpolicies', namespaced: true, object: { kind: 'NetworkPolicy', metadata: { name: 'x' }, spec: { podSelector: { matchLabels: { app: 'web' } } } }, change: { spec: { ingress: [{}] } }, generation: 2, cells: ['app=web'] },
  { group: networking, plural: 'ipaddresses', namespaced: false, object: { kind: 'IPAddress', metadata: { name: '10.96.200.200' }, spec: { parentRef: { resource: 'services', namespace: 'default', name: 'x' } } }, change: labels, cells: ['services/default/x'] },
  { group: networking, plural: 'servicecidrs', namespaced: false, object: { kind: 'ServiceCIDR', metadata: { name: 'x' }, spec: { cidrs: ['10.200.0.0/24'] } }, change: { spec: { cidrs: ['10.200.0.0/24', '2001:db8::/112'] } }, status: { conditions: [condition] }, cells: ['10.200.0.0/24'] },
  {
    group: 'apiregistration.k8s.io', plural: 'apiservices', namespaced: false,
    object: { kind: 'APIService', metadata: { name: 'v1.far.example' }, spec: { group: 'far.example', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10, insecureSkipTLSVerify: true, service: { namespace: 'default', name: 'x' } } },
    change: { spec: { versionPriority: 11 } }, status: { conditions: [{ type: 'Other', status: 'True' }] }, cells: ['default/x', 'False (ServiceNotFound)'],
  },
  {
    group: 'certificates.k8s.io', plural: 'certificatesigningrequests', namespaced: false,
    object: { kind: 'CertificateSigningRequest', metadata: { name: 'x' }, spec: { request: btoa(ecRequest), signerName: 'example.com/any', usages: ['client auth'] } },
    change: labels, status: { certificate: btoa(certificate) }, cells: ['example.com/any', 'kubernetes-admin', '<none>', 'Pending'],
  },
  { group: flow, plural: 'flowschemas', namespaced: false, object: { kind: 'FlowSchema', metadata: { name: 'x' }, spec: { priorityLevelConfiguration: { name: 'global-default' } } }, change: { spec: { matchingPrecedence: 77 } }, generation: 2, status: { conditions: [found, { type: 'Other', status: 'True' }] }, cells: ['global-default', 1000, '<none>', 'False'] },
  { group: flow, plural: 'prioritylevelconfigurations', namespaced: false, object: { kind: 'PriorityLevelConfiguration', metadata: { name: 'x' }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } }, change: { spec: { limited: { nominalConcurrencyShares: 5 } } }, generation: 2, status: { conditions: [{ type: 'Other', status: 'True' }] }, cells: ['Limited', 30, '<none>', '<none>', '<none>'] },
  {
    group: resource, plural: 'resourceclaims', namespaced: true, object: { kind: 'ResourceClaim', metadata: { name: 'x' }, spec: { devices: { requests: [request] } } }, change: labels,
    status: { allocation: { devices: { results: [{ request: 'gpu', driver: 'gpu.example.com', pool: 'p', device: 'd' }] } } }, cells: ['pending'],
  },
  { group: resource, plural: 'resourceclaimtemplates', namespaced: true, object: { kind: 'ResourceClaimTemplate', metadata: { name: 'x' }, spec: { spec: { devices: { requests: [request] } } } }, change: labels, cells: [] },
  {
    group: resource, plural: 'resourceslices', namespaced: false, object: { kind: 'ResourceSlice', metadata: { name: 'x' }, spec: { driver: 'gpu.example.com', nodeName: 'worker-1', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, devices: [{ name: 'd' }] } },
    change: { spec: { pool: { generation: 2 } } }, generation: 2, cells: ['worker-1', 'gpu.example.com', 'p'],
  },
  { group: resource, plural: 'deviceclasses', namespaced: false, object: { kind: 'DeviceClass', metadata: { name: 'gpu.example.com' }, spec: { selectors: [{ cel: { expression: 'true' } }] } }, change: { spec: { selectors: [] } }, generation: 2, cells: [] },
]
