import { describe, expect, it } from 'vitest'
import { encodeOpenApiV2 } from '../codec/openapi-v2-protobuf.ts'
import { ProtobufReader } from '../codec/protobuf-reader.ts'
import type { JsonObject } from '../json-value.ts'
import { definitionNames } from '../schema.ts'
import { loadDescriptions } from './descriptions.ts'
import { documentHash, openApiV2, openApiV3, openApiV3Index } from './document.ts'
import { customDefinitionName, definitionNameOf, groupVersionKindOfDefinition } from './kind.ts'
import type { OpenApiKind } from './kind.ts'

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const deployment: OpenApiKind = {
  group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true, verbs, schema: 'io.k8s.api.apps.v1.Deployment',
  subresources: [{ name: 'status', verbs: ['get', 'update', 'patch'] }, { name: 'scale', verbs: ['get', 'update', 'patch'], body: { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: 'io.k8s.api.autoscaling.v1.Scale' } }],
}
const widget: OpenApiKind = {
  group: 'e.com', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: false, verbs, schema: customDefinitionName({ group: 'e.com', version: 'v1', kind: 'Widget' }),
  structural: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } }, subresources: [],
}
const descriptions = await loadDescriptions()

type Document = { paths: { [path: string]: { [method: string]: JsonObject } }; components: { schemas: { [name: string]: JsonObject & { properties: { [name: string]: JsonObject } } } } }

describe('v3', () => {
  const document = openApiV3([deployment], 'v1.36.0', descriptions) as unknown as Document

  it('describes schemas as upstream does', () => {
    const spec = document.components.schemas['io.k8s.api.apps.v1.DeploymentSpec']
    expect(spec?.required).toEqual(['selector', 'template'])
    expect(spec?.properties.strategy).toMatchObject({ allOf: [{ $ref: '#/components/schemas/io.k8s.api.apps.v1.DeploymentStrategy' }], default: {}, 'x-kubernetes-patch-strategy': 'retainKeys' })
    const container = document.components.schemas['io.k8s.api.core.v1.Container']
    expect(container?.properties.name).toMatchObject({ type: 'string', default: '' })
    expect(container?.properties.ports).toMatchObject({ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['containerPort', 'protocol'], 'x-kubernetes-patch-merge-key': 'containerPort', 'x-kubernetes-patch-strategy': 'merge' })
    expect(container?.properties.imagePullPolicy).toMatchObject({ enum: ['Always', 'IfNotPresent', 'Never'] })
    expect(document.components.schemas['io.k8s.api.apps.v1.Deployment']?.['x-kubernetes-group-version-kind']).toEqual([{ group: 'apps', kind: 'Deployment', version: 'v1' }])
    expect(document.components.schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).toMatchObject({ format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] })
  })

  it('resolves every reference', () => {
    const text = JSON.stringify(document)
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) expect(document.components.schemas[name as string], name).toBeDefined()
  })

  it('says on every operation of which kind it is', () => {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const method of ['get', 'put', 'post', 'patch', 'delete']) {
        const operation = item[method]
        if (!operation) continue
        expect(operation['x-kubernetes-group-version-kind'], `${method} ${path}`).toMatchObject(path.endsWith('/scale') ? { kind: 'Scale' } : { group: 'apps', version: 'v1', kind: 'Deployment' })
      }
    }
    expect(Object.keys(document.paths)).toEqual([
      '/apis/apps/v1/deployments', '/apis/apps/v1/namespaces/{namespace}/deployments', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status',
    ])
    expect(document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale']?.put?.['x-kubernetes-group-version-kind']).toEqual({ group: 'autoscaling', version: 'v1', kind: 'Scale' })
  })

  it('publishes custom resources', () => {
    const custom = openApiV3([widget], 'v1.36.0', descriptions) as unknown as Document
    expect(Object.keys(custom.components.schemas['com.e.v1.Widget']?.properties ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
    expect(custom.components.schemas['com.e.v1.WidgetList']?.['x-kubernetes-group-version-kind']).toEqual([{ group: 'e.com', kind: 'WidgetList', version: 'v1' }])
  })

  it('has a hash for the index', () => {
    const hash = documentHash(document as unknown as JsonObject)
    expect(hash).toMatch(/^[0-9A-F]{32}$/)
    expect(openApiV3Index({ 'apis/apps/v1': hash })).toEqual({ paths: { 'apis/apps/v1': { serverRelativeURL: `/openapi/v3/apis/apps/v1?hash=${hash}` } } })
  })
})

describe('v2', () => {
  it('refers plainly, and is encoded in protobuf', () => {
    const document = openApiV2([deployment, widget], 'v1.36.0', descriptions) as JsonObject & { definitions: { [name: string]: { properties: { [name: string]: JsonObject } } } }
    expect(document.definitions['io.k8s.api.apps.v1.Deployment']?.properties.spec).toMatchObject({ $ref: '#/definitions/io.k8s.api.apps.v1.DeploymentSpec' })
    const reader = new ProtobufReader(encodeOpenApiV2(document))
    expect(reader.varint()).toBe(10)
    expect(reader.text()).toBe('2.0')
    const fields: number[] = []
    while (!reader.done) {
      const tag = reader.varint()
      fields.push(tag >> 3)
      reader.skip(tag & 7)
    }
    expect(fields).toEqual([2, 8, 9, 13])
  })
})

describe('kinds', () => {
  it('are known by their definitions', () => {
    expect(groupVersionKindOfDefinition('io.k8s.api.rbac.v1.ClusterRole')).toEqual({ group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole' })
    expect(groupVersionKindOfDefinition('io.k8s.api.core.v1.PodSpec')).toBeUndefined()
    expect(groupVersionKindOfDefinition('io.k8s.api.core.v1.ObjectReference')).toBeUndefined()
    expect(definitionNameOf('apps/v1', 'Deployment')).toBe('io.k8s.api.apps.v1.Deployment')
    expect(definitionNameOf('v1', 'Status')).toBe('io.k8s.apimachinery.pkg.apis.meta.v1.Status')
    expect(definitionNames().length).toBeGreaterThan(700)
  })
})
