import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseYaml } from '../../main/api/machinery/codec/yaml.ts'
import type { Job, Pod } from '../../main/api/generated/types.ts'
import { deploymentKind } from '../../main/api/kinds/apps/deployment.ts'
import { statefulSetKind } from '../../main/api/kinds/apps/stateful-set.ts'
import { jobKind } from '../../main/api/kinds/batch/job.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { kindFor } from '../../main/api/kinds/registry.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import type { KubeObject } from '../../main/api/machinery/object.ts'
import { bootedLab, type SimulatedLab } from './simulated-lab.ts'

/** The flows of the official tutorials, from manifests of our own written after them. */

let lab: SimulatedLab
beforeAll(async () => {
  lab = await bootedLab({ workers: 3 })
})
afterAll(() => lab.cluster.stop())

async function apply(manifests: string): Promise<void> {
  for (const text of manifests.split(/^---$/m)) {
    const object = parseYaml(text) as unknown as KubeObject
    const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion]
    const kind = kindFor(group!, object.kind)
    if (!kind || version === undefined) throw new Error(`no kind ${object.kind}`)
    await lab.settle(lab.client.create(kind, kind.namespaced ? { ...object, metadata: { namespace: 'default', ...object.metadata } } : object))
  }
}

async function pods(labelSelector: string): Promise<readonly Pod[]> {
  return (await lab.client.list<Pod>(podKind, { namespace: 'default', labelSelector })).items
}

const ready = (labelSelector: string, count: number): Promise<void> => lab.until(async () => (await pods(labelSelector)).filter(isPodReady).length === count, 300_000, `${count} of ${labelSelector} ready`)

/** What a shell in a throw-away pod prints. */
let asked = 0
async function ask(script: string, image = 'busybox:1.36'): Promise<string> {
  const name = `ask-${++asked}`
  await lab.settle(lab.client.create(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image, command: ['sh', '-c', script] }] } } as Pod))
  await lab.until(async () => ['Succeeded', 'Failed'].includes((await lab.client.get<Pod>(podKind, name, 'default')).status?.phase ?? ''), 180_000, `${script} to end`)
  return log(name)
}

async function log(name: string, container = ''): Promise<string> {
  const { body } = await lab.settle(lab.client.raw('GET', `/api/v1/namespaces/default/pods/${name}/log${container === '' ? '' : `?container=${container}`}`))
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body)
}

async function jobDone(name: string, condition = 'Complete'): Promise<Job> {
  let job!: Job
  await lab.until(async () => (job = await lab.client.get<Job>(jobKind, name, 'default')).status?.conditions?.some((each) => each.type === condition && each.status === 'True') === true, 600_000, `job ${name} ${condition}`)
  return job
}

const deployment = (name: string, replicas: number, image: string, more = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
      - name: main
        image: ${image}
${more}`

const service = (name: string, app: string, port: number, more = ''): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: ${app} }
  ports: [{ port: ${port} }]
${more}`

describe('stateless', () => {
  test('a load-balanced greeting', async () => {
    await apply(`${deployment('hello', 5, 'us-docker.pkg.dev/google-samples/containers/gke/hello-app:2.0')}---\n${service('hello', 'hello', 8080, '  type: LoadBalancer\n')}`)
    await ready('app=hello', 5)
    const answers = await ask('for i in 1 2 3 4 5 6 7 8 9 10; do wget -qO- hello:8080; done')
    expect(answers.match(/Hello, world!/g)).toHaveLength(10)
    expect(new Set(answers.match(/Hostname: .*/g)).size).toBeGreaterThan(1)
  })

  test('the guestbook on redis', async () => {
    await apply([
      deployment('redis-leader', 1, 'docker.io/redis:6.0.5'), service('redis-leader', 'redis-leader', 6379),
      deployment('redis-follower', 2, 'us-docker.pkg.dev/google-samples/containers/gke/gb-redis-follower:v2'), service('redis-follower', 'redis-follower', 6379),
      deployment('frontend', 3, 'us-docker.pkg.dev/google-samples/containers/gke/gb-frontend:v5', '        env: [{ name: GET_HOSTS_FROM, value: dns }]\n'), service('frontend', 'frontend', 80),
    ].join('---\n'))
    for (const [name, count] of [['redis-leader', 1], ['redis-follower', 2], ['frontend', 3]] as const) await ready(`app=${name}`, count)
    expect(await ask('wget -qO- "frontend/guestbook.php?cmd=set&key=messages&value=hello" && sleep 2 && wget -qO- "frontend/guestbook.php?cmd=get&key=messages"')).toBe('{"message": "Updated"}{"data":"hello"}')
    await lab.settle(lab.client.patch(deploymentKind, 'frontend', 'default', 'merge', { spec: { replicas: 5 } }))
    await ready('app=frontend', 5)
  })

  test('the guestbook of the conformance suite is created, works and is stopped', async () => {
    const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.59'
    await apply([
      deployment('agnhost-primary', 1, agnhost, '        args: [guestbook, --http-port, "6379"]\n'), service('agnhost-primary', 'agnhost-primary', 6379),
      deployment('agnhost-replica', 2, agnhost, '        args: [guestbook, --replicaof, agnhost-primary, --http-port, "6379"]\n'), service('agnhost-replica', 'agnhost-replica', 6379),
      deployment('gb', 3, agnhost, '        args: [guestbook, --backend-port, "6379"]\n'), service('gb', 'gb', 80),
    ].join('---\n'))
    for (const [name, count] of [['agnhost-primary', 1], ['agnhost-replica', 2], ['gb', 3]] as const) await ready(`app=${name}`, count)
    const through = async (parameters: string): Promise<string> => {
      const { body } = await lab.settle(lab.client.raw('GET', `/api/v1/namespaces/default/services/gb/proxy/guestbook?${parameters}`))
      return body instanceof Uint8Array ? new TextDecoder().decode(body) : JSON.stringify(body)
    }
    expect(await through('cmd=get&key=messages')).toBe('{"data":""}')
    await lab.cluster.kernel.runFor(5_000)
    expect(await through('cmd=set&key=messages&value=TestEntry')).toBe('{"message":"Updated"}')
    for (let time = 0; time < 4; time++) expect(await through('cmd=get&key=messages')).toBe('{"data":"TestEntry"}')
    for (const name of ['agnhost-primary', 'agnhost-replica', 'gb']) await lab.settle(lab.client.delete(deploymentKind, name, 'default'))
    await lab.until(async () => (await pods('app in (agnhost-primary,agnhost-replica,gb)')).length === 0, 120_000, 'the guestbook gone')
  })
})

describe('stateful', () => {
  test('WordPress keeps its site in MySQL on a volume, whatever becomes of the pods', async () => {
    const claim = (name: string): string => `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: ${name} }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 2Gi } } }\n`
    const password = (name: string): string => `        - { name: ${name}, valueFrom: { secretKeyRef: { name: mysql-pass, key: password } } }\n`
    const mounted = (path: string, name: string): string => `        volumeMounts: [{ name: data, mountPath: ${path} }]\n      volumes: [{ name: data, persistentVolumeClaim: { claimName: ${name} } }]\n`
    await apply([
      'apiVersion: v1\nkind: Secret\nmetadata: { name: mysql-pass }\nstringData: { password: not-told }\n',
      claim('mysql-pv-claim'), claim('wp-pv-claim'),
      deployment('wordpress-mysql', 1, 'mysql:8.0', `        env:\n${password('MYSQL_ROOT_PASSWORD')}${password('MYSQL_PASSWORD')}        - { name: MYSQL_DATABASE, value: wordpress }\n        - { name: MYSQL_USER, value: wordpress }\n${mounted('/var/lib/mysql', 'mysql-pv-claim')}`),
      service('wordpress-mysql', 'wordpress-mysql', 3306, '  clusterIP: None\n'),
      deployment('wordpress', 1, 'wordpress:6.2.1-apache', `        env:\n        - { name: WORDPRESS_DB_HOST, value: wordpress-mysql }\n        - { name: WORDPRESS_DB_USER, value: wordpress }\n${password('WORDPRESS_DB_PASSWORD')}${mounted('/var/www/html', 'wp-pv-claim')}`),
      service('wordpress', 'wordpress', 80),
    ].join('---\n'))
    await ready('app=wordpress', 1)
    await ready('app=wordpress-mysql', 1)
    await lab.cluster.kernel.runFor(5_000)
    expect(await ask('wget -qO- wordpress/wp-admin/install.php')).toContain('Information needed')
    expect(await ask('wget -qO- --post-data "weblog_title=Stars" "wordpress/wp-admin/install.php?step=2"')).toContain('Success!')
    expect(await ask('wget -qO- wordpress')).toContain('<h1>Stars</h1><h2>Hello world!</h2>')
    for (const { metadata } of await lab.settle(pods('app in (wordpress,wordpress-mysql)'))) await lab.settle(lab.client.delete(podKind, metadata.name!, 'default'))
    await lab.cluster.kernel.runFor(40_000)
    await ready('app=wordpress', 1)
    await ready('app=wordpress-mysql', 1)
    await lab.cluster.kernel.runFor(5_000)
    expect(await ask('wget -qO- wordpress')).toContain('<h1>Stars</h1>')
    expect(await ask('mysql -h wordpress-mysql -uwordpress -pnot-told wordpress -N -e "select post_title from wp_posts"', 'mysql:8.0')).toBe('Hello world!\n')
  })

  test('a StatefulSet: ordered, with names and volumes that stay', async () => {
    await apply(`${service('nginx', 'nginx', 80, '  clusterIP: None\n')}---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: web }
spec:
  serviceName: nginx
  replicas: 2
  selector: { matchLabels: { app: nginx } }
  template:
    metadata: { labels: { app: nginx } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: nginx
        image: registry.k8s.io/nginx-slim:0.24
        ports: [{ containerPort: 80, name: web }]
        command: [sh, -c, 'test -f /usr/share/nginx/html/index.html || hostname > /usr/share/nginx/html/index.html; exec nginx -g "daemon off;"']
        volumeMounts: [{ name: www, mountPath: /usr/share/nginx/html }]
  volumeClaimTemplates:
  - metadata: { name: www }
    spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`)
    await ready('app=nginx', 2)
    const born = (await lab.settle(pods('app=nginx'))).map(({ metadata }) => [metadata.name!, metadata.creationTimestamp!] as const).sort()
    expect(born.map(([name]) => name)).toEqual(['web-0', 'web-1'])
    expect(Date.parse(born[0]![1])).toBeLessThanOrEqual(Date.parse(born[1]![1]))
    expect(await ask('for i in 0 1; do wget -qO- web-$i.nginx; done')).toBe('web-0\nweb-1\n')
    for (const name of ['web-0', 'web-1']) await lab.settle(lab.client.delete(podKind, name, 'default'))
    await lab.cluster.kernel.runFor(20_000)
    await ready('app=nginx', 2)
    expect(await ask('for i in 0 1; do wget -qO- web-$i.nginx; done')).toBe('web-0\nweb-1\n')
    await lab.settle(lab.client.patch(statefulSetKind, 'web', 'default', 'merge', { spec: { replicas: 1 } }))
    await lab.until(async () => (await pods('app=nginx')).length === 1, 60_000, 'web-1 gone')
    expect((await lab.settle(pods('app=nginx')))[0]!.metadata.name).toBe('web-0')
  })
})

describe('configuration', () => {
  test('redis is configured by a ConfigMap', async () => {
    await apply(`apiVersion: v1
kind: ConfigMap
metadata: { name: example-redis-config }
data:
  redis-config: |
    maxmemory 2mb
    maxmemory-policy allkeys-lru
---
apiVersion: v1
kind: Pod
metadata: { name: redis }
spec:
  containers:
  - name: redis
    image: redis:8.0.2
    command: [redis-server, /redis-master/redis.conf]
    volumeMounts: [{ mountPath: /redis-master-data, name: data }, { mountPath: /redis-master, name: config }]
  volumes:
  - { name: data, emptyDir: {} }
  - { name: config, configMap: { name: example-redis-config, items: [{ key: redis-config, path: redis.conf }] } }
`)
    await lab.until(async () => isPodReady(await lab.client.get<Pod>(podKind, 'redis', 'default')), 60_000, 'redis ready')
    const { status } = await lab.settle(lab.client.get<Pod>(podKind, 'redis', 'default'))
    expect(await ask(`redis-cli -h ${status!.podIP} CONFIG GET maxmemory; redis-cli -h ${status!.podIP} CONFIG GET maxmemory-policy`, 'redis:8.0.2')).toBe('maxmemory\n2097152\nmaxmemory-policy\nallkeys-lru\n')
  })

  test('the downward API, and a sidecar that outlives its job’s work no longer than it must', async () => {
    await apply(`apiVersion: batch/v1
kind: Job
metadata: { name: with-sidecar }
spec:
  template:
    metadata: { labels: { job: with-sidecar, zone: north } }
    spec:
      restartPolicy: Never
      initContainers:
      - name: logshipper
        image: alpine:latest
        restartPolicy: Always
        command: [sh, -c, 'tail -F /opt/logs.txt']
        volumeMounts: [{ name: data, mountPath: /opt }]
      containers:
      - name: main
        image: alpine:latest
        command: [sh, -c, 'echo "$NODE $(cat /etc/podinfo/labels | grep zone)" > /opt/logs.txt; sleep 2']
        env: [{ name: NODE, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }]
        volumeMounts: [{ name: data, mountPath: /opt }, { name: podinfo, mountPath: /etc/podinfo }]
      volumes:
      - { name: data, emptyDir: {} }
      - { name: podinfo, downwardAPI: { items: [{ path: labels, fieldRef: { fieldPath: metadata.labels } }] } }
`)
    await jobDone('with-sidecar')
    const [pod] = await lab.settle(pods('job=with-sidecar'))
    expect(await log(pod!.metadata.name!, 'logshipper')).toContain(`${pod!.spec!.nodeName} zone="north"`)
  })
})

describe('jobs', () => {
  test('π, an index each, and a queue in redis', async () => {
    await apply(`apiVersion: batch/v1
kind: Job
metadata: { name: pi }
spec:
  backoffLimit: 4
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: pi, image: 'perl:5.34.0', command: [perl, -Mbignum=bpi, -wle, 'print bpi(100)'] }]
---
apiVersion: batch/v1
kind: Job
metadata: { name: indexed }
spec:
  completions: 5
  parallelism: 3
  completionMode: Indexed
  template:
    spec:
      restartPolicy: Never
      initContainers:
      - name: input
        image: bash:5
        command: [bash, -c, 'items=(foo bar baz qux xyz); echo \${items[$JOB_COMPLETION_INDEX]} > /input/data.txt']
        volumeMounts: [{ mountPath: /input, name: input }]
      containers:
      - name: worker
        image: busybox:1.36
        command: [rev, /input/data.txt]
        volumeMounts: [{ mountPath: /input, name: input }]
      volumes: [{ name: input, emptyDir: {} }]
---
${deployment('queue', 1, 'redis:7')}---
${service('queue', 'queue', 6379)}`)
    await jobDone('pi')
    const [pi] = await lab.settle(pods('job-name=pi'))
    expect(await log(pi!.metadata.name!)).toMatch(/^3\.14159265358979323846/)
    await jobDone('indexed')
    const workers = await lab.settle(pods('job-name=indexed'))
    const printed: string[] = []
    for (const { metadata } of workers) printed[Number(metadata.annotations!['batch.kubernetes.io/job-completion-index'])] = (await log(metadata.name!, 'worker')).trim()
    expect(printed).toEqual(['oof', 'rab', 'zab', 'xuq', 'zyx'])
    await ready('app=queue', 1)
    await ask('redis-cli -h queue RPUSH job2 apple banana cherry date fig grape', 'redis:7')
    await apply(`apiVersion: batch/v1
kind: Job
metadata: { name: fine }
spec:
  parallelism: 2
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: worker
        image: redis:7
        command: [sh, -c, 'while item=$(redis-cli -h queue LPOP job2); [ -n "$item" ]; do echo "Working on $item"; sleep 1; done; echo "Queue empty, exiting"']
`)
    await jobDone('fine')
    const done = await lab.settle(pods('job-name=fine'))
    const lines: string[] = []
    for (const { metadata } of done) lines.push(...(await log(metadata.name!)).split('\n'))
    expect(lines.filter((line) => line.startsWith('Working on')).map((line) => line.slice(11)).sort()).toEqual(['apple', 'banana', 'cherry', 'date', 'fig', 'grape'])
    expect(lines.filter((line) => line === 'Queue empty, exiting')).toHaveLength(2)
  })
})

describe('probes', () => {
  test('a container whose liveness probe fails is started again', async () => {
    await apply(`apiVersion: v1
kind: Pod
metadata: { name: liveness-exec }
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: liveness
    image: registry.k8s.io/busybox:1.27.2
    args: [/bin/sh, -c, 'touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600']
    livenessProbe: { exec: { command: [cat, /tmp/healthy] }, initialDelaySeconds: 5, periodSeconds: 5 }
---
apiVersion: v1
kind: Pod
metadata: { name: liveness-http }
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: liveness
    image: registry.k8s.io/e2e-test-images/agnhost:2.40
    args: [liveness]
    livenessProbe: { httpGet: { path: /healthz, port: 8080 }, initialDelaySeconds: 3, periodSeconds: 3 }
`)
    for (const name of ['liveness-exec', 'liveness-http']) await lab.until(async () => ((await lab.client.get<Pod>(podKind, name, 'default')).status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1, 120_000, `${name} restarted`)
  })
})

test('service types tell more or less of where a client comes from', async () => {
  await apply(`${deployment('source-ip-app', 1, 'registry.k8s.io/e2e-test-images/agnhost:2.59', '        args: [netexec, --http-port=8080]\n')}---
apiVersion: v1
kind: Service
metadata: { name: clusterip }
spec: { selector: { app: source-ip-app }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: nodeport }
spec: { type: NodePort, selector: { app: source-ip-app }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] }
`)
  await ready('app=source-ip-app', 1)
  const [ip, seen] = (await ask('hostname -i; sleep 2; wget -qO- clusterip/clientip')).split('\n')
  expect(seen).toMatch(new RegExp(`^${ip!.trim().replaceAll('.', '\\.')}:\\d+$`))
  expect(await ask('sleep 1; wget -qO- 192.168.64.11:30080/clientip')).toMatch(/^\d+\.\d+\.\d+\.\d+:\d+$/)
})
