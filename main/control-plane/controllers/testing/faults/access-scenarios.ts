import type { CertificateSigningRequest, ClusterRole, Namespace, Secret, SubjectAccessReview, ValidatingAdmissionPolicy } from '../../../../api/generated/types.ts'
import { testEpoch } from '../../../../api/client/testing/test-process.ts'
import { validatingAdmissionPolicyKind } from '../../../../api/kinds/admissionregistration/validating-admission-policy.ts'
import { certificateSigningRequestKind } from '../../../../api/kinds/certificates/certificate-signing-request.ts'
import { ecRequest, rsaRequest } from '../../../../api/kinds/certificates/testing/requests.ts'
import { configMapKind } from '../../../../api/kinds/core/config-map.ts'
import { namespaceKind } from '../../../../api/kinds/core/namespace.ts'
import { secretKind } from '../../../../api/kinds/core/secret.ts'
import { serviceAccountKind } from '../../../../api/kinds/core/service-account.ts'
import { clusterRoleKind } from '../../../../api/kinds/rbac/cluster-role.ts'
import { formatTime } from '../../../../api/machinery/time.ts'
import { bootstrapSignerController } from '../../bootstrap-tokens/bootstrap-signer-controller.ts'
import { tokenCleanerController } from '../../bootstrap-tokens/token-cleaner-controller.ts'
import { certificateApprovingController } from '../../certificate-signing-request/certificate-approving-controller.ts'
import { certificateCleanerController } from '../../certificate-signing-request/certificate-cleaner-controller.ts'
import { certificateSigningController } from '../../certificate-signing-request/certificate-signing-controller.ts'
import type { CertificateAuthority } from '../../certificate-signing-request/certificate.ts'
import { clusterRoleAggregationController } from '../../cluster-role-aggregation/cluster-role-aggregation-controller.ts'
import { legacyServiceAccountTokenCleaner } from '../../legacy-service-account-token-cleaner/legacy-service-account-token-cleaner.ts'
import { rootCertificatePublisher } from '../../service-account/root-certificate-publisher.ts'
import { serviceAccountController } from '../../service-account/service-account-controller.ts'
import { tokensController } from '../../service-account/tokens-controller.ts'
import type { ControllerBench } from '../controller-bench.ts'
import { validatingAdmissionPolicyStatusController } from '../../validating-admission-policy-status/validating-admission-policy-status-controller.ts'
import type { FaultScenario } from './scenario.ts'

const dayMs = 86_400_000
const team: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' }, status: { phase: 'Active' } }

function seedRequest(b: ControllerBench, name: string, request: string, spec: Partial<CertificateSigningRequest['spec']>, conditions: NonNullable<CertificateSigningRequest['status']>['conditions']): void {
  const made: CertificateSigningRequest = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec: { request: btoa(request), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['digital signature', 'client auth'], ...spec } }
  b.api.seed(certificateSigningRequestKind, made)
  b.api.mutate<CertificateSigningRequest>(certificateSigningRequestKind, undefined, name, (copy) => {
    copy.spec = made.spec
    if (conditions) copy.status = { conditions }
  })
}

const approved = [{ type: 'Approved', status: 'True', reason: 'KubectlApprove', lastUpdateTime: formatTime(testEpoch) }]

/** `kubeletRequest` is a PKCS#10 request of system:node:worker-1 in system:nodes. */
export function accessScenarios(authority: CertificateAuthority, kubeletRequest: string): readonly FaultScenario[] {
  return [
    {
      controllers: [serviceAccountController, rootCertificatePublisher('PEM')],
      story: 'a namespace gets its account and certificate, also again',
      run: async (b) => {
        b.api.seed(namespaceKind, team)
        await b.settle()
        b.api.mutate(configMapKind, 'team', 'kube-root-ca.crt', (map) => void (map.data = { 'ca.crt': 'other' }))
        b.api.remove(serviceAccountKind, 'team', 'default')
        await b.settle()
        b.api.remove(configMapKind, 'team', 'kube-root-ca.crt')
        await b.settle()
      },
    },
    {
      controllers: [tokensController({ sign: (claims) => JSON.stringify(claims), rootCertificate: 'PEM' })],
      story: 'secrets of accounts are filled, and go with them',
      run: async (b) => {
        const token = (name: string, account: string): Secret => ({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name, namespace: 'default', annotations: { 'kubernetes.io/service-account.name': account } } })
        for (const name of ['bot', 'gone']) b.api.seed(serviceAccountKind, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } })
        b.api.seed(secretKind, token('a', 'bot'))
        b.api.seed(secretKind, token('b', 'gone'))
        await b.settle()
        b.api.remove(serviceAccountKind, 'default', 'gone')
        await b.settle()
      },
      // The token names random uids.
      outcome: (b) => b.api.stored<Secret>(secretKind).map(({ metadata, data }) => [metadata.name, Object.keys(metadata.annotations ?? {}), Object.keys(data ?? {})]),
    },
    {
      controllers: [tokenCleanerController],
      story: 'bootstrap tokens go when they expire',
      run: async (b) => {
        for (const [name, expiration] of [['aaaaaa', formatTime(testEpoch + 5_000)], ['bbbbbb', undefined], ['cccccc', 'some day']] as const) {
          b.api.seed<Secret>(secretKind, { apiVersion: 'v1', kind: 'Secret', metadata: { name: `bootstrap-token-${name}`, namespace: 'kube-system' }, type: 'bootstrap.kubernetes.io/token', data: { 'token-id': btoa(name), ...(expiration ? { expiration: btoa(expiration) } : {}) } })
        }
        await b.kernel.runFor(30_000)
      },
    },
    {
      controllers: [bootstrapSignerController],
      story: 'cluster-info is signed by the tokens that there are',
      run: async (b) => {
        for (const name of ['aaaaaa', 'bbbbbb']) {
          b.api.seed<Secret>(secretKind, { apiVersion: 'v1', kind: 'Secret', metadata: { name: `bootstrap-token-${name}`, namespace: 'kube-system' }, type: 'bootstrap.kubernetes.io/token', data: { 'token-id': btoa(name), 'token-secret': btoa('secret'), 'usage-bootstrap-signing': btoa('true') } })
        }
        b.api.seed(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cluster-info', namespace: 'kube-public' }, data: { kubeconfig: 'apiVersion: v1' } })
        await b.settle()
        b.api.remove(secretKind, 'kube-system', 'bootstrap-token-bbbbbb')
        await b.settle()
      },
    },
    {
      controllers: [legacyServiceAccountTokenCleaner({ cleanUpPeriodMs: 2 * dayMs })],
      story: 'tokens of old that nobody uses are marked, and go later',
      run: async (b) => {
        const token = (name: string, labels: Record<string, string> = {}): Secret => ({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name, namespace: 'default', labels, annotations: { 'kubernetes.io/service-account.name': 'bot' } } })
        b.api.seed(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' }, data: { since: '2020-01-01' } })
        b.api.seed(serviceAccountKind, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot', namespace: 'default' }, secrets: ['unused', 'invalid', 'used'].map((name) => ({ name })) })
        for (const each of [token('unused'), token('invalid', { 'kubernetes.io/legacy-token-invalid-since': '2024-01-01' }), token('used', { 'kubernetes.io/legacy-token-last-used': '2030-01-01' }), token('manual')]) b.api.seed(secretKind, each)
        await b.kernel.runFor(3.5 * dayMs)
        await b.kernel.runFor(4 * dayMs)
      },
      // The label says on which day, which a fault may put off.
      outcome: (b) => b.api.stored<Secret>(secretKind).map(({ metadata }) => [metadata.name, Object.keys(metadata.labels ?? {})]),
    },
    {
      controllers: [certificateSigningController(authority)],
      story: 'approved requests are signed or refused',
      run: async (b) => {
        seedRequest(b, 'good', rsaRequest, {}, approved)
        seedRequest(b, 'bad', ecRequest, { usages: ['server auth'] }, approved)
        seedRequest(b, 'pending', rsaRequest, {}, undefined)
        await b.settle()
      },
      outcome: (b) => b.api.stored<CertificateSigningRequest>(certificateSigningRequestKind).map(({ metadata, status }) => [metadata.name, Boolean(status?.certificate), status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)]),
    },
    {
      controllers: [certificateApprovingController],
      story: 'requests of kubelets are approved',
      run: async (b) => {
        const create = b.api.create.bind(b.api)
        b.api.create = async (kind, object, options) => (kind.plural === 'subjectaccessreviews' ? ({ ...object, status: { allowed: true } } as unknown as SubjectAccessReview as never) : create(kind, object, options))
        seedRequest(b, 'kubelet', kubeletRequest, { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', username: 'system:node:worker-1' }, undefined)
        seedRequest(b, 'person', rsaRequest, {}, undefined)
        await b.settle()
      },
      outcome: (b) => b.api.stored<CertificateSigningRequest>(certificateSigningRequestKind).map(({ metadata, status }) => [metadata.name, status?.conditions?.map(({ type, message }) => `${type}: ${message}`) ?? []]),
    },
    {
      controllers: [certificateCleanerController],
      story: 'old requests are cleaned away',
      run: async (b) => {
        seedRequest(b, 'decided', rsaRequest, {}, approved)
        seedRequest(b, 'pending', rsaRequest, {}, undefined)
        await b.kernel.runFor(3_700_000)
      },
    },
    {
      controllers: [clusterRoleAggregationController],
      story: 'a role gathers the rules of others',
      run: async (b) => {
        const role = (name: string, resource: string): ClusterRole => ({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name, labels: { part: 'all' } }, rules: [{ apiGroups: [''], resources: [resource], verbs: ['get'] }] })
        b.api.seed<ClusterRole>(clusterRoleKind, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'all' }, rules: [], aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: 'all' } }] } })
        b.api.seed(clusterRoleKind, role('a', 'pods'))
        await b.settle()
        b.api.seed(clusterRoleKind, role('b', 'nodes'))
        await b.settle()
        b.api.remove(clusterRoleKind, undefined, 'a')
        await b.settle()
      },
    },
    {
      controllers: [validatingAdmissionPolicyStatusController],
      story: 'a policy is checked, and again when it changes',
      run: async (b) => {
        const rules = [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }]
        b.api.seed<ValidatingAdmissionPolicy>(validatingAdmissionPolicyKind, { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression: 'object.replicas > 1' }] } } as ValidatingAdmissionPolicy)
        await b.settle()
        b.api.mutate<ValidatingAdmissionPolicy>(validatingAdmissionPolicyKind, undefined, 'p', (copy) => void (copy.spec!.validations = [{ expression: 'object.spec.replicas > 1' }]))
        await b.settle()
      },
    },
  ]
}
