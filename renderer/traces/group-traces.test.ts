import { describe, expect, it } from 'vitest'
import type { TraceSummary } from '../../preload/contract/observe.ts'
import { groupTraces } from './group-traces.ts'

let id = 0
const trace = (start: number, method: string, path: string, attributes: Record<string, string> = {}, agent = 'kubectl'): TraceSummary => ({
  root: { id: ++id, parent: 0, name: `${agent}: ${method} ${path}`, where: `${agent}@outside`, start, attributes: { user: true, method, path, ...attributes } },
  spanCount: 3,
  lastAt: start,
  user: true,
})
const pods = '/api/v1/namespaces/default/pods'
const lines = (traces: readonly TraceSummary[]): object[] => groupTraces(traces).map(({ title, shown, besides }) => ({ title, shown: shown.map((entry) => entry.root.attributes.method), besides: besides.length }))

describe('traces by command', () => {
  it('puts the requests of one session together, what was changed first', () => {
    const session = { session: 'a', command: 'kubectl apply' }
    const newestFirst = [trace(9_000, 'POST', pods, session), trace(900, 'GET', `${pods}/web`, session), trace(700, 'GET', '/openapi/v3?timeout=32s', session), trace(10, 'GET', '/api', session)]
    expect(lines(newestFirst)).toEqual([{ title: 'kubectl apply', shown: ['POST'], besides: 3 }])
  })

  it('keeps sessions apart however close they are', () => {
    expect(lines([trace(11, 'GET', pods, { session: 'b', command: 'kubectl get' }), trace(10, 'GET', pods, { session: 'a', command: 'kubectl get' })])).toHaveLength(2)
  })

  it('goes by closeness where no session is named, and by client', () => {
    const newestFirst = [trace(2_000, 'GET', pods, {}, 'helm'), trace(1_950, 'DELETE', `${pods}/x`), trace(1_700, 'GET', `${pods}/x`), trace(1_000, 'GET', pods)]
    expect(lines(newestFirst)).toEqual([
      { title: 'helm', shown: ['GET'], besides: 0 },
      { title: 'kubectl', shown: ['DELETE'], besides: 1 },
      { title: 'kubectl', shown: ['GET'], besides: 0 },
    ])
  })

  it('shows a read of kinds when there is nothing else', () => {
    expect(lines([trace(20, 'GET', '/apis'), trace(10, 'GET', '/api')])).toEqual([{ title: 'kubectl', shown: ['GET'], besides: 1 }])
  })

  it('leaves what the cluster did by itself alone', () => {
    const own = (start: number): TraceSummary => ({ ...trace(start, 'PUT', pods), root: { ...trace(start, 'PUT', pods).root, where: 'kubelet@worker-1', attributes: {} } })
    expect(groupTraces([own(11), own(10)])).toHaveLength(2)
  })
})
