import { expect, test } from 'vitest'
import { startServer } from '../../main/control-plane/apiserver/testing/start-server.ts'

/** Clients send a status alone, without the spec that the schema requires: the stored spec is what is checked. */
test('a custom resource’s status may be put without its spec', async () => {
  const { call, run } = await startServer()
  const schema = { type: 'object', required: ['spec'], properties: { spec: { type: 'object', required: ['beds'], properties: { beds: { type: 'integer' } } }, status: { type: 'object', properties: { planted: { type: 'integer' } } } } }
  await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gardens.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'gardens', kind: 'Garden' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, subresources: { status: {} } }] },
  })
  await run(100)
  const path = '/apis/example.com/v1/namespaces/default/gardens'
  const { json } = await call('POST', path, { apiVersion: 'example.com/v1', kind: 'Garden', metadata: { name: 'a', finalizers: ['example.com/held'] }, spec: { beds: 2 } })
  const put = await call('PUT', `${path}/a/status`, { apiVersion: 'example.com/v1', kind: 'Garden', metadata: { name: 'a', namespace: 'default', resourceVersion: json.metadata.resourceVersion }, status: { planted: 2 } })
  expect(put.json, JSON.stringify(put.json)).toMatchObject({ metadata: { finalizers: ['example.com/held'] }, spec: { beds: 2 }, status: { planted: 2 } })
})
