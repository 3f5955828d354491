import { isObject, type JsonObject } from '../../../api/machinery/json-value.ts'
import { DecodeError } from '../../../api/machinery/codec/json.ts'
import { splitYamlDocuments } from '../../../api/machinery/codec/yaml.ts'
import { CliError } from '../cli-error.ts'
import { hashSuffix } from '../commands/create/hash-suffix.ts'
import { printYaml } from '../printing/go-yaml.ts'
import { generate } from './generators.ts'
import { changeImages } from './images.ts'
import { parseKustomization, type Kustomization } from './kustomization.ts'
import { addAnnotations, addLabels } from './labels.ts'
import { addAffixes, fixReferences, setNamespace } from './names.ts'
import { inLegacyOrder } from './order.ts'
import { applyPatch } from './patches.ts'
import { changeAt } from './paths.ts'
import { readYaml } from './read-yaml.ts'
import { identitiesOf, idText, kindOf, metadataOf, typeText, withMetadata, type Resource } from './resource.ts'

/** The file system as a build sees it. Paths are absolute. */
export interface BuildFiles {
  /** Throws an Error when there is no such file. */
  read(path: string): Uint8Array
  kindOf(path: string): 'file' | 'folder' | undefined
}

/** Builds a folder as `kustomize build` does: everything that its kustomization names, changed as it says, as one YAML stream.
 *  Follows kustomize 5; left out are replacements, vars, plugins, functions, Helm charts and what lies elsewhere than on disk. */
export function buildKustomization(files: BuildFiles, folder: string, shown: string, warn: (line: string) => void): string {
  return formatResources(buildResources(files, folder, shown, warn))
}

export function formatResources(objects: readonly JsonObject[]): string {
  return objects.map(printYaml).join('---\n')
}

export function buildResources(files: BuildFiles, folder: string, shown: string, warn: (line: string) => void): JsonObject[] {
  const kind = files.kindOf(folder)
  if (kind === undefined) throw new CliError(`must build at directory: not a valid directory: evalsymlink failure on '${shown}' : lstat ${folder}: no such file or directory`)
  if (kind === 'file') throw new CliError(`must build at directory: '${shown}': file is not directory`)
  const resources: Resource[] = []
  const order = new Builder(files, warn).folder(folder, resources, [])
  for (const resource of resources) if (resource.hashed) addHash(resource)
  fixReferences(resources)
  return (order === 'fifo' ? resources : inLegacyOrder(resources)).map(({ object }) => object)
}

function addHash(resource: Resource): void {
  const { object } = resource
  const { data = '', binaryData, type, stringData } = object
  const content = kindOf(object) === 'Secret' ? { kind: 'Secret', type: type ?? '', name: '', data, ...(stringData === undefined ? {} : { stringData }) } : { kind: 'ConfigMap', name: '', data, ...(binaryData === undefined ? {} : { binaryData }) }
  const { name = '' } = metadataOf(object)
  resource.before.push({ name, namespace: metadataOf(object).namespace ?? '' })
  resource.object = withMetadata(object, { name: `${name}-${hashSuffix(content)}` })
}

const fileNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

class Builder {
  readonly #files: BuildFiles
  readonly #warn: (line: string) => void

  constructor(files: BuildFiles, warn: (line: string) => void) {
    this.#files = files
    this.#warn = warn
  }

  /** Adds what a folder's kustomization makes to the resources (a component changes those that are there). Its order. */
  folder(folder: string, resources: Resource[], within: readonly string[]): string {
    if (within.includes(folder)) throw new CliError(`cycle detected: candidate root '${folder}' ${within.at(-1) === folder ? 'is the same as' : 'contains'} visited root '${folder}'`)
    const name = fileNames.find((candidate) => this.#files.kindOf(`${folder}/${candidate}`) === 'file')
    if (!name) throw new CliError(`unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${folder}'`)
    const text = new TextDecoder().decode(this.#files.read(`${folder}/${name}`))
    if (text.trim() === '') throw new CliError('kustomization.yaml is empty')
    const kustomization = parseKustomization(text, this.#warn)
    for (const path of [...(kustomization.resources ?? []), ...(kustomization.bases ?? [])]) this.#resource(folder, path, resources, [...within, folder])
    const read = (path: string): Uint8Array => this.#read(folder, path)
    const shared = kustomization.generatorOptions ?? {}
    try {
      for (const generator of kustomization.configMapGenerator ?? []) generate(resources, 'ConfigMap', generator, shared, read)
      for (const generator of kustomization.secretGenerator ?? []) generate(resources, 'Secret', generator, shared, read)
    } catch (error) {
      throw error instanceof FileError ? new CliError(`loading KV pairs: file sources: [${error.path}]: ${error.message}`) : error
    }
    for (const path of kustomization.components ?? []) this.folder(joined(folder, path), resources, [...within, folder])
    this.#transform(folder, kustomization, resources)
    return kustomization.sortOptions?.order ?? 'legacy'
  }

  #resource(folder: string, path: string, resources: Resource[], within: readonly string[]): void {
    const place = joined(folder, path)
    const kind = this.#files.kindOf(place)
    if (kind === 'folder') {
      const inner: Resource[] = []
      try {
        this.folder(place, inner, within)
      } catch (error) {
        throw error instanceof CliError ? new CliError(`accumulating resources: accumulation err='accumulating resources from '${path}': '${place}' must resolve to a file': recursed accumulation of path '${place}': ${error.message}`) : error
      }
      for (const resource of inner) this.#add(resources, resource, path)
      return
    }
    const missing = `evalsymlink failure on '${place}' : lstat ${place}: no such file or directory`
    if (kind === undefined) throw new CliError(`accumulating resources: accumulation err='accumulating resources from '${path}': ${missing}': must build at directory: not a valid directory: ${missing}`)
    try {
      for (const object of objectsIn(new TextDecoder().decode(this.#read(folder, path)), place)) this.#add(resources, { object, before: [], hashed: false }, path)
    } catch (error) {
      if (!(error instanceof CliError || error instanceof FileError)) throw error
      throw new CliError(`accumulating resources: accumulation err='${error.message.startsWith('may not') ? 'merging' : 'accumulating'} resources from '${path}': ${error.message}': must build at directory: '${place}': file is not directory`)
    }
  }

  #add(resources: Resource[], resource: Resource, _path: string): void {
    const id = idText(resource.object)
    if (resources.some((known) => idText(known.object) === id)) throw new CliError(`may not add resource with an already registered id: ${id}`)
    resources.push(resource)
  }

  /** A file that the kustomization may read: those in its own folder and below. */
  #read(folder: string, path: string): Uint8Array {
    const place = joined(folder, path)
    if (this.#files.kindOf(place) !== 'file') throw new FileError(path, `evalsymlink failure on '${place}' : lstat ${place}: no such file or directory`)
    if (!place.startsWith(`${folder}/`)) throw new FileError(path, `security; file '${place}' is not in or below '${folder}'`)
    return this.#files.read(place)
  }

  #transform(folder: string, kustomization: Kustomization, resources: Resource[]): void {
    for (const entry of kustomization.patchesStrategicMerge ?? []) applyPatch(resources, {}, this.#files.kindOf(joined(folder, entry)) !== 'file' && entry.includes(':') ? entry : this.#patchText(folder, { path: entry }))
    for (const patch of kustomization.patches ?? []) applyPatch(resources, patch, this.#patchText(folder, patch))
    setNamespace(resources, kustomization.namespace ?? '')
    addAffixes(resources, kustomization.namePrefix ?? '', kustomization.nameSuffix ?? '')
    for (const { pairs = {}, includeSelectors = false, includeTemplates = false } of kustomization.labels ?? []) addLabels(resources, pairs, { selectors: includeSelectors, templates: includeTemplates })
    addLabels(resources, kustomization.commonLabels ?? {}, { selectors: true, templates: true })
    addAnnotations(resources, kustomization.commonAnnotations ?? {})
    for (const patch of kustomization.patchesJson6902 ?? []) applyPatch(resources, patch, this.#patchText(folder, patch))
    for (const { name = '', count } of kustomization.replicas ?? []) setReplicas(resources, name, count ?? 0)
    changeImages(resources, kustomization.images ?? [])
  }

  #patchText(folder: string, { path, patch }: { readonly path?: string; readonly patch?: string }): string {
    if (path === undefined) return patch ?? ''
    try {
      return new TextDecoder().decode(this.#read(folder, path))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      throw new CliError(`trouble configuring builtin PatchTransformer with config: \`\npath: ${path}\n\`: failed to get the patch file from path(${path}): ${error.message}`)
    }
  }
}

class FileError extends Error {
  readonly path: string
  constructor(path: string, message: string) {
    super(message)
    this.path = path
  }
}

const scaledKinds = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController']

function setReplicas(resources: readonly Resource[], name: string, count: number): void {
  const found = resources.filter((resource) => scaledKinds.includes(kindOf(resource.object)) && identitiesOf(resource).some((identity) => identity.name === name))
  if (found.length === 0) throw new CliError(`resource with name ${name} does not match a config with the following GVK [${scaledKinds.map((kind) => typeText({ kind })).join(' ')}]`)
  for (const resource of found) resource.object = changeAt(resource.object, 'spec/replicas', () => count, true)
}

/** The objects of a resource file; lists are taken apart. */
function objectsIn(text: string, place: string): JsonObject[] {
  return splitYamlDocuments(text).flatMap((document) => {
    let value: unknown
    try {
      value = readYaml(document)
    } catch (error) {
      if (error instanceof DecodeError) throw new CliError(`MalformedYAMLError: ${error.message.replace('error converting YAML to JSON: ', '')} in File: ${place}`)
      throw error
    }
    if (value === null || value === undefined) return []
    if (!isObject(value)) throw new CliError(`invalid resource in file: ${place}`)
    if (kindOf(value).endsWith('List') && Array.isArray(value.items)) return value.items as JsonObject[]
    if (!value.kind) throw new CliError(`missing metadata.name in object {{${String(value.apiVersion ?? '')} } {{ } map[] map[]}}`)
    return [value]
  })
}

/** A path from a folder on, without `.` and `..`. */
function joined(folder: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${folder}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
