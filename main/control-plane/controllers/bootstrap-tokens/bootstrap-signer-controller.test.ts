import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import type { ConfigMap, Secret } from '../../../api/generated/types.ts'
import { testEpoch } from '../../../api/client/testing/test-process.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { secretKind } from '../../../api/kinds/core/secret.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { controllerBench } from '../testing/controller-bench.ts'
import { bootstrapSignerController, detachedSignature } from './bootstrap-signer-controller.ts'
import { hmacSha256 } from './hmac-sha256.ts'

const kubeconfig = 'apiVersion: v1\nkind: Config\nclusters: [] # für alle\n'
const token = (id: string, more: Record<string, string> = {}): Secret => ({
  apiVersion: 'v1', kind: 'Secret', metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' }, type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(Object.entries({ 'token-id': id, 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true', ...more }).map(([key, value]) => [key, btoa(value)])),
})

it.each([0, 1, 55, 56, 63, 64, 65, 1000])('authenticates %i bytes as Node does', (length) => {
  const message = Uint8Array.from({ length }, (_, at) => (at * 7) % 256)
  for (const key of ['', 'k', 'x'.repeat(64), 'x'.repeat(100)]) expect(Buffer.from(hmacSha256(new TextEncoder().encode(key), message)).toString('hex')).toBe(createHmac('sha256', key).update(message).digest('hex'))
})

it('signs without the text', () => {
  const [header, text, signature] = detachedSignature(kubeconfig, 'abcdef', 's').split('.')
  expect([Buffer.from(header!, 'base64url').toString(), text]).toEqual(['{"alg":"HS256","kid":"abcdef"}', ''])
  expect(signature).toBe(createHmac('sha256', 's').update(`${header}.${Buffer.from(kubeconfig).toString('base64url')}`).digest('base64url'))
})

it('keeps exactly the signatures of tokens that sign', async () => {
  const b = await controllerBench([bootstrapSignerController])
  const keys = (): string[] => Object.keys(b.api.peek<ConfigMap>(configMapKind, 'kube-public', 'cluster-info')!.data!).sort()
  b.api.seed(secretKind, token('aaaaaa'))
  await b.settle()
  b.api.seed<ConfigMap>(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cluster-info', namespace: 'kube-public' }, data: { kubeconfig, 'jws-kubeconfig-former': 'x' } })
  b.api.seed(secretKind, token('bbbbbb', { 'usage-bootstrap-signing': 'false' }))
  b.api.seed(secretKind, token('cccccc', { expiration: formatTime(testEpoch - 1000) }))
  b.api.seed(secretKind, token('dddddd', { expiration: formatTime(testEpoch + 86_400_000) }))
  await b.settle()
  expect(keys()).toEqual(['jws-kubeconfig-aaaaaa', 'jws-kubeconfig-dddddd', 'kubeconfig'])
  const before = b.api.peek<ConfigMap>(configMapKind, 'kube-public', 'cluster-info')!.data!['jws-kubeconfig-aaaaaa']
  b.api.mutate<ConfigMap>(configMapKind, 'kube-public', 'cluster-info', (copy) => void (copy.data = { ...copy.data, kubeconfig: `${kubeconfig}#` }))
  b.api.remove(secretKind, 'kube-system', 'bootstrap-token-dddddd')
  await b.settle()
  expect(keys()).toEqual(['jws-kubeconfig-aaaaaa', 'kubeconfig'])
  expect(b.api.peek<ConfigMap>(configMapKind, 'kube-public', 'cluster-info')!.data!['jws-kubeconfig-aaaaaa']).not.toBe(before)
})
