import { describe, expect, it } from 'vitest'
import type { Pod } from '../../../api/generated/types.ts'
import { forwardedPorts } from './forwarded-ports.ts'

const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-1' }, spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }, { name: 'dns', containerPort: 53, protocol: 'UDP' }] }] } } as Pod
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { clusterIP: '10.96.0.5', ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP' }, { name: 'plain', port: 81, targetPort: 9000, protocol: 'TCP' }] } }

describe('ports to forward', () => {
  it.each([
    [pod, '80', { local: 80, remote: 80 }],
    [pod, '5000:http', { local: 5000, remote: 8080 }],
    [pod, 'http', { local: 8080, remote: 8080 }],
    [pod, ':80', { local: 0, remote: 80 }],
    [service, '80', { local: 80, remote: 8080 }],
    [service, 'web', { local: 80, remote: 8080 }],
    [service, '5000:81', { local: 5000, remote: 9000 }],
  ])('%#: %j', (target, word, expected) => {
    expect(forwardedPorts([word], target, pod)).toEqual([expected])
  })

  it.each([
    [pod, 'nosuch', "Pod 'web-1' does not have a named port 'nosuch'"],
    [pod, '53', 'UDP protocol is not supported for 53'],
    [pod, '99999', `error parsing local port '99999': strconv.ParseUint: parsing "99999": value out of range`],
    [pod, ':0', 'remote port must be > 0'],
    [service, '82', 'Service web does not have a service port 82'],
    [service, 'nosuch', "Service 'web' does not have a named port 'nosuch'"],
  ])('%#: refuses %j', (target, word, message) => {
    expect(() => forwardedPorts([word], target, pod)).toThrow(message)
  })
})
