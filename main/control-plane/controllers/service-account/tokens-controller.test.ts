import { expect, it } from 'vitest'
import type { Secret } from '../../../api/generated/types.ts'
import { decodeBase64 } from '../../../api/kinds/core/base64.ts'
import { secretKind } from '../../../api/kinds/core/secret.ts'
import { serviceAccountKind } from '../../../api/kinds/core/service-account.ts'
import { atEveryWrite, benchFaults, controllerBench } from '../testing/controller-bench.ts'
import { tokensController } from './tokens-controller.ts'

const controller = tokensController({ sign: (claims) => `signed:${JSON.stringify(claims)}`, rootCertificate: 'CERT' })
const secret = (name: string, account: string, more: Partial<Secret> = {}): Secret => ({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name, namespace: 'default', annotations: { 'kubernetes.io/service-account.name': account } }, ...more })
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bot', namespace: 'default' } }

it('fills secrets, and deletes them with their account', async () => {
  const bench = await controllerBench([controller], { before: (api) => {
    api.seed(serviceAccountKind, account)
    api.seed(secretKind, secret('s', 'bot'))
    api.seed(secretKind, secret('orphan', 'none'))
    api.seed(secretKind, { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name: 'other', namespace: 'default', annotations: { 'kubernetes.io/service-account.name': 'none' } } })
  } })
  await bench.settle()
  const { uid } = bench.api.peek(serviceAccountKind, 'default', 'bot')!.metadata
  const filled = bench.api.peek(secretKind, 'default', 's')!
  expect(Object.fromEntries(Object.entries(filled.data!).map(([key, value]) => [key, decodeBase64(value)]))).toEqual({
    'ca.crt': 'CERT',
    namespace: 'default',
    token: `signed:${JSON.stringify({ iss: 'kubernetes/serviceaccount', 'kubernetes.io/serviceaccount/namespace': 'default', 'kubernetes.io/serviceaccount/secret.name': 's', 'kubernetes.io/serviceaccount/service-account.name': 'bot', 'kubernetes.io/serviceaccount/service-account.uid': uid, sub: 'system:serviceaccount:default:bot' })}`,
  })
  expect(filled.metadata.annotations).toEqual({ 'kubernetes.io/service-account.name': 'bot', 'kubernetes.io/service-account.uid': uid })
  expect(bench.api.peek(secretKind, 'default', 'orphan')).toBeUndefined()
  expect(bench.api.peek(secretKind, 'default', 'other')).toBeDefined()
  // Somebody empties it: it is filled again, as the same.
  bench.api.mutate(secretKind, 'default', 's', (copy) => void (copy.data = {}))
  await bench.settle()
  expect(bench.api.peek(secretKind, 'default', 's')!.data).toEqual(filled.data)
  bench.api.remove(serviceAccountKind, 'default', 'bot')
  await bench.settle()
  expect(bench.api.peek(secretKind, 'default', 's')).toBeUndefined()
})

it('deletes the token of an account that was made anew', async () => {
  const bench = await controllerBench([controller], { before: (api) => {
    api.seed(serviceAccountKind, account)
    api.seed(secretKind, { ...secret('s', 'bot'), metadata: { name: 's', namespace: 'default', annotations: { 'kubernetes.io/service-account.name': 'bot', 'kubernetes.io/service-account.uid': 'former' } } })
  } })
  await bench.settle()
  expect(bench.api.peek(secretKind, 'default', 's')).toBeUndefined()
})

it('reaches the same end whichever write fails', async () => {
  await atEveryWrite(benchFaults, async (fault) => {
    const bench = await controllerBench([controller], { ...(fault ? { fault } : {}), before: (api) => {
      api.seed(serviceAccountKind, account)
      api.seed(secretKind, secret('s', 'bot'))
      api.seed(secretKind, secret('orphan', 'none'))
    } })
    await bench.settle()
    return {
      writes: bench.api.writes.filter((line) => !line.includes(' events ')).length,
      check: () => {
        expect(Object.keys(bench.api.peek(secretKind, 'default', 's')?.data ?? {}).sort()).toEqual(['ca.crt', 'namespace', 'token'])
        expect(bench.api.peek(secretKind, 'default', 'orphan')).toBeUndefined()
      },
    }
  })
})
