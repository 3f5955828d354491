import { expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

const path = '/api/v1/namespaces/kube-system/configmaps/kube-apiserver-legacy-service-account-token-tracking'
const json = { 'content-type': 'application/merge-patch+json' }

it('says since which day the use of tokens is noted, whatever is done to it', async () => {
  const { call, run } = await startServer()
  expect((await call('GET', path)).json.data).toEqual({ since: '2026-01-01' })
  await run(24 * 3_600_000)
  await call('PATCH', path, { data: { since: '2020-02-29' } }, json)
  await run(20)
  expect((await call('GET', path)).json.data).toEqual({ since: '2020-02-29' })
  await call('PATCH', path, { data: { since: '2021-02-29', other: 'kept' } }, json)
  await run(20)
  expect((await call('GET', path)).json.data).toEqual({ since: '2026-01-02', other: 'kept' })
  await call('DELETE', path)
  await run(20)
  expect((await call('GET', path)).json.data).toEqual({ since: '2026-01-02' })
})
