import { describe, expect, test } from 'vitest'
import type { Ingress } from '../../../api/generated/types.ts'
import { isMine, rewritten, routeOf, routeTable } from './routes.ts'

const service = (name: string): { service: { name: string; port: { number: number } } } => ({ service: { name, port: { number: 80 } } })
const path = (at: string, pathType: string, to: string): object => ({ path: at, pathType, backend: service(to) })
const ingress = (name: string, spec: object, annotations: Record<string, string> = {}, created = '2026-01-01T00:00:00Z'): Ingress => ({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, namespace: 'default', annotations, creationTimestamp: created }, spec }) as Ingress

const rules = (host: string | undefined, ...paths: object[]): object => ({ rules: [{ ...(host === undefined ? {} : { host }), http: { paths } }] })

describe('routes of Ingresses', () => {
  const table = routeTable([
    ingress('all', rules(undefined, path('/', 'Prefix', 'anybody'))),
    ingress('foo', rules('foo.example.com', path('/', 'Prefix', 'root'), path('/aaa', 'Prefix', 'a'), path('/aaa/bbb', 'Prefix', 'ab'), path('/only', 'Exact', 'exact'), path('/txt', 'ImplementationSpecific', 'text'))),
    ingress('wild', rules('*.wild.example.com', path('/', 'Prefix', 'wild'))),
    ingress('narrow', { ...rules('narrow.example.com', path('/here', 'Prefix', 'here')) }),
    ingress('fallback', { ...rules('fall.example.com', path('/here', 'Prefix', 'here')), defaultBackend: service('back') }),
  ])
  const cases: [host: string, path: string, to: string | undefined][] = [
    ['foo.example.com', '/', 'root'],
    ['foo.example.com:30080', '/aaa', 'a'],
    ['FOO.example.com', '/aaa/ccc', 'a'],
    ['foo.example.com', '/aaab', 'root'],
    ['foo.example.com', '/aaa/bbb/c', 'ab'],
    ['foo.example.com', '/only', 'exact'],
    ['foo.example.com', '/only/', 'root'],
    ['foo.example.com', '/txtual', 'text'],
    ['a.wild.example.com', '/x', 'wild'],
    ['a.b.wild.example.com', '/x', 'anybody'],
    ['wild.example.com', '/x', 'anybody'],
    ['elsewhere', '/', 'anybody'],
    ['narrow.example.com', '/there', undefined],
    ['fall.example.com', '/there', 'back'],
  ]
  for (const [host, at, to] of cases) test(`${host}${at} goes to ${to ?? 'nobody'}`, () => expect(routeOf(table, host, at)?.backend?.name).toBe(to))

  test('the oldest Ingress keeps a path that two claim', () => {
    const contested = routeTable([ingress('new', rules('h', path('/', 'Prefix', 'new')), {}, '2026-02-01T00:00:00Z'), ingress('old', rules('h', path('/', 'Prefix', 'old')))])
    expect(routeOf(contested, 'h', '/')?.backend?.name).toBe('old')
  })

  test('paths are rewritten as the annotation says', () => {
    const made = routeTable([ingress('r', rules('h', path('/something(/|$)(.*)', 'ImplementationSpecific', 'web')), { 'nginx.ingress.kubernetes.io/rewrite-target': '/$2' })])
    const route = routeOf(made, 'h', '/something/new')!
    expect([rewritten(route, '/something/new'), rewritten(route, '/something')]).toEqual(['/new', '/'])
    expect(rewritten({ ...route, rewrite: '/' }, '/x')).toBe('/')
  })

  test('an Ingress is of the class that it names, the annotation names, or of none', () => {
    const nginx = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'web' }, spec: { controller: 'k8s.io/ingress-nginx' } }
    const mine = (each: Ingress, withoutClass = false): boolean => isMine(each, [nginx], 'k8s.io/ingress-nginx', 'nginx', withoutClass)
    expect([mine(ingress('a', { ingressClassName: 'web' })), mine(ingress('b', { ingressClassName: 'other' })), mine(ingress('c', {}, { 'kubernetes.io/ingress.class': 'nginx' })), mine(ingress('d', {})), mine(ingress('d', {}), true)]).toEqual([true, false, true, false, true])
  })
})
