import { expect, test } from 'vitest'
import { Trace } from '../../kernel/trace.ts'
import { WriteLog } from './write-log.ts'

const key = '/registry/pods/default/web'

test('says which request wrote a revision, for whom, and what set it off', () => {
  let now = 5
  const trace = new Trace(() => now)
  const log = new WriteLog(trace)
  const root = trace.start('kubectl@outside', 'kubectl: POST /api/v1/namespaces/default/pods', { user: true }, 0)
  const request = trace.start('kube-apiserver@controlplane', 'POST /api/v1/namespaces/default/pods', {}, root.id)
  const call = trace.start('kube-apiserver@controlplane', 'etcd create', { key }, request.id)
  const write = trace.start('etcd@controlplane', `KV/Txn ${key}`, {}, call.id)
  now = 9
  trace.end(write, { revision: 41 })
  trace.end(request, { code: 201, user: 'kubernetes-admin' })
  expect(log.of(key, 41)).toEqual({ time: 9, spanId: write.id, request: 'POST /api/v1/namespaces/default/pods', user: 'kubernetes-admin', cause: 'kubectl: POST /api/v1/namespaces/default/pods' })
  expect(log.of(key, 42)).toBeUndefined()
  expect(log.of('/registry/pods/default/other', 41)).toBeUndefined()
  log.close()
})

test('leaves out what failed, and keeps the first of one revision', () => {
  const trace = new Trace(() => 0)
  const log = new WriteLog(trace)
  const transact = (revision: number | undefined): number => {
    const span = trace.start('etcd@controlplane', `KV/Txn ${key}`, {}, 0)
    trace.end(span, revision === undefined ? { error: 'etcdserver: too many requests' } : { revision })
    return span.id
  }
  transact(undefined)
  const won = transact(7)
  transact(7)
  expect(log.of(key, 7)).toMatchObject({ spanId: won, request: '', user: '', cause: '' })
  log.close()
})
