/** Paths and operations of a kind, as OpenAPI documents list them. The group-version-kind extension stands on all but connections:
 *  kubectl reads there what kind a path is of (`explain`, also of kinds that can only be read) and whether it takes fieldValidation. */
import type { JsonObject } from '../json-value.ts'
import { groupVersionPath } from '../paths.ts'
import type { OpenApiKind, OpenApiSubresource } from './kind.ts'

/** What differs between v3 and v2: parameters, bodies and answers. */
export interface OperationWriter {
  parameter(where: 'query' | 'path', name: string, type: 'string' | 'integer' | 'boolean', description: string): JsonObject
  /** Adds the request body of a schema. */
  body(operation: JsonObject, schema: string, mediaTypes: readonly string[]): void
  response(schema: string | undefined): JsonObject
  reference(schema: string): JsonObject
}

const bodyTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const patchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'application/apply-patch+cbor']
const customPatchTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml', 'application/apply-patch+cbor']

const listParameters: readonly (readonly [string, 'string' | 'integer' | 'boolean', string])[] = [
  ['allowWatchBookmarks', 'boolean', 'Ask for BOOKMARK events in a watch.'],
  ['continue', 'string', 'The token of the page to go on with.'],
  ['fieldSelector', 'string', 'Only objects whose fields match.'],
  ['labelSelector', 'string', 'Only objects whose labels match.'],
  ['limit', 'integer', 'The most objects to answer with.'],
  ['resourceVersion', 'string', 'The version to answer from, or to watch from.'],
  ['resourceVersionMatch', 'string', 'How resourceVersion applies to a list.'],
  ['sendInitialEvents', 'boolean', 'Begin a watch with the present state.'],
  ['timeoutSeconds', 'integer', 'How long the call may take.'],
  ['watch', 'boolean', 'Watch instead of list.'],
]

const writeParameters = [
  ['dryRun', 'Do everything but persist; the only value is All.'],
  ['fieldManager', 'The name that owns the fields set by this request.'],
  ['fieldValidation', 'What to do with unknown or duplicate fields: Ignore, Warn or Strict.'],
] as const

const status = 'io.k8s.apimachinery.pkg.apis.meta.v1.Status'
const deleteOptions = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'
const patchBody = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch'

/** All path items of a kind by path. */
export function pathsOf(kind: OpenApiKind, listSchema: string | undefined, writer: OperationWriter): { [path: string]: JsonObject } {
  const base = groupVersionPath(kind.group, kind.version)
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.plural}` : `${base}/${kind.plural}`
  const paths: { [path: string]: JsonObject } = {}
  const make = new Operations(kind, listSchema, writer)
  const items: JsonObject = {}
  if (kind.verbs.includes('list')) items.get = make.list('Namespaced')
  if (kind.verbs.includes('create')) items.post = make.create()
  if (kind.verbs.includes('deletecollection')) items.delete = make.deleteCollection()
  if (Object.keys(items).length > 0) paths[collection] = { ...items, parameters: make.pathParameters(false) }
  if (kind.namespaced && kind.verbs.includes('list')) paths[`${base}/${kind.plural}`] = { get: make.list('ForAllNamespaces') }
  const one: JsonObject = {}
  if (kind.verbs.includes('get')) one.get = make.read()
  if (kind.verbs.includes('update')) one.put = make.replace()
  if (kind.verbs.includes('patch')) one.patch = make.patch()
  if (kind.verbs.includes('delete')) one.delete = make.delete()
  if (Object.keys(one).length > 0) paths[`${collection}/{name}`] = { ...one, parameters: make.pathParameters(true) }
  for (const subresource of kind.subresources) {
    const item = make.subresource(subresource)
    if (Object.keys(item).length > 0) paths[`${collection}/{name}/${subresource.name}`] = { ...item, parameters: make.pathParameters(true) }
  }
  return paths
}

class Operations {
  readonly #kind: OpenApiKind
  readonly #list: string | undefined
  readonly #writer: OperationWriter

  constructor(kind: OpenApiKind, listSchema: string | undefined, writer: OperationWriter) {
    this.#kind = kind
    this.#list = listSchema
    this.#writer = writer
  }

  pathParameters(withName: boolean): JsonObject[] {
    const { parameter } = this.#writer
    const out = [parameter('query', 'pretty', 'string', 'Whether to indent the answer.')]
    if (withName) out.unshift(parameter('path', 'name', 'string', `name of the ${this.#kind.kind}`))
    if (this.#kind.namespaced) out.unshift(parameter('path', 'namespace', 'string', 'object name and auth scope, such as for teams and projects'))
    return out
  }

  #id(verb: string, suffix = ''): string {
    const group = this.#kind.group === '' ? 'Core' : capital(this.#kind.group.replace(/\.k8s\.io$/, '').split('.').map(capital).join(''))
    const scope = this.#kind.namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : ''
    return `${verb}${group}${capital(this.#kind.version)}${scope}${this.#kind.kind}${suffix}`
  }

  #operation(id: string, description: string, parameters: JsonObject[], answers: JsonObject, action: string): JsonObject {
    const tag = `${this.#kind.group === '' ? 'core' : (this.#kind.group.split('.')[0] as string)}_${this.#kind.version}`
    return { tags: [tag], description, operationId: id, parameters, responses: { ...answers, '401': { description: 'Unauthorized' } }, 'x-kubernetes-action': action }
  }

  #ok(schema: string | undefined, ...codes: string[]): JsonObject {
    return Object.fromEntries(['200', ...codes].map((code) => [code, this.#writer.response(schema)]))
  }

  #of(operation: JsonObject, kind: { readonly group: string; readonly version: string; readonly kind: string } = this.#kind): JsonObject {
    operation['x-kubernetes-group-version-kind'] = { group: kind.group, version: kind.version, kind: kind.kind }
    return operation
  }

  #writeParameters(force = false): JsonObject[] {
    const parameters = writeParameters.map(([name, description]) => this.#writer.parameter('query', name, 'string', description))
    if (force) parameters.push(this.#writer.parameter('query', 'force', 'boolean', 'Take over fields that others own (apply only).'))
    return parameters
  }

  list(scope: 'Namespaced' | 'ForAllNamespaces'): JsonObject {
    const parameters = listParameters.map(([name, type, description]) => this.#writer.parameter('query', name, type, description))
    return this.#of(this.#operation(this.#id('list', scope === 'ForAllNamespaces' ? scope : ''), `list or watch objects of kind ${this.#kind.kind}`, parameters, this.#ok(this.#list), 'list'))
  }

  create(): JsonObject {
    const operation = this.#operation(this.#id('create'), `create ${article(this.#kind.kind)}`, this.#writeParameters(), this.#ok(this.#kind.schema, '201', '202'), 'post')
    this.#writer.body(operation, this.#kind.schema, bodyTypes)
    return this.#of(operation)
  }

  read(): JsonObject {
    return this.#of(this.#operation(this.#id('read'), `read the specified ${this.#kind.kind}`, [], this.#ok(this.#kind.schema), 'get'))
  }

  replace(): JsonObject {
    const operation = this.#operation(this.#id('replace'), `replace the specified ${this.#kind.kind}`, this.#writeParameters(), this.#ok(this.#kind.schema, '201'), 'put')
    this.#writer.body(operation, this.#kind.schema, bodyTypes)
    return this.#of(operation)
  }

  patch(): JsonObject {
    const operation = this.#operation(this.#id('patch'), `partially update the specified ${this.#kind.kind}`, this.#writeParameters(true), this.#ok(this.#kind.schema, '201'), 'patch')
    this.#writer.body(operation, patchBody, this.#kind.structural ? customPatchTypes : patchTypes)
    return this.#of(operation)
  }

  #deleteParameters(): JsonObject[] {
    const { parameter } = this.#writer
    return [
      parameter('query', 'dryRun', 'string', writeParameters[0][1]),
      parameter('query', 'gracePeriodSeconds', 'integer', 'How long the object has to end; 0 means at once.'),
      parameter('query', 'orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
      parameter('query', 'propagationPolicy', 'string', 'What happens to dependents: Orphan, Background or Foreground.'),
    ]
  }

  delete(): JsonObject {
    const operation = this.#operation(this.#id('delete'), `delete ${article(this.#kind.kind)}`, this.#deleteParameters(), this.#ok(status, '202'), 'delete')
    this.#writer.body(operation, deleteOptions, bodyTypes)
    return this.#of(operation)
  }

  deleteCollection(): JsonObject {
    const parameters = [...this.#deleteParameters(), ...listParameters.filter(([name]) => name !== 'watch' && name !== 'allowWatchBookmarks').map(([name, type, description]) => this.#writer.parameter('query', name, type, description))]
    const operation = this.#operation(this.#id('deleteCollection').replace('deleteCollection', 'deleteCollection'), `delete collection of ${this.#kind.kind}`, parameters, this.#ok(status), 'deletecollection')
    this.#writer.body(operation, deleteOptions, bodyTypes)
    return this.#of(operation)
  }

  subresource(subresource: OpenApiSubresource): JsonObject {
    const body = subresource.body ?? this.#kind
    const suffix = capital(subresource.name)
    const item: JsonObject = {}
    if (subresource.verbs.includes('get')) {
      const carries = subresource.body !== undefined || subresource.verbs.length > 1
      const operation = this.#operation(this.#id('read', suffix), `read ${subresource.name} of the specified ${this.#kind.kind}`, [], this.#ok(carries ? body.schema : undefined), 'get')
      item.get = carries ? this.#of(operation, body) : operation
    }
    for (const [verb, method, word] of [['create', 'post', 'create'], ['update', 'put', 'replace'], ['patch', 'patch', 'patch']] as const) {
      if (!subresource.verbs.includes(verb)) continue
      // Connections (exec, attach, portforward, proxy) carry no object.
      const connects = !subresource.body && verb === 'create'
      const operation = this.#operation(this.#id(connects ? 'connect' : word, suffix), `${word} ${subresource.name} of the specified ${this.#kind.kind}`, connects ? [] : this.#writeParameters(verb === 'patch'), this.#ok(connects ? undefined : body.schema, '201'), connects ? 'connect' : method)
      if (!connects) this.#writer.body(operation, verb === 'patch' ? patchBody : body.schema, verb === 'patch' ? patchTypes : bodyTypes)
      item[method] = connects ? operation : this.#of(operation, body)
    }
    return item
  }
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

function article(kind: string): string {
  return `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`
}
