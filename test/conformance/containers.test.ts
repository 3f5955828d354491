import { beforeAll, describe, expect, test } from 'vitest'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { serviceKind } from '../../main/api/kinds/core/service.ts'
import { serviceAccountKind } from '../../main/api/kinds/core/service-account.ts'
import type { Pod, Service, ServiceAccount } from '../../main/api/generated/types.ts'
import { isPodReady } from '../../main/api/machinery/pod.ts'
import { startPodLab } from './pod-lab.ts'
import type { PodCase, PodLab } from './pod-lab.ts'

const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.59'
const token = '/var/run/secrets/kubernetes.io/serviceaccount'
const field = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } })
const resource = (name: string, of: string): object => ({ name, valueFrom: { resourceFieldRef: { resource: of } } })
const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } }
const address = /^\d+\.\d+\.\d+\.\d+$/

/** Pods that run once, and what they have to print. */
const cases: Record<string, PodCase> = {
  // The environment.
  'env-map': { script: 'echo $A $data_1', output: 'value-1 value-1', container: { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'map', key: 'data_1' } } }], envFrom: [{ configMapRef: { name: 'map' } }] } },
  'env-secret': { script: 'echo $A $p_data_1', output: 'value-1 value-1', container: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'secret', key: 'data_1' } } }], envFrom: [{ prefix: 'p_', secretRef: { name: 'secret' } }] } },
  'env-limits': { script: 'echo $CL $CR $ML $MR', output: '2 1 67108864 33554432', container: { resources, env: [resource('CL', 'limits.cpu'), resource('CR', 'requests.cpu'), resource('ML', 'limits.memory'), resource('MR', 'requests.memory')] as never } },
  'env-allocatable': { script: 'test $CL -ge 1 && test $ML -gt 1000000000 && echo whole node', output: 'whole node', container: { env: [resource('CL', 'limits.cpu'), resource('ML', 'limits.memory')] as never } },
  'env-host': { script: 'echo $IP', output: address, container: { env: [field('IP', 'status.hostIP')] as never } },
  'env-uid': { script: 'echo $ID', output: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, container: { env: [field('ID', 'metadata.uid')] as never } },
  'env-names': { script: 'echo $N/$S; test "$IP" = "$(hostname -i)"', output: 'default/env-names', container: { env: [field('S', 'metadata.name'), field('N', 'metadata.namespace'), field('IP', 'status.podIP')] as never } },
  'env-services': { script: 'echo $FOO_SERVICE_HOST $FOO_SERVICE_PORT $FOO_PORT $FOO_PORT_8765_TCP $FOO_PORT_8765_TCP_PROTO $FOO_PORT_8765_TCP_PORT $FOO_PORT_8765_TCP_ADDR', output: /^(\S+) 8765 tcp:\/\/\1:8765 tcp:\/\/\1:8765 tcp 8765 \1$/ },
  'env-composed': { script: 'echo $C', output: 'a-value;;b-value', container: { env: [{ name: 'A', value: 'a-value' }, { name: 'B', value: 'b-value' }, { name: 'C', value: '$(A);;$(B)' }] } },
  'env-command': { output: 'test-value', container: { command: ['sh', '-c', 'echo $(VALUE)'], env: [{ name: 'VALUE', value: 'test-value' }] } },
  'env-args': { output: 'test-value', container: { command: ['sh', '-c'], args: ['echo $(VALUE)'], env: [{ name: 'VALUE', value: 'test-value' }] } },
  // Command and arguments against those of the image.
  'image-args': { output: /2\.59/, container: { image: agnhost, args: ['--version'] } },
  'image-command': { output: 'mine', container: { image: agnhost, command: ['echo', 'mine'] } },
  'image-both': { output: 'mine too', container: { image: agnhost, command: ['echo'], args: ['mine', 'too'] } },
  // Endings.
  'message-empty': { script: 'echo DONE; exit 0', output: 'DONE', container: { terminationMessagePolicy: 'FallbackToLogsOnError' } },
  'message-file': { script: 'printf OK > /dev/termination-log; exit 0', output: '', container: { terminationMessagePolicy: 'FallbackToLogsOnError' } },
  'message-log': { script: 'echo DONE; exit 1', output: 'DONE', phase: 'Failed', container: { terminationMessagePolicy: 'FallbackToLogsOnError' } },
  'message-user': { script: 'printf DONE > /dev/termination-custom-log', output: '', container: { terminationMessagePath: '/dev/termination-custom-log', securityContext: { runAsUser: 1000 } } },
  fails: { script: 'exit 1', output: '', phase: 'Failed' },
  prints: { script: "echo 'Hello World'", output: 'Hello World' },
  // Files that the kubelet keeps.
  'read-only': { script: 'echo x > /file || echo refused', output: /refused$/, container: { securityContext: { readOnlyRootFilesystem: true } } },
  writable: { script: 'touch /file && echo written', output: 'written', container: { securityContext: { readOnlyRootFilesystem: false } } },
  aliases: { script: 'grep 123.45.67.89 /etc/hosts', output: /^123\.45\.67\.89\s+foo\s+bar$/, spec: { hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }] } },
  hosts: { script: 'head -1 /etc/hosts', output: '# Kubernetes-managed hosts file.' },
  'hosts-own': { script: 'head -1 /etc/hosts', output: 'mine', container: { volumeMounts: [{ name: 'v', mountPath: '/etc/hosts', subPath: 'hosts' }] }, spec: { volumes: [{ name: 'v', configMap: { name: 'map' } }] } },
  // Users.
  user: { script: 'id -u', output: '65534', container: { securityContext: { runAsUser: 65534 } } },
  'user-group': { script: 'id -u; id -g', output: '1001\n2002', container: { securityContext: { runAsUser: 1001, runAsGroup: 2002 } } },
  'user-group-pod': { script: 'id -u; id -g', output: '1001\n2002', spec: { securityContext: { runAsUser: 1001, runAsGroup: 2002 } } },
  'no-escalation': { script: 'id -u', output: '1000', container: { securityContext: { runAsUser: 1000, allowPrivilegeEscalation: false } } },
  // Accounts.
  'account-mounted': { script: `cut -c1-3 ${token}/token; head -1 ${token}/ca.crt; cat ${token}/namespace`, output: 'eyJ\n-----BEGIN CERTIFICATE-----\ndefault' },
  'account-projected': { script: 'cut -c1-3 /t/token', output: 'eyJ', container: { volumeMounts: [{ name: 'v', mountPath: '/t' }] }, spec: { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }] } }] } },
  'account-pod-opts-out': { script: `ls ${token} 2>/dev/null || echo none`, output: 'none', spec: { automountServiceAccountToken: false } },
  'account-opts-out': { script: `ls ${token} 2>/dev/null || echo none`, output: 'none', spec: { serviceAccountName: 'no-mount' } },
  'account-pod-opts-in': { script: `ls ${token}/token`, output: `${token}/token`, spec: { serviceAccountName: 'no-mount', automountServiceAccountToken: true } },
  // Names.
  'dns-cluster': { script: 'nslookup kubernetes.default.svc.cluster.local | grep -c 10.96.0.1$', output: /^[1-9]/ },
  'dns-short': { script: 'nslookup -type=a kubernetes.default 2>&1 | grep "Address" | tail -1; getent hosts kubernetes.default | cut -d" " -f1', output: /10\.96\.0\.1$/ },
  'dns-external': { script: 'nslookup -type=cname outside.default.svc.cluster.local', output: /canonical name = foo\.example\.com/ },
  'dns-hostname': { script: 'grep -w "named.sub.default.svc.cluster.local" /etc/hosts | wc -l; hostname', output: '1\nnamed', spec: { hostname: 'named', subdomain: 'sub' } },
  'dns-config': { script: 'cat /etc/resolv.conf', output: 'search resolv.conf.local\nnameserver 1.1.1.1', spec: { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['resolv.conf.local'] } } },
}

let pods: PodLab

beforeAll(async () => {
  pods = await startPodLab()
  const { lab } = pods
  await lab.until(async () => (await lab.client.list(podKind, { namespace: 'kube-system', labelSelector: 'k8s-app=kube-dns' })).items.filter(isPodReady).length === 2, 60_000, 'CoreDNS ready')
  await pods.configMap('map', { data_1: 'value-1', hosts: 'mine\n' })
  await pods.secret('secret', { data_1: 'value-1' })
  const service = (name: string, spec: object): Promise<unknown> => lab.settle(lab.client.create(serviceKind, { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec } as Service))
  await service('foo', { selector: { app: 'foo' }, ports: [{ port: 8765, targetPort: 8080 }] })
  await service('outside', { type: 'ExternalName', externalName: 'foo.example.com' })
  await service('sub', { clusterIP: 'None', selector: { app: 'headless' }, ports: [{ port: 80 }] })
  await lab.settle(lab.client.create(serviceAccountKind, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'no-mount', namespace: 'default' }, automountServiceAccountToken: false } as ServiceAccount))
  await lab.cluster.kernel.runFor(2000)
  for (const [name, each] of Object.entries(cases)) await pods.create(name, each)
})

test.each(Object.keys(cases))('%s', async (name) => {
  const { output = '', phase = 'Succeeded' } = cases[name] as PodCase
  const pod = await pods.ended(name)
  const log = await pods.log(name)
  if (output instanceof RegExp) expect(log).toMatch(output)
  else expect(log).toBe(output)
  expect(pod.status?.phase).toBe(phase)
})

test.each([
  ['message-empty', undefined],
  ['message-file', 'OK'],
  ['message-log', 'DONE\n'],
  ['message-user', 'DONE'],
])('%s leaves the message %j', async (name, message) => {
  const state = (await pods.ended(name)).status?.containerStatuses?.[0]?.state?.terminated
  expect(state?.message).toBe(message)
})

test('a failed pod says why, and can be deleted', async () => {
  const pod = await pods.ended('fails')
  expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ reason: 'Error', exitCode: 1 })
  await pods.lab.settle(pods.lab.client.delete(podKind, 'fails', 'default'))
  await pods.lab.until(async () => !(await pods.lab.client.list(podKind, { namespace: 'default' })).items.some(({ metadata }) => metadata.name === 'fails'), 60_000, 'gone')
})

test.each([
  ['Always', 'Running', 2],
  ['OnFailure', 'Succeeded', 2],
  ['Never', 'Failed', 0],
] as const)('restartPolicy %s: %s after %i restarts', async (restartPolicy, phase, restarts) => {
  const name = `restart-${restartPolicy.toLowerCase()}`
  const script = 'n=$(cat /v/n 2>/dev/null || echo 0); echo $((n+1)) > /v/n; if [ $n -lt 2 ]; then exit 1; fi; if [ $POLICY = Always ]; then sleep 1000; fi'
  await pods.create(name, { script, container: { env: [{ name: 'POLICY', value: restartPolicy }], volumeMounts: [{ name: 'v', mountPath: '/v' }] }, spec: { restartPolicy, volumes: [{ name: 'v', emptyDir: {} }] } })
  let pod: Pod = await pods.get(name)
  await pods.lab.until(async () => {
    pod = await pods.lab.client.get(podKind, name, 'default')
    return pod.status?.phase === phase && pod.status.containerStatuses?.[0]?.restartCount === restarts
  }, 300_000, `${phase} with ${restarts} restarts`)
  expect(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status).toBe(restartPolicy === 'Always' ? 'True' : 'False')
})

test('ephemeral containers join a pod, one after another', async () => {
  await pods.create('joined', { script: 'sleep 1000' })
  await pods.running('joined')
  for (const [index, name] of ['first', 'second'].entries()) {
    const pod = await pods.get('joined')
    const added = { name, image: 'busybox:1.36', command: ['sh', '-c', `echo from ${name}; sleep 1000`], terminationMessagePolicy: 'File', imagePullPolicy: 'IfNotPresent' }
    await pods.lab.settle(pods.lab.client.patch(podKind, 'joined', 'default', 'strategic', { spec: { ephemeralContainers: [...(pod.spec?.ephemeralContainers ?? []), added] } }, { subresource: 'ephemeralcontainers' }))
    await pods.lab.until(async () => (await pods.lab.client.get(podKind, 'joined', 'default')).status?.ephemeralContainerStatuses?.filter(({ state }) => state?.running).length === index + 1, 60_000, name)
    expect(await pods.log('joined', name)).toBe(`from ${name}`)
  }
})

describe('hooks', () => {
  test.each(['exec', 'http'])('postStart and preStop by %s', async (form) => {
    const server = `hooks-${form}`
    await pods.create(server, { script: 'while true; do printf "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n" | nc -l -p 8080 | head -1; done', container: { ports: [{ containerPort: 8080 }] } })
    const ip = (await pods.running(server)).status?.podIP as string
    const hook = (path: string): object => (form === 'exec' ? { exec: { command: ['sh', '-c', `wget -qO- http://${ip}:8080/${path}`] } } : { httpGet: { host: ip, port: 8080, path: `/${path}` } })
    await pods.create(`${server}-client`, { script: 'sleep 1000', container: { lifecycle: { postStart: hook('started'), preStop: hook('stopping') } }, spec: { terminationGracePeriodSeconds: 30 } })
    await pods.running(`${server}-client`)
    await pods.lab.until(async () => /GET \/started/.test(await text(server)), 30_000, 'the first hook')
    await pods.lab.settle(pods.lab.client.delete(podKind, `${server}-client`, 'default'))
    await pods.lab.until(async () => /GET \/stopping/.test(await text(server)), 60_000, 'the second hook')
  })

  async function text(name: string): Promise<string> {
    const { body } = await pods.lab.client.raw('GET', `/api/v1/namespaces/default/pods/${name}/log`)
    return body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body)
  }
})

test.each([
  ['Guaranteed', { requests: { cpu: '100m', memory: '100Mi' }, limits: { cpu: '100m', memory: '100Mi' } }],
  ['Burstable', { requests: { cpu: '100m' } }],
  ['BestEffort', {}],
])('quality of service: %s', async (qosClass, given) => {
  await pods.create(`qos-${qosClass.toLowerCase()}`, { script: 'true', container: { resources: given } })
  expect((await pods.get(`qos-${qosClass.toLowerCase()}`)).status?.qosClass).toBe(qosClass)
})

test('probes: a file that goes restarts its container, a page that fails again and again does so each time', async () => {
  const probe = { initialDelaySeconds: 5, periodSeconds: 5, failureThreshold: 1 }
  await pods.create('live-file', { script: 'echo ok > /tmp/health; sleep 10; rm -f /tmp/health; sleep 600', container: { livenessProbe: { exec: { command: ['cat', '/tmp/health'] }, ...probe } }, spec: { restartPolicy: 'Always' } })
  await pods.create('live-stays', { script: 'echo ok > /tmp/health; sleep 600', container: { livenessProbe: { exec: { command: ['cat', '/tmp/health'] }, ...probe } }, spec: { restartPolicy: 'Always' } })
  await pods.create('live-page', { container: { image: agnhost, args: ['liveness'], livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, ...probe } }, spec: { restartPolicy: 'Always' } })
  await pods.create('live-port', { container: { image: agnhost, args: ['liveness'], livenessProbe: { tcpSocket: { port: 8080 }, ...probe } }, spec: { restartPolicy: 'Always' } })
  await pods.create('live-well', { container: { image: agnhost, args: ['serve-hostname', '--port=8080'], livenessProbe: { httpGet: { path: '/', port: 8080 }, ...probe } }, spec: { restartPolicy: 'Always' } })
  await pods.create('never-ready', { script: 'sleep 600', container: { readinessProbe: { exec: { command: ['false'] }, initialDelaySeconds: 5, periodSeconds: 5 } }, spec: { restartPolicy: 'Always' } })
  await pods.create('late-ready', { container: { image: agnhost, args: ['serve-hostname', '--port=8080'], readinessProbe: { httpGet: { path: '/', port: 8080 }, initialDelaySeconds: 30, periodSeconds: 5 } }, spec: { restartPolicy: 'Always' } })
  const restarts = async (name: string): Promise<number> => (await pods.lab.client.get(podKind, name, 'default')).status?.containerStatuses?.[0]?.restartCount ?? 0
  await pods.lab.until(async () => (await restarts('live-file')) >= 1, 120_000, 'live-file restarted')
  const counts: number[] = []
  await pods.lab.until(async () => {
    counts.push(await restarts('live-page'))
    return (counts.at(-1) as number) >= 3
  }, 400_000, 'live-page restarted three times')
  expect([...counts].sort((a, b) => a - b)).toEqual(counts)
  for (const name of ['live-stays', 'live-port', 'live-well', 'never-ready', 'late-ready']) expect([name, await pods.lab.settle(restarts(name))]).toEqual([name, 0])
  expect(isPodReady(await pods.get('never-ready'))).toBe(false)
  const late = await pods.get('late-ready')
  expect(isPodReady(late)).toBe(true)
  const startedAt = Date.parse(late.status?.containerStatuses?.[0]?.state?.running?.startedAt as string)
  expect(Date.parse(late.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime as string) - startedAt).toBeGreaterThanOrEqual(30_000)
})
