import { beforeAll, describe, expect, test } from 'vitest'
import { configMapKind } from '../../main/api/kinds/core/config-map.ts'
import { namespaceKind } from '../../main/api/kinds/core/namespace.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { secretKind } from '../../main/api/kinds/core/secret.ts'
import type { Namespace, Pod, Secret, Volume, VolumeProjection } from '../../main/api/generated/types.ts'
import { startPodLab } from './pod-lab.ts'
import type { PodCase, PodLab } from './pod-lab.ts'

const mount = { volumeMounts: [{ name: 'v', mountPath: '/v' }] }
const asNobody = { securityContext: { runAsUser: 1000 } }
const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } }

/** cat and mode of a file, as busybox shows them. */
const show = (path = '/v/data-1'): string => `cat ${path}; echo; stat -L -c %a ${path}`

function mounted(volume: Omit<Volume, 'name'>, script: string, output: string | RegExp, more: PodCase = {}): PodCase {
  return { script, output, ...more, container: { ...mount, ...more.container }, spec: { volumes: [{ name: 'v', ...volume }], ...more.spec } }
}

/** The same as a volume of its own and as a projection of one source. */
function sourceCases(label: string, volume: (options: { defaultMode?: number; items?: { key: string; path: string; mode?: number }[] }) => Omit<Volume, 'name'>, modeOf: string, sourceName = 'data-1'): Record<string, PodCase> {
  const items = [{ key: 'data-1', path: 'path/to/data-2' }]
  return {
    [`${label}-plain`]: mounted(volume({}), show(), `value-1\n${modeOf}`),
    [`${label}-user`]: mounted(volume({}), show(), `value-1\n${modeOf}`, { spec: asNobody }),
    [`${label}-mode`]: mounted(volume({ defaultMode: 0o400 }), show(), 'value-1\n400'),
    [`${label}-mapped`]: mounted(volume({ items }), show('/v/path/to/data-2'), `value-1\n${modeOf}`),
    [`${label}-mapped-mode`]: mounted(volume({ items: [{ ...items[0]!, mode: 0o400 }] }), show('/v/path/to/data-2'), 'value-1\n400'),
    [`${label}-mapped-user`]: mounted(volume({ items }), show('/v/path/to/data-2'), `value-1\n${modeOf}`, { spec: asNobody }),
    [`${label}-group`]: mounted(volume({ defaultMode: 0o440 }), show(), 'value-1\n440', { spec: { securityContext: { runAsUser: 1000, fsGroup: 1001 } } }),
    [`${label}-twice`]: {
      script: `cat /v/data-1 /w/data-1`,
      output: 'value-1value-1',
      container: { volumeMounts: [{ name: 'v', mountPath: '/v' }, { name: 'w', mountPath: '/w' }] },
      spec: { volumes: [{ name: 'v', ...volume({}) }, { name: 'w', ...volume({}) }] },
    },
    [`${label}-subpath`]: mounted(volume({}), `cat /v/file`, 'value-1', { container: { volumeMounts: [{ name: 'v', mountPath: '/v/file', subPath: sourceName }] } }),
  }
}

const field = (path: string, fieldPath: string, mode?: number): object => ({ path, fieldRef: { fieldPath }, ...(mode === undefined ? {} : { mode }) })
const resource = (path: string, name: string, divisor?: string): object => ({ path, resourceFieldRef: { containerName: 'main', resource: name, ...(divisor ? { divisor } : {}) } })

function downwardCases(label: string, volume: (items: object[], defaultMode?: number) => Omit<Volume, 'name'>): Record<string, PodCase> {
  const each = (items: object[], script: string, output: string | RegExp, more: PodCase = {}, mode?: number): PodCase => mounted(volume(items, mode), script, output, more)
  return {
    [`${label}-name`]: each([field('name', 'metadata.name')], 'cat /v/name', `${label}-name`),
    [`${label}-mode`]: each([field('name', 'metadata.name')], 'stat -L -c %a /v/name', '400', {}, 0o400),
    [`${label}-item-mode`]: each([field('name', 'metadata.name', 0o400)], 'stat -L -c %a /v/name', '400'),
    [`${label}-limits`]: each([resource('cpu', 'limits.cpu'), resource('memory', 'limits.memory')], 'cat /v/cpu; echo; cat /v/memory', '2\n67108864', { container: { ...mount, resources } }),
    [`${label}-requests`]: each([resource('cpu', 'requests.cpu', '1m'), resource('memory', 'requests.memory', '1Mi')], 'cat /v/cpu; echo; cat /v/memory', '250\n32', { container: { ...mount, resources } }),
    [`${label}-allocatable`]: each([resource('cpu', 'limits.cpu'), resource('memory', 'limits.memory')], 'test $(cat /v/cpu) -ge 1 && test $(cat /v/memory) -ge 1000000000 && echo whole node', 'whole node'),
    [`${label}-subpath`]: each([field('name', 'metadata.name')], 'cat /one', `${label}-subpath`, { container: { volumeMounts: [{ name: 'v', mountPath: '/one', subPath: 'name' }] } }),
  }
}

const projected = (sources: VolumeProjection[], defaultMode?: number): Omit<Volume, 'name'> => ({ projected: { sources, ...(defaultMode === undefined ? {} : { defaultMode }) } })

const emptyDirCases: Record<string, PodCase> = Object.fromEntries(
  (['', 'Memory'] as const).flatMap((medium) => [
    [`empty-${medium.toLowerCase() || 'default'}`, mounted({ emptyDir: { medium } }, 'stat -c %a /v', '777')] as const,
    ...['root', 'user'].flatMap((who) =>
      ['644', '666', '777'].map(
        (mode) =>
          [
            `empty-${medium.toLowerCase() || 'default'}-${who}-${mode}`,
            mounted({ emptyDir: { medium } }, `echo mounted > /v/file && chmod ${mode} /v/file && cat /v/file && stat -c '%a %u' /v/file`, `mounted\n${mode} ${who === 'root' ? 0 : 1000}`, who === 'root' ? {} : { spec: asNobody }),
          ] as const,
      ),
    ),
  ]),
)

const pathed = (subPathExpr: string, script: string, more: Partial<PodCase> = {}): PodCase => ({
  script,
  ...more,
  container: { env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }], volumeMounts: [{ name: 'v', mountPath: '/sub', subPathExpr }, { name: 'v', mountPath: '/all' }] },
  spec: { volumes: [{ name: 'v', emptyDir: {} }] },
})

const cases: Record<string, PodCase> = {
  ...sourceCases('map', (options) => ({ configMap: { name: 'map', ...options } }), '644'),
  ...sourceCases('secret', ({ defaultMode, items }) => ({ secret: { secretName: 'secret', ...(defaultMode === undefined ? {} : { defaultMode }), ...(items ? { items } : {}) } }), '644'),
  ...sourceCases('projected-map', ({ defaultMode, items }) => projected([{ configMap: { name: 'map', ...(items ? { items } : {}) } }], defaultMode), '644'),
  ...sourceCases('projected-secret', ({ defaultMode, items }) => projected([{ secret: { name: 'secret', ...(items ? { items } : {}) } }], defaultMode), '644'),
  ...downwardCases('downward', (items, defaultMode) => ({ downwardAPI: { items: items as never, ...(defaultMode === undefined ? {} : { defaultMode }) } })),
  ...downwardCases('projected-downward', (items, defaultMode) => projected([{ downwardAPI: { items: items as never } }], defaultMode)),
  ...emptyDirCases,
  binary: mounted({ configMap: { name: 'map' } }, 'base64 /v/binary', btoa('\xde\xca\xfb\xad')),
  combined: mounted(projected([{ configMap: { name: 'map' } }, { secret: { name: 'secret', items: [{ key: 'data-1', path: 'secret-data' }] } }, { downwardAPI: { items: [field('name', 'metadata.name')] as never } }]), 'cat /v/data-1 /v/secret-data /v/name', 'value-1value-1combined'),
  'no-conflict': {
    script: 'cat /m/data-1 /s/data-1',
    output: 'value-1value-1',
    container: { volumeMounts: [{ name: 'm', mountPath: '/m' }, { name: 's', mountPath: '/s' }] },
    spec: { volumes: [{ name: 'm', configMap: { name: 'map' } }, { name: 's', secret: { secretName: 'secret' } }] },
  },
  'subpath-over-file': mounted({ configMap: { name: 'map' } }, 'cat /etc/resolv.conf.d', 'value-1', { container: { volumeMounts: [{ name: 'v', mountPath: '/etc/resolv.conf.d', subPath: 'data-1' }] } }),
  'subpath-expanded': { ...pathed('dir-$(POD)', 'echo here > /sub/file; cat /all/dir-subpath-expanded/file'), output: 'here' },
}

let pods: PodLab

beforeAll(async () => {
  pods = await startPodLab()
  await pods.configMap('map', { 'data-1': 'value-1' }, { binary: btoa('\xde\xca\xfb\xad') })
  await pods.secret('secret', { 'data-1': 'value-1' })
  await pods.lab.settle(pods.lab.client.create(namespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'elsewhere' } } as Namespace))
  await pods.lab.settle(pods.lab.client.create(secretKind, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret', namespace: 'elsewhere' }, stringData: { 'data-1': 'another' } } as Secret))
  for (const [name, each] of Object.entries(cases)) await pods.create(name, each)
})

test.each(Object.keys(cases))('%s', async (name) => {
  const { output, phase = 'Succeeded' } = cases[name] as PodCase
  const pod = await pods.ended(name)
  const log = await pods.log(name)
  if (output instanceof RegExp) expect(log).toMatch(output)
  else expect(log).toBe(output)
  expect(pod.status?.phase).toBe(phase)
})

describe('changes arrive in the volumes of running pods', () => {
  const loop = (script: string): string => `while true; do ${script}; echo; sleep 2; done`

  test.each(['map', 'projected'])('of config maps and secrets, optional ones too: %s', async (form) => {
    const changing = `changing-${form}`
    await pods.configMap(changing, { 'data-1': 'old' })
    await pods.secret(changing, { 'data-1': 'old' })
    const late = `late-${form}`
    const volumes: Volume[] =
      form === 'map'
        ? [{ name: 'm', configMap: { name: changing } }, { name: 's', secret: { secretName: changing } }, { name: 'o', configMap: { name: late, optional: true } }, { name: 'p', secret: { secretName: late, optional: true } }]
        : [{ name: 'm', ...projected([{ configMap: { name: changing } }]) }, { name: 's', ...projected([{ secret: { name: changing } }]) }, { name: 'o', ...projected([{ configMap: { name: late, optional: true } }]) }, { name: 'p', ...projected([{ secret: { name: late, optional: true } }]) }]
    await pods.create(`watch-${form}`, {
      script: loop('for v in m s o p; do cat /$v/data-1 2>/dev/null || printf none; printf " "; done'),
      container: { volumeMounts: volumes.map(({ name }) => ({ name, mountPath: `/${name}` })) },
      spec: { volumes },
    })
    const seen = (line: string): Promise<void> => pods.printed(`watch-${form}`, line)
    await seen('old old none none ')
    await pods.lab.settle(pods.lab.client.patch(configMapKind, changing, 'default', 'merge', { data: { 'data-1': 'new' } }))
    await pods.lab.settle(pods.lab.client.patch(secretKind, changing, 'default', 'merge', { stringData: { 'data-1': 'new' } }))
    await pods.configMap(late, { 'data-1': 'came' })
    await pods.secret(late, { 'data-1': 'came' })
    await seen('new new came came ')
    await pods.lab.settle(pods.lab.client.delete(configMapKind, late, 'default'))
    await pods.lab.settle(pods.lab.client.delete(secretKind, late, 'default'))
    await seen('new new none none ')
  })

  test.each(['downward', 'projected'])('of labels and annotations: %s', async (form) => {
    const items = [field('labels', 'metadata.labels'), field('annotations', "metadata.annotations['note']")] as never
    const name = `labels-${form}`
    await pods.create(name, {
      ...mounted(form === 'downward' ? { downwardAPI: { items } } : projected([{ downwardAPI: { items } }]), loop('cat /v/labels; printf " "; cat /v/annotations'), ''),
      metadata: { labels: { colour: 'red' }, annotations: { note: 'old' } },
    })
    const seen = (line: string): Promise<void> => pods.printed(name, line)
    await seen('colour="red" old')
    await pods.lab.settle(pods.lab.client.patch(podKind, name, 'default', 'merge', { metadata: { labels: { colour: 'blue' }, annotations: { note: 'new' } } }))
    await seen('colour="blue" new')
  })
})

test('containers of a pod share an emptyDir', async () => {
  await pods.create('sharing', {
    script: 'until test -f /v/file; do sleep 1; done; cat /v/file',
    container: mount,
    spec: {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        { name: 'main', image: 'busybox:1.36', command: ['sh', '-c', 'until test -f /v/file; do sleep 1; done; cat /v/file'], ...mount },
        { name: 'writer', image: 'busybox:1.36', command: ['sh', '-c', 'sleep 3; echo shared > /v/file'], ...mount },
      ],
    },
  })
  await pods.ended('sharing')
  expect(await pods.log('sharing')).toBe('shared')
})

test('fifty config maps in one pod start', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `many-${index}`)
  for (const name of names) await pods.configMap(name, { 'data-1': name })
  await pods.create('many', {
    script: 'cat /v/*/data-1 | wc -c',
    container: { volumeMounts: names.map((name) => ({ name, mountPath: `/v/${name}` })) },
    spec: { volumes: names.map((name) => ({ name, configMap: { name } })) },
  })
  await pods.ended('many')
  expect(Number(await pods.log('many'))).toBe(names.join('').length)
})

test.each([
  ['absolute', '/tmp'],
  ['dots', '..'],
])('a sub-path that leads outside keeps its container waiting: %s', async (label, value) => {
  const name = `outside-${label}`
  await pods.create(name, { script: 'true', container: { env: [{ name: 'POD_ROOT', value }], volumeMounts: [{ name: 'v', mountPath: '/sub', subPathExpr: '$(POD_ROOT)' }] }, spec: { volumes: [{ name: 'v', emptyDir: {} }] } })
  let pod: Pod = await pods.get(name)
  await pods.lab.until(async () => (pod = await pods.lab.client.get(podKind, name, 'default')).status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError', 60_000, 'CreateContainerConfigError')
  expect(pod.status?.phase).toBe('Pending')
})

test('a sub-path that cannot be expanded holds its container back until it can', async () => {
  await pods.create('mending', {
    script: 'echo in > /sub/file; cat /all/place/file',
    container: {
      env: [{ name: 'PLACE', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['place']" } } }],
      volumeMounts: [{ name: 'v', mountPath: '/sub', subPathExpr: '$(PLACE)' }, { name: 'v', mountPath: '/all' }],
    },
    spec: { volumes: [{ name: 'v', emptyDir: {} }] },
  })
  await pods.lab.until(async () => (await pods.lab.client.get(podKind, 'mending', 'default')).status?.containerStatuses?.[0]?.state?.waiting?.message === 'missing value for PLACE', 60_000, 'the message')
  await pods.lab.settle(pods.lab.client.patch(podKind, 'mending', 'default', 'merge', { metadata: { annotations: { place: 'place' } } }))
  expect((await pods.ended('mending')).status?.phase).toBe('Succeeded')
  expect(await pods.log('mending')).toBe('in')
})
