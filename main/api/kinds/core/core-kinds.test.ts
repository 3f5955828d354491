import { describe, expect, it } from 'vitest'
import type { CoreEvent, Namespace, Node, Secret, Service, ServiceSpec } from '../../generated/types.ts'
import { fieldErrorText } from '../../machinery/field-error.ts'
import type { KubeObject } from '../../machinery/object.ts'
import { coreEventOf, eventsEventKind, eventsEventOf } from '../events/event.ts'
import type { Kind } from '../kind.ts'
import { rowOf } from '../testing/row-of.ts'
import { configMapKind } from './config-map.ts'
import { repackSubsets } from './endpoints-subsets.ts'
import { eventKind } from './event.ts'
import { namespaceKind } from './namespace.ts'
import { nodeKind } from './node.ts'
import { secretKind } from './secret.ts'
import { serviceKind } from './service.ts'

const context = { now: 0, timestamp: '1970-01-01T00:00:00Z', user: 'test', dryRun: false, uuid: () => 'u', suffix: () => 's' }

function made<T extends KubeObject>(kind: Kind<T>, object: T): T {
  kind.strategy.defaults?.(object)
  kind.strategy.prepareForCreate?.(object, context)
  return object
}

function errorsOf<T extends KubeObject>(kind: Kind<T>, object: T): string[] {
  return (kind.strategy.validate?.(made(kind, object)) ?? []).map(fieldErrorText)
}

describe('namespaces', () => {
  const namespace = (more: Partial<Namespace> = {}): Namespace => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' }, ...more })

  it('are made active, held and labelled', () => {
    expect(made(namespaceKind, namespace())).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'kubernetes.io/metadata.name': 'shop' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    })
  })

  it('keep their finalizers and status on update', () => {
    const old = made(namespaceKind, namespace())
    const update = namespace({ spec: {}, status: { phase: 'Terminating' } })
    namespaceKind.strategy.prepareForUpdate?.(update, old, context)
    expect(update).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } })
  })
})

describe('services', () => {
  const service = (spec: ServiceSpec): Service => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec })

  it('get their defaults', () => {
    expect(made(serviceKind, service({ selector: { app: 'web' }, ports: [{ port: 80 }] }))).toMatchObject({
      spec: { type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] },
      status: { loadBalancer: {} },
    })
    expect(made(serviceKind, service({ type: 'NodePort', ports: [{ port: 80 }] })).spec?.externalTrafficPolicy).toBe('Cluster')
    expect(made(serviceKind, service({ type: 'LoadBalancer', ports: [{ port: 80 }] })).spec?.allocateLoadBalancerNodePorts).toBe(true)
    expect(made(serviceKind, service({ sessionAffinity: 'ClientIP', ports: [{ port: 80 }] })).spec?.sessionAffinityConfig).toEqual({ clientIP: { timeoutSeconds: 10800 } })
  })

  it.each<[string, ServiceSpec, string[]]>([
    ['good', { ports: [{ port: 80 }] }, []],
    ['without ports', {}, ['spec.ports: Required value']],
    ['headless without ports', { clusterIP: 'None' }, []],
    ['of no known type', { type: 'Wide', ports: [{ port: 80 }] }, ['spec.type: Unsupported value: "Wide": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"']],
    ['with two nameless ports', { ports: [{ port: 80 }, { port: 81 }] }, ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value']],
    ['with one port twice', { ports: [{ name: 'a', port: 80 }, { name: 'b', port: 80 }] }, ['spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}']],
    ['with port 0', { ports: [{ port: 0, targetPort: 80 }] }, ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive']],
    ['with a node port inside only', { ports: [{ port: 80, nodePort: 30000 }] }, ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"]],
    ['headless outside', { type: 'NodePort', clusterIP: 'None', ports: [{ port: 80 }] }, ["spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services"]],
    ['of a name without one', { type: 'ExternalName' }, ['spec.externalName: Required value']],
    ['with a bad address', { clusterIP: '10.0.0.300', ports: [{ port: 80 }] }, ['spec.clusterIPs[0]: Invalid value: "10.0.0.300": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']],
  ])('%s', (_, spec, errors) => {
    expect(errorsOf(serviceKind, service(spec))).toEqual(errors)
  })

  it('keep their addresses when applied again without them, and refuse others', () => {
    const old = made(serviceKind, service({ type: 'NodePort', clusterIP: '10.96.0.7', ports: [{ port: 80, nodePort: 30080 }] }))
    const again = service({ type: 'NodePort', ports: [{ port: 80 }] })
    serviceKind.strategy.defaults?.(again)
    serviceKind.strategy.prepareForUpdate?.(again, old, context)
    expect(again.spec).toMatchObject({ clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ nodePort: 30080 }] })
    const other = service({ type: 'NodePort', clusterIP: '10.96.0.8', ports: [{ port: 80 }] })
    serviceKind.strategy.defaults?.(other)
    serviceKind.strategy.prepareForUpdate?.(other, old, context)
    expect((serviceKind.strategy.validateUpdate?.(other, old) ?? []).map(fieldErrorText)).toEqual(['spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set'])
  })

  it.each<[string, Service['spec'], Service['status'], string, string]>([
    ['inside', { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP' }] }, {}, '<none>', '80/TCP'],
    ['waiting', { type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30001, protocol: 'TCP' }] }, {}, '<pending>', '80:30001/TCP'],
    ['balanced', { type: 'LoadBalancer', externalIPs: ['1.2.3.4'], ports: [] }, { loadBalancer: { ingress: [{ ip: '5.6.7.8' }] } }, '5.6.7.8,1.2.3.4', '<none>'],
    ['a name', { type: 'ExternalName', externalName: 'example.com' }, {}, 'example.com', '<none>'],
  ])('shows its addresses: %s', (_, spec, status, external, ports) => {
    expect(rowOf(serviceKind, { ...service({}), spec, status })).toMatchObject({ 'External-IP': external, 'Port(s)': ports })
  })
})

describe('config maps and secrets', () => {
  it('check keys and immutability', () => {
    expect(errorsOf(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { 'a b': '' } })).toEqual([
      "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ])
    const old = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, immutable: true, data: { a: '1' } }
    expect((configMapKind.strategy.validateUpdate?.({ ...old, data: { a: '2' } }, old) ?? []).map(fieldErrorText)).toEqual(['data: Forbidden: field is immutable when `immutable` is set'])
  })

  it('limit the size', () => {
    expect(errorsOf(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'x'.repeat(1024 * 1024 + 1) } })).toEqual([': Too long: may not be more than 1048576 bytes'])
  })

  it('merge stringData and demand what the type demands', () => {
    const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, stringData: { user: 'zoë' } }
    expect(made(secretKind, secret)).toEqual({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, type: 'Opaque', data: { user: 'em/Dqw==' } })
    expect(errorsOf(secretKind, { ...secret, type: 'kubernetes.io/tls', data: {} })).toEqual(['data[tls.crt]: Required value', 'data[tls.key]: Required value'])
    expect((secretKind.strategy.validateUpdate?.({ ...secret, type: 'other' }, { ...secret, type: 'Opaque' }) ?? []).map(fieldErrorText)).toEqual(['type: Invalid value: "other": field is immutable'])
  })
})

describe('nodes', () => {
  const node: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'controlplane', labels: { 'node-role.kubernetes.io/control-plane': '' } },
    spec: { unschedulable: true },
    status: { conditions: [{ type: 'Ready', status: 'True' }], addresses: [{ type: 'InternalIP', address: '192.168.64.10' }], nodeInfo: { architecture: 'amd64', bootID: '', containerRuntimeVersion: 'containerd://2.2.1', kernelVersion: '6.1', kubeProxyVersion: '', kubeletVersion: 'v1.36.1', machineID: '', operatingSystem: 'linux', osImage: 'Debian', systemUUID: '' } },
  }
  it('show themselves', () => {
    expect(rowOf(nodeKind, node)).toMatchObject({ Status: 'Ready,SchedulingDisabled', Roles: 'control-plane', Version: 'v1.36.1', 'Internal-IP': '192.168.64.10', 'External-IP': '<none>', 'Container-Runtime': 'containerd://2.2.1' })
  })
  it('refuse two taints of one key and effect', () => {
    const taint = { key: 'a', effect: 'NoSchedule' }
    expect(errorsOf(nodeKind, { ...structuredClone(node), spec: { taints: [taint, { ...taint, value: 'b' }] } })).toEqual(['spec.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule","value":"b"}: taints must be unique by key and effect pair'])
  })
})

describe('events', () => {
  const event: CoreEvent = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'web.1', namespace: 'default' }, involvedObject: { kind: 'Pod', name: 'web', namespace: 'default', fieldPath: 'spec.containers{web}' }, reason: 'Pulled', message: 'done ', type: 'Normal', source: { component: 'kubelet', host: 'worker-1' }, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:59:30Z', count: 4 }

  it('show themselves', () => {
    expect(rowOf(eventKind, event)).toEqual({ 'Last Seen': '30s', Type: 'Normal', Reason: 'Pulled', Object: 'pod/web', Subobject: 'spec.containers{web}', Source: 'kubelet, worker-1', Message: 'done', 'First Seen': '60m', Count: 4, Name: 'web.1' })
  })

  it('have to be about their own namespace', () => {
    expect(errorsOf(eventKind, { ...event, metadata: { name: 'a', namespace: 'other' } })).toEqual(['involvedObject.namespace: Invalid value: "default": does not match event.namespace'])
  })

  it('are the same facts in both groups', () => {
    const other = eventsEventOf(event)
    expect(other).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'done ', regarding: event.involvedObject, deprecatedCount: 4, deprecatedSource: event.source })
    expect(coreEventOf(other)).toEqual({ ...event, series: undefined, reportingComponent: undefined })
    expect(rowOf(eventsEventKind, other)).toEqual(rowOf(eventKind, event))
  })
})

it('repacks endpoints by ports', () => {
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }]
  expect(repackSubsets([{ addresses: [{ ip: '10.0.0.2' }], ports }, { addresses: [{ ip: '10.0.0.1' }], ports }, { notReadyAddresses: [{ ip: '10.0.0.3' }], ports }])).toEqual([{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], notReadyAddresses: [{ ip: '10.0.0.3' }], ports }])
})
