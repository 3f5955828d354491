import { describe, expect, test } from 'vitest'
import type { ConfigMap, Container, Pod, Secret, Service } from '../../api/generated/types.ts'
import { containerEnvironment, expandedCommand, type EnvironmentSources } from './environment.ts'
import { expand } from './expansion.ts'
import { parseImageName, canonicalImageName, withDefaultTag } from './image-name.ts'

test.each([
  ['$(A)', '1'],
  ['a$(A)b$(A)', 'a1b1'],
  ['$$(A)', '$(A)'],
  ['$(B)', '$(B)'],
  ['$(A', '$(A'],
  ['$A', '$A'],
  ['100$', '100$'],
])('%s expands to %s', (text, expected) => {
  expect(expand(text, (name) => (name === 'A' ? '1' : undefined))).toBe(expected)
})

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'shop', uid: 'u-1', labels: { app: 'web' } },
  spec: { nodeName: 'worker-1', serviceAccountName: 'sa', containers: [] },
}
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { COLOR: 'red', 'bad key': 'x' } } as ConfigMap
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { PASSWORD: btoa('geheim') } } as Secret
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'my-db', namespace: 'shop' }, spec: { clusterIP: '10.96.0.7', ports: [{ name: 'sql', port: 5432 }] } } as Service

function environment(container: Partial<Container>, more: Partial<EnvironmentSources> = {}): Promise<Record<string, string>> {
  return containerEnvironment(pod, { name: 'main', resources: { limits: { cpu: '1500m' }, requests: { memory: '64Mi' } }, ...container }, {
    configMap: (name) => Promise.resolve(name === 'c' ? configMap : undefined),
    secret: (name) => Promise.resolve(name === 's' ? secret : undefined),
    services: [],
    facts: { nodeName: 'worker-1', hostIps: ['192.168.64.11'], podIps: ['10.244.1.2'], cpuMillis: 4000, memoryBytes: 8 * 1024 ** 3, ephemeralStorageBytes: 0 },
    ...more,
  }).then((variables) => Object.fromEntries(variables.map(({ name, value }) => [name, value])))
}

describe('containerEnvironment', () => {
  test('values from everywhere', async () => {
    const field = (fieldPath: string): { valueFrom: { fieldRef: { fieldPath: string } } } => ({ valueFrom: { fieldRef: { fieldPath } } })
    const resource = (name: string, divisor?: string): { valueFrom: { resourceFieldRef: { resource: string; divisor?: string } } } => ({ valueFrom: { resourceFieldRef: { resource: name, ...(divisor ? { divisor } : {}) } } })
    expect(
      await environment({
        env: [
          { name: 'PLAIN', value: 'x' },
          { name: 'REF', value: '$(PLAIN)-$(NONE)' },
          { name: 'NAME', ...field('metadata.name') },
          { name: 'LABEL', ...field("metadata.labels['app']") },
          { name: 'IP', ...field('status.podIP') },
          { name: 'HOST', ...field('status.hostIP') },
          { name: 'SA', ...field('spec.serviceAccountName') },
          { name: 'CPU', ...resource('limits.cpu') },
          { name: 'CPU_M', ...resource('limits.cpu', '1m') },
          { name: 'MEMORY', ...resource('requests.memory', '1Mi') },
          { name: 'ALL_MEMORY', ...resource('limits.memory') },
          { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'c', key: 'COLOR' } } },
          { name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'PASSWORD' } } },
          { name: 'OPTIONAL', valueFrom: { configMapKeyRef: { name: 'none', key: 'x', optional: true } } },
        ],
      }),
    ).toEqual({ PLAIN: 'x', REF: 'x-$(NONE)', NAME: 'web-1', LABEL: 'web', IP: '10.244.1.2', HOST: '192.168.64.11', SA: 'sa', CPU: '2', CPU_M: '1500', MEMORY: '64', ALL_MEMORY: String(8 * 1024 ** 3), COLOR: 'red', SECRET: 'geheim' })
  })

  test('envFrom skips keys that are no names, and env wins over it', async () => {
    const messages: string[] = []
    const result = await environment({ envFrom: [{ prefix: 'P_', configMapRef: { name: 'c' } }, { secretRef: { name: 's' } }], env: [{ name: 'PASSWORD', value: 'other' }] }, { onInvalidKeys: (message) => messages.push(message) })
    expect(result).toMatchObject({ P_COLOR: 'red', PASSWORD: 'other' })
  })

  test('service links never override the pod', async () => {
    expect(await environment({ env: [{ name: 'MY_DB_SERVICE_HOST', value: 'mine' }] }, { services: [service] })).toEqual({
      MY_DB_SERVICE_HOST: 'mine',
      MY_DB_SERVICE_PORT: '5432',
      MY_DB_SERVICE_PORT_SQL: '5432',
      MY_DB_PORT: 'tcp://10.96.0.7:5432',
      MY_DB_PORT_5432_TCP: 'tcp://10.96.0.7:5432',
      MY_DB_PORT_5432_TCP_PROTO: 'tcp',
      MY_DB_PORT_5432_TCP_PORT: '5432',
      MY_DB_PORT_5432_TCP_ADDR: '10.96.0.7',
    })
  })

  test.each<[Partial<Container>, string]>([
    [{ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } }] }, 'configmap "none" not found'],
    [{ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] }, "couldn't find key k in ConfigMap shop/c"],
    [{ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }, "couldn't find key k in Secret shop/s"],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
  ])('%j fails: %s', async (container, message) => {
    await expect(environment(container)).rejects.toThrow(message)
  })

  test('commands see the environment', () => {
    expect(expandedCommand(['echo', '$(A)', '$$(A)'], [{ name: 'A', value: '1' }])).toEqual(['echo', '1', '$(A)'])
  })
})

describe('image names', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx:latest', 'nginx:latest'],
    ['nginx:1.14', 'docker.io/library/nginx:1.14', 'nginx:1.14'],
    ['team/app:v1', 'docker.io/team/app:v1', 'team/app:v1'],
    ['registry.k8s.io/pause:3.10.1', 'registry.k8s.io/pause:3.10.1', 'registry.k8s.io/pause:3.10.1'],
    ['localhost:5000/x', 'localhost:5000/x:latest', 'localhost:5000/x:latest'],
    [`nginx@sha256:${'a'.repeat(64)}`, `docker.io/library/nginx@sha256:${'a'.repeat(64)}`, `nginx@sha256:${'a'.repeat(64)}`],
  ])('%s is %s', (image, canonical, asked) => {
    const name = parseImageName(image)
    expect(typeof name).toBe('object')
    expect(canonicalImageName(image)).toBe(canonical)
    expect(typeof name === 'object' && withDefaultTag(image, name)).toBe(asked)
  })

  test.each([
    ['Nginx', 'repository name must be lowercase'],
    ['nginx:', 'invalid reference format'],
    ['a b', 'invalid reference format'],
    ['', 'invalid reference format'],
    ['nginx:tag:tag', 'invalid reference format'],
  ])('%s is none: %s', (image, problem) => {
    expect(parseImageName(image)).toBe(problem)
  })
})
