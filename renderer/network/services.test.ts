import { expect, it } from 'vitest'
import type { ApiObject } from '../api/object.ts'
import { serviceRows } from './services.ts'

const service = (name: string, spec: object): ApiObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec })
const slice = (of: string, endpoints: object[] | null): ApiObject => ({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: `${of}-x`, namespace: 'default', labels: { 'kubernetes.io/service-name': of } }, ports: [{ port: 80 }], endpoints }) as ApiObject

it('joins services with the endpoints of all their slices', () => {
  const [web] = serviceRows(
    [service('web', { clusterIP: '10.96.1.1', selector: { app: 'web' }, ports: [{ port: 80, nodePort: 30080 }] })],
    [slice('web', [{ addresses: ['10.244.1.2'], conditions: { ready: true }, nodeName: 'worker-1', targetRef: { kind: 'Pod', namespace: 'default', name: 'web-1' } }]), slice('web', [{ addresses: ['10.244.2.2'], conditions: { ready: false } }]), slice('other', [{ addresses: ['1.1.1.1'] }])],
  )
  expect(web).toMatchObject({ type: 'ClusterIP', addresses: '10.96.1.1', ports: '80:30080/TCP', ready: 1, mark: 'running' })
  expect(web!.endpoints.map((endpoint) => endpoint.pod)).toEqual(['default/web-1', ''])
})

it('marks a service that nothing answers for', () => {
  expect(serviceRows([service('lonely', { selector: { app: 'x' } })], [slice('lonely', null)])[0]).toMatchObject({ ready: 0, mark: 'pending' })
  expect(serviceRows([service('manual', {})], [])[0]!.mark).toBe('unknown')
  expect(serviceRows([service('out', { type: 'ExternalName', externalName: 'example.org' })], [])[0]).toMatchObject({ addresses: 'example.org', mark: 'running' })
})
