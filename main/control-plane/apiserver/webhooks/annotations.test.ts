/** What webhooks and policies leave in the audit log. */
import { expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

interface Event {
  readonly verb: string
  readonly stage: string
  readonly requestURI: string
  readonly annotations: Readonly<Record<string, string>>
}

it('is written down', async () => {
  const log = '/var/log/kubernetes/audit/audit.log'
  const files = new Map([['/etc/kubernetes/audit-policy.yaml', 'apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Request, resources: [{group: "", resources: [configmaps]}]}]\n']])
  const server = await startServer({
    flags: ['--audit-policy-file=/etc/kubernetes/audit-policy.yaml', `--audit-log-path=${log}`],
    files: {
      exists: (path) => files.has(path),
      readText(path) {
        const text = files.get(path)
        if (text === undefined) throw new Error(`open ${path}: no such file or directory`)
        return text
      },
      read: () => new Uint8Array(),
      write: (path, content, options) => void files.set(path, `${options?.append ? (files.get(path) ?? '') : ''}${typeof content === 'string' ? content : new TextDecoder().decode(content)}`),
      makeDirectory: () => undefined,
      rename: () => undefined,
      remove: (path) => void files.delete(path),
      list: () => [],
    },
    outbound: {
      call(call) {
        const { request } = JSON.parse(call.body) as { request: { uid: string } }
        if (call.url.includes('/broken')) return Promise.resolve({ problem: 'EOF' })
        return Promise.resolve({ status: 200, contentType: 'application/json', body: JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: request.uid, allowed: true, auditAnnotations: { said: 'yes' }, patchType: 'JSONPatch', patch: btoa('[{"op":"add","path":"/data","value":{"a":"b"}}]') } }) })
      },
    },
  })
  const group = '/apis/admissionregistration.k8s.io/v1'
  const apiVersion = 'admissionregistration.k8s.io/v1'
  const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }]
  const webhook = (name: string, path: string): object => ({ name, clientConfig: { url: `https://hook.example${path}` }, rules, sideEffects: 'None', admissionReviewVersions: ['v1'], failurePolicy: 'Ignore' })
  const put = async (plural: string, kind: string, name: string, rest: object): Promise<void> => expect((await server.call('POST', `${group}/${plural}`, { apiVersion, kind, metadata: { name }, ...rest })).status).toBe(201)
  await put('mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', 'm', { webhooks: [webhook('good.example.com', '/good'), webhook('broken.example.com', '/broken')] })
  await put('validatingadmissionpolicies', 'ValidatingAdmissionPolicy', 'p', { spec: { matchConstraints: { resourceRules: rules }, validations: [{ expression: 'false', message: 'never' }], auditAnnotations: [{ key: 'name', valueExpression: "'it is ' + request.name" }, { key: 'none', valueExpression: 'null' }] } })
  await put('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', 'b', { spec: { policyName: 'p', validationActions: ['Audit'] } })
  expect((await server.call('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } })).status).toBe(201)
  const events = (files.get(log) ?? '').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Event)
  const { annotations } = events.find(({ verb, requestURI }) => verb === 'create' && requestURI.includes('/default/configmaps'))!
  expect(Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith('authorization.k8s.io')))).toEqual({
    'good.example.com/said': 'yes',
    'mutation.webhook.admission.k8s.io/round_0_index_0': '{"configuration":"m","webhook":"good.example.com","mutated":true}',
    'patch.webhook.admission.k8s.io/round_0_index_0': '{"configuration":"m","webhook":"good.example.com","patch":[{"op":"add","path":"/data","value":{"a":"b"}}],"patchType":"JSONPatch"}',
    'mutation.webhook.admission.k8s.io/round_0_index_1': '{"configuration":"m","webhook":"broken.example.com","mutated":false}',
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_1': 'broken.example.com',
    'validation.policy.admission.k8s.io/validation_failure': '[{"message":"never","policy":"p","binding":"b","expressionIndex":0,"validationActions":["Audit"]}]',
    'p/name': 'it is x',
  })
  const page = new TextDecoder().decode((await server.call('GET', '/metrics')).body as Uint8Array)
  expect(page).toContain('apiserver_admission_webhook_fail_open_count{name="broken.example.com",type="admit"} 1')
  expect(page).toContain('apiserver_admission_webhook_request_total{code="200",name="good.example.com",operation="CREATE",rejected="false",type="admit"} 1')
})
