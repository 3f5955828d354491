import { DecodeError } from '../../../api/machinery/codec/json.ts'
import { applyJsonPatch } from '../../../api/machinery/json-patch.ts'
import { splitYamlDocuments } from '../../../api/machinery/codec/yaml.ts'
import { isObject, type JsonObject } from '../../../api/machinery/json-value.ts'
import { matchesSelector, parseSelector } from '../../../api/machinery/labels.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { CliError } from '../cli-error.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { definitionOf } from '../typed.ts'
import { kyamlMerge } from './merge.ts'
import { readYaml } from './read-yaml.ts'
import { groupVersionOf, identitiesOf, identityOf, idText, kindOf, metadataOf, type Resource } from './resource.ts'

export interface Target {
  readonly group?: string
  readonly version?: string
  readonly kind?: string
  readonly name?: string
  readonly namespace?: string
  readonly labelSelector?: string
  readonly annotationSelector?: string
}

export interface Patch {
  readonly path?: string
  readonly patch?: string
  readonly target?: Target
}

/** Applies one patch, strategic or JSON 6902, to its target or to the object that it names. */
export function applyPatch(resources: Resource[], patch: Patch, text: string): void {
  const documents = documentsOf(patch, text)
  const [parsed] = documents
  if (Array.isArray(parsed)) {
    if (!patch.target) throw new CliError('must specify a target for JSON patch')
    for (const resource of selected(resources, patch.target)) resource.object = applyJsonPatch(resource.object, parsed)
    return
  }
  for (const one of documents) {
    if (!isObject(one) || !one.kind || !metadataOf(one).name) throw unreadable(patch, text)
    if (patch.target) {
      for (const resource of selected(resources, patch.target)) mergeInto(resources, resource, { ...one, apiVersion: resource.object.apiVersion, kind: resource.object.kind, metadata: { ...(one.metadata as JsonObject), name: metadataOf(resource.object).name } })
    } else mergeInto(resources, targetOf(resources, one), one)
  }
}

/** What a patch's text holds: one JSON patch, or strategic ones. */
function documentsOf(patch: Patch, text: string): unknown[] {
  try {
    const documents = splitYamlDocuments(text).map(readYaml).filter((document) => document !== null && document !== undefined)
    if (documents.length > 0) return documents
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
  throw unreadable(patch, text)
}

function unreadable({ path, patch, target }: Patch, text: string): CliError {
  return new CliError(`trouble configuring builtin PatchTransformer with config: \`
${printYaml({ path, patch, target })}\`: unable to parse SM or JSON patch from [${path === undefined ? 'patch' : 'path'}: ${quote(path === undefined ? text : path)}]`)
}

function mergeInto(resources: Resource[], resource: Resource, patch: JsonObject): void {
  const definition = definitionOf(String(resource.object.apiVersion ?? ''), kindOf(resource.object))
  const { name, namespace } = metadataOf(resource.object)
  const after = kyamlMerge(resource.object, patch, definition)
  if (after === undefined) {
    resources.splice(resources.indexOf(resource), 1)
    return
  }
  resource.object = { ...after, metadata: { ...(after.metadata as JsonObject), name, ...(namespace ? { namespace } : {}) } }
}

/** The resource that a strategic patch names by what it is or was called. */
function targetOf(resources: readonly Resource[], patch: JsonObject): Resource {
  const wanted = identityOf(patch)
  const { group, version } = groupVersionOf(patch)
  const found = resources.filter((resource) => {
    const own = groupVersionOf(resource.object)
    return kindOf(resource.object) === kindOf(patch) && own.group === group && own.version === version && identitiesOf(resource).some(({ name, namespace }) => name === wanted.name && (wanted.namespace === '' || namespace === wanted.namespace))
  })
  if (found.length === 1) return found[0]!
  const id = idText(patch)
  throw new CliError(`no resource matches strategic merge patch ${JSON.stringify(id)}: ${found.length === 0 ? `no matches for Id ${id}` : `multiple matches for Id ${id}`}; failed to find unique target for patch ${id}`)
}

/** Resources that a target describes: its words are anchored regular expressions. */
export function selected(resources: readonly Resource[], target: Target): Resource[] {
  const fits = (pattern: string | undefined, value: string): boolean => !pattern || new RegExp(`^(?:${pattern})$`).test(value)
  return resources.filter((resource) => {
    const { group, version } = groupVersionOf(resource.object)
    const { labels, annotations } = metadataOf(resource.object)
    return (
      fits(target.group, group) &&
      fits(target.version, version) &&
      fits(target.kind, kindOf(resource.object)) &&
      identitiesOf(resource).some(({ name, namespace }) => fits(target.name, name) && (!target.namespace || fits(target.namespace, namespace || 'default'))) &&
      (!target.labelSelector || matchesSelector(parseSelector(target.labelSelector), labels)) &&
      (!target.annotationSelector || matchesSelector(parseSelector(target.annotationSelector), annotations))
    )
  })
}
