/** OpenAPI documents: v3 per group and version, v2 for everything, and the v3 index. */
import { canonicalJson, fnv32a } from '../hash.ts'
import { isObject } from '../json-value.ts'
import type { JsonObject } from '../json-value.ts'
import type { GroupVersionKind } from '../object.ts'
import { schemaOf } from '../schema.ts'
import type { Descriptions } from './descriptions.ts'
import { customSchemaV2 } from './custom-schema.ts'
import { SchemaCollection } from './json-schema.ts'
import type { Dialect } from './json-schema.ts'
import { groupVersionKindOfDefinition } from './kind.ts'
import type { OpenApiKind } from './kind.ts'
import { pathsOf } from './operations.ts'
import type { OperationWriter } from './operations.ts'

const extension = 'x-kubernetes-group-version-kind'
const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const listMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta'
const patchBody = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch'

/** The v3 document of the kinds of one group and version. */
export function openApiV3(kinds: readonly OpenApiKind[], serverVersion: string, descriptions: Descriptions): JsonObject {
  const { paths, schemas } = collect(kinds, 'v3', descriptions)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths,
    components: { schemas, securitySchemes: { BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' } } },
  }
}

/** The v2 document of all kinds. */
export function openApiV2(kinds: readonly OpenApiKind[], serverVersion: string, descriptions: Descriptions): JsonObject {
  const { paths, schemas } = collect(kinds, 'v2', descriptions)
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths,
    definitions: schemas,
    securityDefinitions: { BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' } },
    security: [{ BearerToken: [] }],
  }
}

/** A short text that changes when the document does: for the index, and for ETags. */
export function documentHash(document: JsonObject): string {
  const text = canonicalJson(document)
  // Four independent 32-bit hashes: 128 bits, as long as upstream's.
  return [0, 1, 2, 3].map((salt) => fnv32a(`${salt}${text}`).toString(16).padStart(8, '0')).join('').toUpperCase()
}

/** The answer of `/openapi/v3`: where each group and version has its document. `hashes` by path: `apis/apps/v1` -> hash. */
export function openApiV3Index(hashes: { readonly [path: string]: string }): JsonObject {
  return { paths: Object.fromEntries(Object.entries(hashes).map(([path, hash]) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }])) }
}

function collect(kinds: readonly OpenApiKind[], dialect: Dialect, descriptions: Descriptions): { paths: JsonObject; schemas: { [name: string]: JsonObject } } {
  const collection = new SchemaCollection(dialect, descriptions)
  const writer = dialect === 'v3' ? writerV3(collection) : writerV2(collection)
  const kindsOf = new Map<string, GroupVersionKind[]>()
  const mark = (schema: string, kind: GroupVersionKind): void => {
    const known = kindsOf.get(schema) ?? []
    if (!known.some((each) => each.group === kind.group && each.version === kind.version && each.kind === kind.kind)) known.push({ group: kind.group, kind: kind.kind, version: kind.version })
    kindsOf.set(schema, known)
  }
  let paths: JsonObject = {}
  collection.put(patchBody, { description: 'Patch is provided to give a concrete name and type to the Kubernetes PATCH request body.', type: 'object' })
  for (const kind of kinds) {
    const listName = addKind(collection, kind, dialect)
    mark(kind.schema, kind)
    if (listName) mark(listName, { group: kind.group, version: kind.version, kind: `${kind.kind}List` })
    for (const subresource of kind.subresources) {
      if (!subresource.body) continue
      collection.add(subresource.body.schema)
      mark(subresource.body.schema, subresource.body)
    }
    paths = { ...paths, ...pathsOf(kind, listName, writer) }
  }
  const schemas = collection.schemas()
  for (const name of Object.keys(schemas)) {
    const own = kindsOf.get(name) ?? builtIn(name)
    if (own) (schemas[name] as JsonObject)[extension] = own
  }
  return { paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))), schemas }
}

function builtIn(name: string): GroupVersionKind[] | undefined {
  const kind = groupVersionKindOfDefinition(name)
  return kind ? [{ group: kind.group, kind: kind.kind, version: kind.version }] : undefined
}

/** Adds the kind's schema and its list's; answers the list's name. */
function addKind(collection: SchemaCollection, kind: OpenApiKind, dialect: Dialect): string | undefined {
  const list = `${kind.schema}List`
  if (!kind.structural) {
    collection.add(kind.schema)
    if (!kind.verbs.includes('list') || !schemaOf(list)) return undefined
    collection.add(list)
    return list
  }
  collection.put(kind.schema, customSchema(collection, kind.structural, dialect))
  collection.put(list, {
    description: `${kind.kind}List is a list of ${kind.kind}`,
    type: 'object',
    required: ['items'],
    properties: { ...typeFields(), items: { description: `List of ${kind.plural}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`, type: 'array', items: collection.reference(kind.schema) }, metadata: collection.reference(listMeta) },
  })
  return list
}

function typeFields(): JsonObject {
  return {
    apiVersion: { description: 'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources', type: 'string' },
    kind: { description: 'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds', type: 'string' },
  }
}

/** A structural schema as published: with the type fields and metadata of every object. */
function customSchema(collection: SchemaCollection, structural: JsonObject, dialect: Dialect): JsonObject {
  const schema = dialect === 'v2' ? customSchemaV2(structural) : structural
  const reference = collection.reference(objectMeta)
  const description = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
  const metadata = dialect === 'v2' ? { description, ...reference } : { description, allOf: [reference] }
  const properties = isObject(schema.properties) ? schema.properties : {}
  return { ...schema, type: 'object', properties: { ...properties, ...typeFields(), metadata } }
}

function writerV3(collection: SchemaCollection): OperationWriter {
  return {
    parameter: (where, name, type, description) => ({ name, in: where, description, ...(where === 'path' ? { required: true } : {}), schema: { type, uniqueItems: true } }),
    body: (operation, schema, mediaTypes) => {
      operation.requestBody = { content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema: collection.reference(schema) }])), required: true }
    },
    response: (schema) => {
      if (!schema) return { description: 'OK', content: { 'text/plain': { schema: { type: 'string' } } } }
      const content = { schema: collection.reference(schema) }
      return { description: 'OK', content: { 'application/json': content, 'application/yaml': content, 'application/vnd.kubernetes.protobuf': content } }
    },
    reference: (schema) => collection.reference(schema),
  }
}

function writerV2(collection: SchemaCollection): OperationWriter {
  return {
    parameter: (where, name, type, description) => ({ uniqueItems: true, type, description, name, in: where, ...(where === 'path' ? { required: true } : {}) }),
    body: (operation, schema, mediaTypes) => {
      operation.consumes = mediaTypes
      operation.produces = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
      operation.parameters = [{ name: 'body', in: 'body', required: true, schema: collection.reference(schema) }, ...(operation.parameters as JsonObject[])]
    },
    response: (schema) => (schema ? { description: 'OK', schema: collection.reference(schema) } : { description: 'OK', schema: { type: 'string' } }),
    reference: (schema) => collection.reference(schema),
  }
}
