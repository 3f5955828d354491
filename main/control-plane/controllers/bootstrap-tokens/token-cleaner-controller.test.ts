import { expect, it } from 'vitest'
import type { Secret } from '../../../api/generated/types.ts'
import { secretKind } from '../../../api/kinds/core/secret.ts'
import { testEpoch } from '../../../api/client/testing/test-process.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { controllerBench } from '../testing/controller-bench.ts'
import { tokenCleanerController } from './token-cleaner-controller.ts'

const token = (name: string, expiration?: string): Secret => ({
  apiVersion: 'v1', kind: 'Secret', metadata: { name: `bootstrap-token-${name}`, namespace: 'kube-system' }, type: 'bootstrap.kubernetes.io/token', data: { 'token-id': btoa(name), ...(expiration === undefined ? {} : { expiration: btoa(expiration) }) },
})

it('deletes bootstrap tokens when they expire', async () => {
  const b = await controllerBench([tokenCleanerController])
  b.api.seed(secretKind, token('aaaaaa', formatTime(testEpoch + 60_000)))
  b.api.seed(secretKind, token('bbbbbb'))
  b.api.seed(secretKind, token('cccccc', 'some day'))
  b.api.seed(secretKind, { ...token('dddddd', formatTime(testEpoch)), type: 'Opaque' })
  const left = (): string[] => b.api.stored(secretKind).map(({ metadata }) => metadata.name.slice(-6))
  await b.kernel.runFor(50_000)
  expect(left()).toEqual(['aaaaaa', 'bbbbbb', 'dddddd'])
  await b.kernel.runFor(15_000)
  expect(left()).toEqual(['bbbbbb', 'dddddd'])
})
