/** How a server runs: whose turn it is, what it says of itself, what it writes down, how it stops. */
import { describe, expect, it } from 'vitest'
import { HttpClient } from '../../kernel/http.ts'
import type { HttpResponse } from '../../kernel/http.ts'
import { auditSettings } from './audit/audit-flags.ts'
import { parsePolicy } from './audit/policy.ts'
import type { ServerFiles } from './audit/log-file.ts'
import { admin, startServer } from './testing/start-server.ts'
import type { TestServer } from './testing/start-server.ts'

const jane = { commonName: 'jane', organizations: ['people'] }
const flowGroup = '/apis/flowcontrol.apiserver.k8s.io/v1'
const text = (response: HttpResponse): string => new TextDecoder().decode(response.body as Uint8Array)

async function allow(server: TestServer, user: string): Promise<void> {
  await server.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: user }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }] })
}

/** A level for jane with as many seats as given, and a schema that leads her there. */
async function levelFor(server: TestServer, limited: object): Promise<void> {
  const level = await server.call('POST', `${flowGroup}/prioritylevelconfigurations`, { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'PriorityLevelConfiguration', metadata: { name: 'narrow' }, spec: { type: 'Limited', limited } })
  expect(level.status).toBe(201)
  const schema = await server.call('POST', `${flowGroup}/flowschemas`, {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: 'jane' },
    spec: {
      priorityLevelConfiguration: { name: 'narrow' },
      matchingPrecedence: 50,
      distinguisherMethod: { type: 'ByUser' },
      rules: [{ subjects: [{ kind: 'User', user: { name: 'jane' } }], resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }] }],
    },
  })
  expect(schema.status).toBe(201)
  await server.run(100)
}

/** Many requests at once. */
async function burst(server: TestServer, count: number): Promise<HttpResponse[]> {
  const client = new HttpClient(server.somebody, { address: '192.168.64.10', port: 6443 }, jane)
  return server.kernel.settle(Promise.all(Array.from({ length: count }, () => client.request({ method: 'GET', path: '/api/v1/namespaces', headers: {} }))))
}

describe('priority and fairness', () => {
  it('names schema and level in every answer', async () => {
    const server = await startServer()
    const answer = await server.call('GET', '/api/v1/namespaces', undefined, {}, admin)
    const schema = await server.call('GET', `${flowGroup}/flowschemas/exempt`)
    if (schema.status === 200) expect(answer.headers['x-kubernetes-pf-flowschema-uid']).toBe((schema.json as { metadata: { uid: string } }).metadata.uid)
    expect(answer.headers).toHaveProperty('x-kubernetes-pf-prioritylevel-uid')
  })

  it('answers 429 where nothing may wait, and lets others be', async () => {
    const server = await startServer()
    await allow(server, 'jane')
    await levelFor(server, { nominalConcurrencyShares: 0, lendablePercent: 0, limitResponse: { type: 'Reject' } })
    const answers = await burst(server, 3)
    // One at a time, however narrow the level.
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 429])
    expect(text(answers[1]!)).toBe('Too many requests, please try again later.\n')
    expect(answers[1]!.headers).toMatchObject({ 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' })
    expect((await server.call('GET', '/api/v1/namespaces')).status).toBe(200)
    const metrics = text(await server.call('GET', '/metrics').then((answer) => ({ ...answer, body: answer.body! })))
    expect(metrics).toContain('apiserver_flowcontrol_rejected_requests_total{flow_schema="jane",priority_level="narrow",reason="concurrency-limit"} 2\n')
    expect(metrics).toContain('apiserver_flowcontrol_nominal_limit_seats{priority_level="narrow"} 0\n')
  })

  it('lets requests wait their turn, and shows them', async () => {
    const server = await startServer({ flags: ['--max-requests-inflight=2', '--max-mutating-requests-inflight=0'] })
    await allow(server, 'jane')
    await levelFor(server, { nominalConcurrencyShares: 1, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 2, queueLengthLimit: 20 } } })
    const answers = await burst(server, 12)
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const levels = text(await server.call('GET', '/debug/api_priority_and_fairness/dump_priority_levels'))
    expect(levels.split('\n')[0]).toBe('PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests')
    expect(levels).toMatch(/^narrow, +0, +true, +false, +0, +0, +12, +0, +0, +0$/m)
    const requests = text(await server.call('GET', '/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1'))
    expect(requests).toMatch(/^exempt, +exempt, +-1, +-1, .*kubernetes-admin, +get, +\/debug\/api_priority_and_fairness\/dump_requests, /m)
    expect(text(await server.call('GET', '/debug/api_priority_and_fairness/dump_queues'))).toMatch(/^narrow, +3, +0, /m)
  })
})

describe('without priority and fairness', () => {
  it('so many requests run at a time, and more are refused', async () => {
    const server = await startServer({ flags: ['--enable-priority-and-fairness=false', '--max-requests-inflight=2', '--max-mutating-requests-inflight=1'] })
    await allow(server, 'jane')
    const answers = await burst(server, 20)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]))
    expect(answers[0]!.headers).not.toHaveProperty('x-kubernetes-pf-flowschema-uid')
    expect((await server.call('GET', '/debug/api_priority_and_fairness/dump_queues')).status).toBe(404)
    expect((await burst(server, 2)).map(({ status }) => status)).toEqual([200, 200])
  })
})

describe('what a server says of itself', () => {
  it('is its health, check by check', async () => {
    const server = await startServer()
    const verbose = text(await server.call('GET', '/readyz?verbose&exclude=etcd&exclude=nosuch'))
    expect(verbose).toContain('[+]ping ok\n[+]log ok\n[+]etcd excluded: ok\n[+]etcd-readiness ok\n[+]informer-sync ok\n')
    expect(verbose).toContain('[+]shutdown ok\nwarn: some health checks cannot be excluded: no matches for "nosuch"\nreadyz check passed\n')
    expect(text(await server.call('GET', '/livez/etcd'))).toBe('ok')
    expect((await server.call('GET', '/livez/shutdown')).status).toBe(404)
    expect(text(await server.call('GET', '/metrics/slis'))).toContain('kubernetes_healthcheck{name="etcd",type="livez"} 1\n')
    expect((await server.call('POST', '/livez')).status).toBe(405)
  })

  it('is its status and its flags', async () => {
    const server = await startServer({ flags: ['kube-apiserver', '--allow-privileged', '--secure-port=6443'] })
    expect(text(await server.call('GET', '/statusz'))).toMatch(/^\nkube-apiserver statusz\nWarning: .*\n\nStarted: Thu Jan {2}1 00:00:00 UTC 2026\nUp: 0 hr 00 min \d\d sec\n/)
    expect(text(await server.call('GET', '/flagz'))).toContain('\nallow-privileged=true\nsecure-port=6443\n')
    const asked = await server.call('GET', '/statusz', undefined, { accept: 'application/json;v=v1alpha1;g=config.k8s.io;as=Statusz' })
    expect(asked.json).toMatchObject({ kind: 'Statusz', apiVersion: 'config.k8s.io/v1alpha1', metadata: { name: 'kube-apiserver' } })
    expect((await server.call('GET', '/statusz', undefined, { accept: 'application/json' })).status).toBe(406)
  })

  it('is what it counts, in a form that can be read', async () => {
    const server = await startServer()
    await server.call('GET', '/api/v1/namespaces/default')
    await server.call('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } })
    const answer = await server.call('GET', '/metrics')
    const page = text(answer)
    expect(page).toContain('apiserver_request_total{code="201",component="apiserver",dry_run="All",group="",resource="configmaps",scope="resource",subresource="",verb="POST",version="v1"} 1\n')
    expect(page).toMatch(/etcd_request_duration_seconds_count\{group="",operation="create",resource="namespaces"\} \d+\n/)
    expect(page).toMatch(/apiserver_admission_controller_admission_duration_seconds_count\{name="NamespaceLifecycle",operation="CREATE",rejected="false",type="admit"\} \d+\n/)
    const families = new Set<string>()
    for (const line of page.trimEnd().split('\n')) {
      const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line)
      if (type) {
        expect(families).not.toContain(type[1])
        families.add(type[1]!)
      } else if (!line.startsWith('# HELP ')) expect(line).toMatch(/^[a-z_]+(\{([a-z_]+="[^"]*"(,|(?=\})))*\})? (\d[\d.e+-]*|\+Inf|NaN)$/)
    }
    // Buckets rise up to the count.
    const buckets = [...page.matchAll(/^apiserver_request_duration_seconds_bucket\{.*resource="namespaces".*verb="GET".*le="([^"]+)"\} (\d+)$/gm)].map((match) => Number(match[2]))
    expect(buckets).toEqual([...buckets].sort((a, b) => a - b))
  })
})

/** Files in memory. */
function memoryFiles(files: Map<string, string>): ServerFiles {
  return {
    exists: (path) => files.has(path),
    readText(path) {
      const found = files.get(path)
      if (found === undefined) throw new Error('no such file')
      return found
    },
    read: (path) => new TextEncoder().encode(files.get(path) ?? ''),
    write: (path, content, options) => void files.set(path, (options?.append ? (files.get(path) ?? '') : '') + (typeof content === 'string' ? content : new TextDecoder().decode(content))),
    makeDirectory: () => undefined,
    rename(from, to) {
      files.set(to, files.get(from) ?? '')
      files.delete(from)
    },
    remove: (path) => void files.delete(path),
    list: (folder) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)),
  }
}

const auditFlags = ['--audit-policy-file=/etc/kubernetes/audit-policy.yaml', '--audit-log-path=/var/log/kubernetes/audit/audit.log']
const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  users: ["system:apiserver"]
- level: None
  nonResourceURLs: ["/livez*"]
- level: Metadata
  resources: [{group: "", resources: [secrets]}]
- level: RequestResponse
  omitManagedFields: true
  resources: [{group: "", resources: [configmaps]}]
  namespaces: [default]
- level: Request
  verbs: [watch]
`

interface Event {
  readonly [field: string]: unknown
  readonly stage: string
}

describe('the audit log', () => {
  const started = async (given: string, flags: readonly string[] = auditFlags) => {
    const files = new Map([['/etc/kubernetes/audit-policy.yaml', given]])
    const server = await startServer({ flags, files: memoryFiles(files) })
    const events = (): Event[] => (files.get('/var/log/kubernetes/audit/audit.log') ?? '').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Event)
    return { server, files, events }
  }

  it('holds what the policy asks for', async () => {
    const { server, events } = await started(policy)
    await server.call('GET', '/livez')
    await server.call('POST', '/api/v1/namespaces/default/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { key: 'eA==' } })
    await server.call('POST', '/api/v1/namespaces/default/configmaps', new TextEncoder().encode('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n'), { 'content-type': 'application/yaml' })
    await server.call('GET', '/api/v1/namespaces/default/configmaps/nosuch')
    await server.call('GET', '/api/v1/namespaces/default/configmaps/c', undefined, {}, jane)
    const [secret, made, missing, refused] = events()
    expect(events()).toHaveLength(4)
    expect(secret).toMatchObject({ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', stage: 'ResponseComplete', requestURI: '/api/v1/namespaces/default/secrets', verb: 'create', user: { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }, sourceIPs: ['192.168.64.11'], userAgent: 'test/1.0', objectRef: { resource: 'secrets', namespace: 'default', apiVersion: 'v1' }, responseStatus: { metadata: {}, code: 201 }, annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' } })
    expect(secret).not.toHaveProperty('requestObject')
    expect(made).toMatchObject({ level: 'RequestResponse', requestObject: { kind: 'ConfigMap', metadata: { name: 'c' } }, responseObject: { kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' } }, objectRef: { name: 'c' } })
    expect((made!['responseObject'] as { metadata: object }).metadata).not.toHaveProperty('managedFields')
    expect(missing).toMatchObject({ responseStatus: { status: 'Failure', message: 'configmaps "nosuch" not found', reason: 'NotFound', code: 404 } })
    expect(refused).toMatchObject({ user: { username: 'jane' }, annotations: { 'authorization.k8s.io/decision': 'forbid' }, responseStatus: { code: 403 } })
    expect(refused!['auditID']).toMatch(/^[0-9a-f-]{36}$/)
    expect(refused!['stageTimestamp']).toMatch(/^2026-01-01T00:00:\d\d\.\d{6}Z$/)
  })

  it('tells when a watch began and ended', async () => {
    const { server, events } = await started(policy)
    const watch = await server.watch('/api/v1/namespaces?watch=true&timeoutSeconds=1')
    await server.run(2_000)
    expect(watch.ended()).toBe(true)
    expect(events().map(({ stage }) => stage)).toEqual(['ResponseStarted', 'ResponseComplete'])
  })

  it('says whom somebody acts for', async () => {
    const { server, events } = await started('apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, users: [kubernetes-admin]}]\n')
    await server.call('GET', '/api/v1/namespaces', undefined, { 'impersonate-user': 'jane' })
    expect(events().map(({ stage }) => stage)).toEqual(['RequestReceived', 'ResponseComplete'])
    expect(events()[1]).toMatchObject({ user: { username: 'kubernetes-admin' }, impersonatedUser: { username: 'jane' }, authenticationMetadata: { impersonationConstraint: 'impersonate:user-info' }, responseStatus: { code: 403 } })
  })

  it('is moved aside when it is large, and never keeps more than it should', async () => {
    const { server, files } = await started('apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: RequestResponse}]\n', [...auditFlags, '--audit-log-maxsize=1', '--audit-log-maxbackup=2'])
    for (let index = 0; index < 9; index++) {
      await server.call('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `c${index}` }, data: { text: 'x'.repeat(300_000) } })
      await server.run(1_000)
    }
    const kept = [...files.keys()].filter((path) => path.startsWith('/var/log/'))
    expect(kept).toHaveLength(3)
    for (const path of kept) expect(files.get(path)!.length).toBeLessThan(1024 * 1024)
    expect(kept.some((path) => /audit-2026-01-01T00-00-\d\d\.\d{3}\.log$/.test(path))).toBe(true)
  })

  it('is refused a policy that is none', () => {
    const wrong = (text: string): string => {
      try {
        parsePolicy(text)
        return ''
      } catch (error) {
        return (error as Error).message
      }
    }
    expect(wrong('kind: Policy')).toContain('no kind "Policy" is registered for version ""')
    expect(wrong('[')).toContain('failed decoding')
    expect(wrong('apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []')).toBe('loaded illegal policy with 0 rules')
    expect(wrong('apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}]')).toBe('rules[0].level: Unsupported value: "All": supported values: "Metadata", "None", "Request", "RequestResponse"')
    expect(wrong('apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [Never]\nrules: [{level: None}]')).toContain('omitStages: Invalid value: "Never"')
    const files = memoryFiles(new Map())
    expect(() => auditSettings(auditFlags, files, () => 0, () => undefined)).toThrow('loading audit policy file: failed to read file path "/etc/kubernetes/audit-policy.yaml": open /etc/kubernetes/audit-policy.yaml: no such file or directory')
    expect(auditSettings(['--audit-log-path=-'], files, () => 0, () => undefined)).toBeUndefined()
  })
})

describe('a server that stops', () => {
  it('fails its readiness, ends watches, and finishes what is in flight', async () => {
    const server = await startServer()
    const watch = await server.watch('/api/v1/namespaces?watch=true')
    const client = new HttpClient(server.somebody, { address: '192.168.64.10', port: 6443 }, admin)
    const create = client.request({ method: 'POST', path: '/api/v1/namespaces/default/configmaps', headers: {}, body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'last' } } })
    await server.run(1)
    const stopping = Promise.resolve(server.server.stop?.())
    const ready = client.request({ method: 'GET', path: '/readyz', headers: {} })
    const late = client.request({ method: 'GET', path: '/api/v1/namespaces', headers: {} })
    expect((await server.kernel.settle(create)).status).toBe(201)
    expect((await server.kernel.settle(late)).status).toBe(503)
    await server.kernel.settle(stopping)
    expect(watch.ended()).toBe(true)
    expect(text(await server.kernel.settle(ready))).toContain('[-]shutdown failed: reason withheld\nreadyz check failed\n')
  })

  it('goes on for a while after it said so, where its flags say so', async () => {
    const server = await startServer({ flags: ['--shutdown-delay-duration=10s'] })
    let stopped = false
    void Promise.resolve(server.server.stop?.()).then(() => (stopped = true))
    await server.run(5_000)
    expect((await server.call('GET', '/readyz')).status).toBe(500)
    expect((await server.call('GET', '/api/v1/namespaces')).status).toBe(200)
    expect(stopped).toBe(false)
    await server.run(6_000)
    expect((await server.call('GET', '/api/v1/namespaces')).status).toBe(503)
    expect(stopped).toBe(true)
  })
})
