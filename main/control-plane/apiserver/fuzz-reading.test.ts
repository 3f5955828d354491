/** Random label selectors, field selectors and continue tokens over the real edge. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FuzzedServer } from './testing/fuzzing.node.ts'
import { hunt, startFuzzed } from './testing/fuzzing.node.ts'

let server: FuzzedServer
const configMaps = '/api/v1/namespaces/default/configmaps'
const collections = [configMaps, '/api/v1/configmaps', '/api/v1/pods', '/api/v1/nodes', '/api/v1/events', '/apis/events.k8s.io/v1/events', '/apis/apps/v1/deployments', '/api/v1/namespaces', '/api/v1/secrets', '/apis/batch/v1/jobs', '/api/v1/services', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', '/apis/certificates.k8s.io/v1/certificatesigningrequests', '/apis/fuzz.example.com/v1/things', '/apis/resource.k8s.io/v1/resourceslices']
const labelled = Array.from({ length: 9 }, (_, index) => ({ name: `c${index}`, labels: { app: `a${index % 3}`, 'x.y/z': 'v', ...(index % 2 === 0 ? { even: '' } : {}), number: `${index}` } as Record<string, string> }))

beforeAll(async () => {
  server = await startFuzzed()
  await server.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { metadata: { name: 'things.fuzz.example.com' }, spec: { group: 'fuzz.example.com', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true, selectableFields: [{ jsonPath: '.spec.a' }], schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } } } } }] } })
  for (const metadata of labelled) expect((await server.ask('POST', configMaps, { metadata })).status).toBe(201)
  for (let tries = 0; tries < 100 && (await server.ask('GET', collections[13]!)).status !== 200; tries++) await new Promise((resolve) => setTimeout(resolve, 20))
})
afterAll(() => server.close())

const encoded = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, ''))
const piece = fc.oneof(fc.constantFrom('app', 'x.y/z', 'even', 'number', 'a0', 'v', '=', '==', '!=', ' in ', ' notin ', '(', ')', ',', '!', '>', '<', ' ', '\\', '\t', '1', '-1', '99999999999999999999', '0x1', 'metadata.name', 'metadata.namespace', 'default', 'c1', 'spec.nodeName', 'status.phase', 'type', 'involvedObject.kind', 'spec.a', '/', 'a/b/c', '-', '_', '.', 'x'.repeat(64), `${'y'.repeat(254)}/a`, '\\,', '\\=', '\u0000', 'é'), fc.string({ maxLength: 4 }))
const anySelector = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''))
const key = fc.constantFrom('app', 'x.y/z', 'even', 'number', 'nosuch')
const value = fc.constantFrom<string>('a0', 'a1', 'a2', 'v', '', '0', '4', '8', 'x')

/** A requirement as text, and what it means. */
const requirement = fc.oneof(
  fc.tuple(key, fc.constantFrom('=', '==', ' = '), value).map(([of, by, is]) => ({ text: `${of}${by}${is}`, holds: (labels: Record<string, string>) => labels[of] === is })),
  fc.tuple(key, value).map(([of, is]) => ({ text: `${of}!=${is}`, holds: (labels: Record<string, string>) => labels[of] !== is })),
  key.map((of) => ({ text: of, holds: (labels: Record<string, string>) => of in labels })),
  key.map((of) => ({ text: `!${of}`, holds: (labels: Record<string, string>) => !(of in labels) })),
  fc.tuple(key, fc.array(value, { minLength: 1, maxLength: 3 })).map(([of, are]) => ({ text: `${of} in (${are.join(',')})`, holds: (labels: Record<string, string>) => of in labels && are.includes(labels[of]!) })),
  fc.tuple(key, fc.array(value, { minLength: 1, maxLength: 3 })).map(([of, are]) => ({ text: `${of} notin ( ${are.join(' , ')} )`, holds: (labels: Record<string, string>) => !(of in labels && are.includes(labels[of]!)) })),
  fc.tuple(fc.constantFrom('>', '<'), fc.integer({ min: 0, max: 12 })).map(([by, than]) => ({ text: `number${by}${than}`, holds: (labels: Record<string, string>) => 'number' in labels && (by === '>' ? Number(labels['number']) > than : Number(labels['number']) < than) })),
)

describe('random reading', { timeout: 3_600_000 }, () => {
  it('with selectors of any text', () =>
    hunt('selectors', fc.tuple(fc.constantFrom(...collections), fc.constantFrom('labelSelector', 'fieldSelector'), anySelector, fc.constantFrom('GET', 'GET', 'DELETE')), async ([path, which, text, method]) => {
      // No deletecollection without a namespace, and none that deletes.
      const deletes = method === 'DELETE' && path.includes('/namespaces/')
      await server.ask(deletes ? 'DELETE' : 'GET', `${path}?${which}=${encoded(text)}${deletes ? '&dryRun=All' : ''}`)
    }, 300))

  it('with selectors that mean something selects just that', () =>
    hunt('meaning', fc.array(requirement, { minLength: 1, maxLength: 4 }), async (requirements) => {
      const text = requirements.map((one) => one.text).join(',')
      const answer = await server.ask('GET', `${configMaps}?labelSelector=${encoded(text)}`)
      expect(answer.status, text).toBe(200)
      expect(answer.json.items.map((item: { metadata: { name: string } }) => item.metadata.name).filter((name: string) => name.startsWith('c')), text).toEqual(labelled.filter(({ labels }) => requirements.every(({ holds }) => holds(labels))).map(({ name }) => name))
    }, 150))

  it('with continue tokens of any content', () => {
    const start = fc.oneof(fc.constantFrom<unknown>('default/c3', 'default/c3\u0000', '/default/c3\u0000', '../secrets/x', 'default/../../x', '', '/', '\u0000', '~', 'z', 'x'.repeat(5000), null, 7, {}, '\u{10ffff}'), fc.string({ maxLength: 10 }))
    const token = fc.oneof(
      { weight: 5, arbitrary: fc.record<Record<string, unknown>>({ v: fc.constantFrom('meta.k8s.io/v1', 'meta.k8s.io/v2', '', 1, null), rv: fc.constantFrom<unknown>(1, 2, -1, 0, 1.5, '1', null, 1e18, 1e30, 5, 10), start }, { requiredKeys: [] }).map((made) => Buffer.from(JSON.stringify(made)).toString('base64url')) },
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.string({ maxLength: 20 }),
    )
    return hunt('tokens', fc.tuple(fc.constantFrom(...collections), token, fc.constantFrom('', '&limit=1', '&limit=500', '&limit=9223372036854775807', '&resourceVersion=0', '&resourceVersion=1&resourceVersionMatch=Exact', '&watch=1&timeoutSeconds=1', '&labelSelector=app%3Da0')), async ([path, text, more]) => {
      const answer = await server.ask('GET', `${path}?continue=${encoded(text)}${more}`)
      if (answer.status === 200 && !more.includes('watch')) for (const item of answer.json.items as { kind?: string; metadata: object }[]) expect(item.metadata).toBeDefined()
    }, 200)
  })

  it('in pages of any size shows everything once', () =>
    hunt('pages', fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom('', '&labelSelector=even', '&fieldSelector=metadata.name!%3Dc4')), async ([limit, more]) => {
      const names: string[] = []
      let token = ''
      do {
        const page = await server.ask('GET', `${configMaps}?limit=${limit}${more}${token === '' ? '' : `&continue=${token}`}`)
        expect(page.status, page.text).toBe(200)
        names.push(...page.json.items.map((item: { metadata: { name: string } }) => item.metadata.name))
        token = page.json.metadata.continue ?? ''
      } while (token !== '')
      const wanted = labelled.filter(({ name, labels }) => (more.includes('label') ? 'even' in labels : more.includes('field') ? name !== 'c4' : true)).map(({ name }) => name)
      expect(names.filter((name) => name.startsWith('c'))).toEqual(wanted)
    }, 40))
})
