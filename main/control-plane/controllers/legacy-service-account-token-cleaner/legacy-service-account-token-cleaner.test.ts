import { describe, expect, it } from 'vitest'
import type { Pod, Secret, ServiceAccount } from '../../../api/generated/types.ts'
import { testEpoch } from '../../../api/client/testing/test-process.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { secretKind } from '../../../api/kinds/core/secret.ts'
import { serviceAccountKind } from '../../../api/kinds/core/service-account.ts'
import { parseTime } from '../../../api/machinery/time.ts'
import { controllerBench, type ControllerBench } from '../testing/controller-bench.ts'
import { dateOf, invalidSinceLabel, judge, lastUsedLabel, trackedFrom, type Verdict } from './judgement.ts'
import { legacyServiceAccountTokenCleaner } from './legacy-service-account-token-cleaner.ts'
import { secretsOf } from './pod-secrets.ts'

const dayMs = 86_400_000
const now = parseTime('2026-06-15T12:00:00Z')!
const token: Secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name: 's', namespace: 'default', creationTimestamp: '2024-01-01T00:00:00Z', annotations: { 'kubernetes.io/service-account.name': 'bot', 'kubernetes.io/service-account.uid': 'u' } } }
const account: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot', namespace: 'default', uid: 'u' }, secrets: [{ name: 's' }] }
const labelled = (labels: Record<string, string>): Secret => ({ ...token, metadata: { ...token.metadata, labels } })

describe('a token', () => {
  it.each<[string, Verdict, { readonly secret?: Secret; readonly account?: ServiceAccount | undefined; readonly mounted?: boolean }]>([
    ['never used', 'invalidate', {}],
    ['used a year and a day ago', 'invalidate', { secret: labelled({ [lastUsedLabel]: '2025-06-14' }) }],
    ['used on the day a year ago', 'keep', { secret: labelled({ [lastUsedLabel]: '2025-06-15' }) }],
    ['used on a day that is none', 'unreadable', { secret: labelled({ [lastUsedLabel]: '2025-13-01' }) }],
    ['invalid for less than a year', 'keep', { secret: labelled({ [invalidSinceLabel]: '2025-06-15' }) }],
    ['invalid for more than a year', 'delete', { secret: labelled({ [invalidSinceLabel]: '2025-06-14' }) }],
    ['invalid since a day that is none', 'invalidate', { secret: labelled({ [invalidSinceLabel]: 'yes' }) }],
    ['invalid for long, but used again', 'keep', { secret: labelled({ [invalidSinceLabel]: '2024-06-14', [lastUsedLabel]: '2026-06-01' }) }],
    ['younger than a year', 'keep', { secret: { ...token, metadata: { ...token.metadata, creationTimestamp: '2025-06-15T12:00:00Z' } } }],
    ['on its way out', 'keep', { secret: { ...token, metadata: { ...token.metadata, deletionTimestamp: '2026-06-15T11:00:00Z' } } }],
    ['of another type', 'keep', { secret: { ...token, type: 'Opaque' } }],
    ['made by hand', 'keep', { account: { ...account, secrets: [] } }],
    ['of no account', 'keep', { account: undefined }],
    ['of an account of the same name before', 'keep', { account: { ...account, metadata: { ...account.metadata, uid: 'other' } } }],
    ['in a pod', 'keep', { mounted: true }],
  ])('%s: %s', (_what, verdict, given) => {
    expect(judge(given.secret ?? token, { account: 'account' in given ? given.account : account, isMounted: () => given.mounted ?? false, now, cleanUpPeriodMs: 365 * dayMs })).toBe(verdict)
  })
})

it('counts from the day after the one on which tracking began', () => {
  expect(trackedFrom('2026-02-28')).toBe(parseTime('2026-03-01T00:00:00Z'))
  for (const text of ['', '2026-02-29', '2026-2-1', 'soon', '2026-02-28T00:00:00Z']) expect(trackedFrom(text), text).toBeUndefined()
})

it.each<[string, Pod['spec']]>([
  ['to pull', { containers: [], imagePullSecrets: [{ name: 's' }] }],
  ['in a variable', { containers: [{ name: 'c', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'token' } } }] }] }],
  ['in the environment of an init container', { containers: [], initContainers: [{ name: 'c', envFrom: [{ secretRef: { name: 's' } }] }] }],
  ['as a volume', { containers: [], volumes: [{ name: 'v', secret: { secretName: 's' } }] }],
  ['in a projected volume', { containers: [], volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }, { configMap: { name: 'm' } }] } }] }],
  ['for a driver', { containers: [], volumes: [{ name: 'v', csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } }] }],
])('finds the secret of a pod %s', (_where, spec) => {
  expect([...secretsOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec } as Pod)]).toEqual(['s'])
})

describe('the controller', () => {
  const start = async (since: string | undefined): Promise<ControllerBench> =>
    controllerBench([legacyServiceAccountTokenCleaner({ cleanUpPeriodMs: 10 * dayMs })], {
      before(api) {
        if (since !== undefined) api.seed(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' }, data: { since } })
        api.seed(serviceAccountKind, { ...account, metadata: { name: 'bot', namespace: 'default' } })
        api.seed(secretKind, { ...token, metadata: { name: 's', namespace: 'default', annotations: { 'kubernetes.io/service-account.name': 'bot' } } })
      },
    })
  const labels = (b: ControllerBench): unknown => b.api.peek(secretKind, 'default', 's')?.metadata.labels?.[invalidSinceLabel]

  it('marks what was not used for the period, and deletes it after another', async () => {
    const b = await start(dateOf(testEpoch))
    await b.kernel.runFor(10.5 * dayMs)
    expect(labels(b)).toBeUndefined()
    await b.kernel.runFor(dayMs)
    const marked = labels(b)
    expect(marked).toBe(dateOf(testEpoch + 11 * dayMs))
    await b.kernel.runFor(9 * dayMs)
    expect(labels(b)).toBe(marked)
    await b.kernel.runFor(3 * dayMs)
    expect(b.api.stored(secretKind)).toEqual([])
  })

  it('leaves a token alone that is used again after it was marked', async () => {
    const b = await start('2020-01-01')
    await b.kernel.runFor(11.5 * dayMs)
    expect(labels(b)).toBe(dateOf(testEpoch + 10 * dayMs))
    b.api.mutate<Secret>(secretKind, 'default', 's', ({ metadata }) => void (metadata.labels = { ...metadata.labels, [lastUsedLabel]: dateOf(testEpoch + 21 * dayMs) }))
    await b.kernel.runFor(15 * dayMs)
    expect(labels(b)).toBe(dateOf(testEpoch + 10 * dayMs))
  })

  it.each([undefined, 'once', '2026-13-01'])('does nothing when tracking began %s', async (since) => {
    const b = await start(since)
    await b.kernel.runFor(15 * dayMs)
    expect(labels(b)).toBeUndefined()
    expect(b.controllers[0]!.view()).toMatchObject({ failures: 0, reconciles: 15 })
  })

  it('asks nothing where there is no such token', async () => {
    const b = await controllerBench([legacyServiceAccountTokenCleaner()])
    b.api.seed(secretKind, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other', namespace: 'default' } })
    await b.kernel.runFor(3 * dayMs)
    expect(b.controllers[0]!.view().reconciles).toBe(0)
  })
})
