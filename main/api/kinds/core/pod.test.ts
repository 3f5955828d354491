import { describe, expect, it } from 'vitest'
import type { Container, Pod, PodSpec } from '../../generated/types.ts'
import { fieldErrorText } from '../../machinery/field-error.ts'
import { podKind } from './pod.ts'

const context = { now: 0, timestamp: '1970-01-01T00:00:00Z', user: 'test', dryRun: false, uuid: () => 'u', suffix: () => 's' }

function podOf(spec: Partial<PodSpec> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'web', image: 'nginx' }], ...spec } }
}

function made(pod: Pod): Pod {
  podKind.strategy.defaults?.(pod)
  podKind.strategy.prepareForCreate?.(pod, context)
  return pod
}

function errorsOf(spec: Partial<PodSpec>): string[] {
  return (podKind.strategy.validate?.(made(podOf(spec))) ?? []).map(fieldErrorText)
}

describe('pod defaults', () => {
  it('fills in what upstream fills in', () => {
    expect(made(podOf())).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        containers: [{ name: 'web', image: 'nginx', imagePullPolicy: 'Always', resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' }],
        dnsPolicy: 'ClusterFirst',
        enableServiceLinks: true,
        restartPolicy: 'Always',
        schedulerName: 'default-scheduler',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
      },
      status: { phase: 'Pending', qosClass: 'BestEffort' },
    })
  })

  it('is idempotent', () => {
    const once = made(podOf({ volumes: [{ name: 'a' }, { name: 'b', secret: { secretName: 's' } }], containers: [{ name: 'a', image: 'a:1', resources: { limits: { cpu: '0.5' } }, livenessProbe: { httpGet: { port: 80 } } }] }))
    const twice = structuredClone(once)
    podKind.strategy.defaults?.(twice)
    expect(twice).toEqual(once)
  })

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.25', 'IfNotPresent'],
    ['registry:5000/nginx', 'Always'],
    ['registry:5000/nginx:1', 'IfNotPresent'],
    [`nginx@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  ])('pulls %s %s', (image, policy) => {
    expect(made(podOf({ containers: [{ name: 'a', image }] })).spec?.containers[0]?.imagePullPolicy).toBe(policy)
  })

  it('takes requests from limits and writes them as Go does', () => {
    const pod = made(podOf({ containers: [{ name: 'a', image: 'a', resources: { limits: { cpu: '0.5', memory: '1024Mi' }, requests: { cpu: '100m' } } }] }))
    expect(pod.spec?.containers[0]?.resources).toEqual({ limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } })
    expect(pod.status?.qosClass).toBe('Burstable')
  })

  it('gives host ports on the host network, modes to volumes, and numbers to probes', () => {
    const pod = made(podOf({ hostNetwork: true, containers: [{ name: 'a', image: 'a', ports: [{ containerPort: 80 }], readinessProbe: { httpGet: { port: 80 } } }], volumes: [{ name: 'a' }, { name: 'b', configMap: { name: 'c' } }, { name: 'c', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }] }))
    expect(pod.spec?.containers[0]?.ports).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }])
    expect(pod.spec?.containers[0]?.readinessProbe).toEqual({ httpGet: { path: '/', port: 80, scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
    expect(pod.spec?.volumes).toEqual([
      { name: 'a', emptyDir: {} },
      { name: 'b', configMap: { name: 'c', defaultMode: 420 } },
      { name: 'c', projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }] } },
    ])
  })
})

describe('pod quality of service', () => {
  const equal = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1Gi' } }
  it.each<[string, Container['resources'], string]>([
    ['nothing', undefined, 'BestEffort'],
    ['requests only', { requests: { cpu: '1' } }, 'Burstable'],
    ['limits equal to requests', equal, 'Guaranteed'],
    ['limits only', { limits: equal.limits }, 'Guaranteed'],
    ['no memory limit', { limits: { cpu: '1' } }, 'Burstable'],
    ['zero', { requests: { cpu: '0' } }, 'BestEffort'],
  ])('%s', (_, resources, qosClass) => {
    expect(made(podOf({ containers: [{ name: 'a', image: 'a', resources }] })).status?.qosClass).toBe(qosClass)
  })
})

describe('pod validation', () => {
  const container = (more: Partial<Container>): Partial<PodSpec> => ({ containers: [{ name: 'web', image: 'nginx:1', ...more }] })
  it.each<[string, Partial<PodSpec>, string[]]>([
    ['a good pod', {}, []],
    ['no containers', { containers: [] }, ['spec.containers: Required value']],
    ['no image', container({ image: '' }), ['spec.containers[0].image: Required value']],
    ['a bad name', container({ name: 'Web' }), [`spec.containers[0].name: Invalid value: "Web": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`]],
    ['one name twice', { containers: [{ name: 'a', image: 'a' }, { name: 'a', image: 'b' }] }, ['spec.containers[1].name: Duplicate value: "a"']],
    ['a wrong pull policy', container({ imagePullPolicy: 'Sometimes' }), ['spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"']],
    ['a port out of range', container({ ports: [{ containerPort: 70000 }] }), ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive']],
    ['a mount of nothing', container({ volumeMounts: [{ name: 'data', mountPath: '/data' }] }), ['spec.containers[0].volumeMounts[0].name: Not found: "data"']],
    ['a request over its limit', container({ resources: { limits: { cpu: '100m' }, requests: { cpu: '200m' } } }), ['spec.containers[0].resources.requests: Invalid value: "200m": must be less than or equal to cpu limit of 100m']],
    ['a negative amount', container({ resources: { requests: { memory: '-1' } } }), ['spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0']],
    ['an unknown resource', container({ resources: { requests: { gpu: '1' } } }), ['spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified', 'spec.containers[0].resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers']],
    ['a probe that does nothing', container({ livenessProbe: {} }), ['spec.containers[0].livenessProbe: Required value: must specify a handler type']],
    ['a liveness probe met twice', container({ livenessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } }), ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1']],
    ['two sources', { volumes: [{ name: 'a', emptyDir: {}, hostPath: { path: '/' } }] }, ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type']],
    ['a wrong restart policy', { restartPolicy: 'Maybe' }, ['spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"']],
    ['an environment from nowhere', container({ env: [{ name: 'A', valueFrom: {} }] }), ['spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`']],
    ['a node affinity without terms', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } }, ['spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term']],
    ['a toleration of everything but Exists', { tolerations: [{}] }, ['spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"']],
    ['one host port twice', { containers: [{ name: 'a', image: 'a', ports: [{ containerPort: 80, hostPort: 80 }] }, { name: 'b', image: 'b', ports: [{ containerPort: 81, hostPort: 80 }] }] }, ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"']],
  ])('%s', (_, spec, errors) => {
    expect(errorsOf(spec)).toEqual(errors)
  })

  it('refuses to change what may not change, and shows the difference', () => {
    const old = made(podOf())
    const pod = structuredClone(old)
    if (pod.spec) pod.spec.restartPolicy = 'Never'
    const [error, ...more] = podKind.strategy.validateUpdate?.(pod, old) ?? []
    expect(more).toEqual([])
    expect(error && fieldErrorText(error)).toBe(
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n' +
        '@@ -11,7 +11,7 @@\n  ],\n  "dnsPolicy": "ClusterFirst",\n  "enableServiceLinks": true,\n- "restartPolicy": "Never",\n+ "restartPolicy": "Always",\n  "schedulerName": "default-scheduler",\n  "securityContext": {},\n  "terminationGracePeriodSeconds": 30\n',
    )
  })

  it('lets images and labels change', () => {
    const old = made(podOf())
    const pod = structuredClone(old)
    pod.metadata.labels = { a: 'b' }
    if (pod.spec?.containers[0]) pod.spec.containers[0].image = 'nginx:2'
    expect(podKind.strategy.validateUpdate?.(pod, old)).toEqual([])
  })
})

describe('pod deletion', () => {
  it.each<[string, Partial<PodSpec>, string | undefined, number | undefined, number]>([
    ['unscheduled', {}, 'Pending', undefined, 0],
    ['running', { nodeName: 'worker-1' }, 'Running', undefined, 30],
    ['running, at once', { nodeName: 'worker-1' }, 'Running', 0, 0],
    ['ended', { nodeName: 'worker-1' }, 'Succeeded', undefined, 0],
    ['with a period of its own', { nodeName: 'worker-1', terminationGracePeriodSeconds: 5 }, 'Running', undefined, 5],
  ])('%s', (_, spec, phase, requested, seconds) => {
    const pod = made(podOf(spec))
    pod.status = { phase }
    expect(podKind.strategy.gracePeriodSeconds?.(pod, requested)).toBe(seconds)
  })
})

it('a typical pod, as the service account plugin completes it, is valid and stays so when its defaults are filled in again', () => {
  const spec: PodSpec = {
    nodeName: '',
    serviceAccountName: 'default',
    tolerations: [
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    ],
    volumes: [{ name: 'kube-api-access-abcde', projected: { sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }, { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } }, { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } }] } }],
    containers: [{ name: 'web', image: 'nginx:1.25', ports: [{ containerPort: 80 }], resources: { requests: { cpu: '100m', memory: '64Mi' } }, volumeMounts: [{ name: 'kube-api-access-abcde', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }] }],
  }
  const pod = podOf(structuredClone(spec))
  podKind.strategy.defaults?.(pod)
  expect(podKind.strategy.validate?.(pod)).toEqual([])
  const again = structuredClone(pod)
  podKind.strategy.defaults?.(again)
  expect(again).toEqual(pod)
})
