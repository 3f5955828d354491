/** What a deletecollection takes, how, and what it answers. */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../api/machinery/object.ts'
import { startServer } from './testing/start-server.ts'
import type { TestServer } from './testing/start-server.ts'

const path = '/api/v1/namespaces/default/configmaps'
const merge = { 'content-type': 'application/merge-patch+json' }
const held = 'example.com/held'
let server: TestServer

/** `name`, or `name!finalizer,finalizer` of one that is being deleted. */
const shown = ({ metadata }: KubeObject): string => `${metadata.name}${metadata.deletionTimestamp ? '!' : ''}${metadata.finalizers ? metadata.finalizers.join(',') : ''}`
const left = async (): Promise<string[]> => (await server.call('GET', path)).json.items.map(shown)

beforeAll(async () => {
  server = await startServer()
})
beforeEach(async () => {
  for (const name of ['a', 'b', 'c', 'd']) await server.call('PATCH', `${path}/${name}`, { metadata: { finalizers: null } }, merge)
  await server.call('DELETE', path)
  for (const [name, app, finalizers] of [['a', 'x', undefined], ['b', 'y', undefined], ['c', 'x', [held]]] as const) await server.call('POST', path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { app }, ...(finalizers ? { finalizers } : {}) } })
})

const all = ['a', 'b', `c${held}`]
const foreground = 'foregroundDeletion'

describe('deletecollection', () => {
  it.each<[query: string, body: object | undefined, listed: readonly string[], stays: readonly string[]]>([
    ['', undefined, all, [`c!${held}`]],
    ['propagationPolicy=Background', undefined, all, [`c!${held}`]],
    ['propagationPolicy=Foreground', undefined, all, [`a!${foreground}`, `b!${foreground}`, `c!${held},${foreground}`]],
    ['propagationPolicy=Orphan', undefined, all, ['a!orphan', 'b!orphan', `c!${held},orphan`]],
    ['orphanDependents=true', undefined, all, ['a!orphan', 'b!orphan', `c!${held},orphan`]],
    ['orphanDependents=false', undefined, all, [`c!${held}`]],
    ['', { propagationPolicy: 'Orphan' }, all, ['a!orphan', 'b!orphan', `c!${held},orphan`]],
    // A body takes the place of all that the query says of the deletion, but not of the list.
    ['propagationPolicy=Foreground&labelSelector=app%3Dy', { propagationPolicy: 'Background' }, ['b'], ['a', `c${held}`]],
    ['labelSelector=app%3Dx', undefined, ['a', `c${held}`], ['b', `c!${held}`]],
    ['labelSelector=app%3Dx&propagationPolicy=Foreground', undefined, ['a', `c${held}`], [`a!${foreground}`, 'b', `c!${held},${foreground}`]],
    ['labelSelector=app%3Dz', undefined, [], all],
    ['fieldSelector=metadata.name%3Db', undefined, ['b'], ['a', `c${held}`]],
    ['fieldSelector=metadata.name%21%3Db&labelSelector=app', undefined, ['a', `c${held}`], ['b', `c!${held}`]],
    ['limit=2', undefined, ['a', 'b'], [`c${held}`]],
    ['limit=1&propagationPolicy=Orphan', undefined, ['a'], ['a!orphan', 'b', `c${held}`]],
    ['limit=1&labelSelector=app%3Dy', undefined, ['b'], ['a', `c${held}`]],
    ['dryRun=All', undefined, all, all],
    ['dryRun=All&propagationPolicy=Foreground&limit=1', undefined, ['a'], all],
    ['', { dryRun: ['All'], propagationPolicy: 'Orphan' }, all, all],
    ['gracePeriodSeconds=0', undefined, all, [`c!${held}`]],
  ])('?%s %j answers what it found', async (query, body, listed, stays) => {
    const before = (await server.call('GET', path)).json.items as KubeObject[]
    const answer = await server.call('DELETE', `${path}?${query}`, body)
    expect(answer.status, JSON.stringify(answer.json)).toBe(200)
    expect(answer.json.kind).toBe('ConfigMapList')
    expect(answer.json.items.map(shown)).toEqual(listed)
    for (const item of answer.json.items as KubeObject[]) expect(item).toEqual(before.find(({ metadata }) => metadata.name === item.metadata.name))
    expect(await left()).toEqual(stays)
  })

  it('of a page says how to go on, and the next one does', async () => {
    const first = await server.call('DELETE', `${path}?limit=2`)
    expect(first.json.metadata).toMatchObject({ remainingItemCount: 1, continue: expect.any(String) as string })
    const second = await server.call('DELETE', `${path}?limit=2&continue=${encodeURIComponent(first.json.metadata.continue as string)}`)
    expect(second.json.items.map(shown)).toEqual([`c${held}`])
    expect(second.json.metadata).not.toHaveProperty('continue')
  })

  it.each<[query: string, body: object | undefined, code: number, message: string, stays?: readonly string[]]>([
    ['propagationPolicy=Nonsense', undefined, 422, 'propagationPolicy: Unsupported value: "Nonsense"'],
    ['propagationPolicy=Nonsense&labelSelector=app%3Dnone', undefined, 422, 'propagationPolicy: Unsupported value: "Nonsense"'],
    ['', { propagationPolicy: 'Orphan', orphanDependents: true }, 422, 'orphanDependents and deletionPropagation cannot be both set'],
    ['dryRun=Some', undefined, 422, 'dryRun: Unsupported value'],
    ['labelSelector=a+in+(', undefined, 400, 'unable to parse requirement'],
    ['fieldSelector=data.a%3Db', undefined, 400, '"data.a" is not a known field selector'],
    ['continue=nonsense', undefined, 400, 'continue key is not valid'],
    ['', { preconditions: { uid: 'other' } }, 409, 'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record'],
    ['labelSelector=app%3Dy', { preconditions: { resourceVersion: '1' } }, 409, 'the ResourceVersion in the precondition (1) does not match the ResourceVersion in record'],
  ])('?%s %j is refused, and nothing goes', async (query, body, code, message, stays = all) => {
    expect((await server.call('DELETE', `${path}?${query}`, body)).json).toMatchObject({ code, message: expect.stringContaining(message) as string })
    expect(await left()).toEqual(stays)
  })

  it('stops at the first that does not meet the preconditions', async () => {
    const { json } = await server.call('GET', `${path}/a`)
    expect((await server.call('DELETE', path, { preconditions: { uid: json.metadata.uid, resourceVersion: json.metadata.resourceVersion } })).json).toMatchObject({ code: 409, message: expect.stringContaining('"b"') as string })
    expect(await left()).toEqual(['b', `c${held}`])
  })

  it('knows no namespace but one', async () => {
    expect((await server.call('DELETE', '/api/v1/configmaps')).status).toBe(405)
    expect(await left()).toEqual(all)
  })
})
