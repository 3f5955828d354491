import { encodeBase64 } from '../../../api/machinery/codec/base64.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import { CliError } from '../cli-error.ts'
import { identitiesOf, kindOf, type Resource } from './resource.ts'

export interface GeneratorOptions {
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly disableNameSuffixHash?: boolean
  readonly immutable?: boolean
}

export interface Generator {
  readonly name?: string
  readonly namespace?: string
  readonly behavior?: string
  readonly literals?: readonly string[]
  readonly files?: readonly string[]
  readonly envs?: readonly string[]
  readonly env?: string
  /** Of secrets. */
  readonly type?: string
  readonly options?: GeneratorOptions
}

/** Makes what a generator describes, or puts it into what is there already. */
export function generate(resources: Resource[], kind: 'ConfigMap' | 'Secret', generator: Generator, shared: GeneratorOptions, read: (path: string) => Uint8Array): void {
  const { name = '', namespace, behavior = 'create' } = generator
  if (name === '') throw new CliError(`a ${kind.toLowerCase()} must have a name`)
  const made = madeObject(kind, generator, optionsOf(shared, generator.options ?? {}), entriesOf(generator, read))
  const hashed = !(generator.options?.disableNameSuffixHash ?? shared.disableNameSuffixHash ?? false)
  const existing = resources.find((resource) => kindOf(resource.object) === kind && identitiesOf(resource).some((identity) => identity.name === name && (!namespace || identity.namespace === namespace)))
  if (behavior === 'create' || behavior === '') {
    if (existing) throw new CliError(`may not add resource with an already registered id: ${kind}.v1.[noGrp]/${name}.${namespace ?? '[noNs]'}`)
    resources.push({ object: made, before: [], hashed })
    return
  }
  if (behavior !== 'merge' && behavior !== 'replace') throw new CliError(`invalid behavior: ${behavior}`)
  if (!existing) throw new CliError(`merging from generator: id ${kind} ${JSON.stringify(name)} does not exist; cannot merge or replace`)
  existing.object = combined(existing.object, made, behavior === 'replace')
  existing.hashed = existing.hashed || hashed
}

function optionsOf(shared: GeneratorOptions, own: GeneratorOptions): GeneratorOptions {
  return { labels: { ...shared.labels, ...own.labels }, annotations: { ...shared.annotations, ...own.annotations }, immutable: own.immutable ?? shared.immutable ?? false }
}

function madeObject(kind: 'ConfigMap' | 'Secret', { name, namespace, type }: Generator, { labels = {}, annotations = {}, immutable }: GeneratorOptions, entries: ReadonlyMap<string, Uint8Array>): JsonObject {
  const data: Record<string, string> = {}
  const binaryData: Record<string, string> = {}
  for (const [key, bytes] of entries) {
    const text = kind === 'Secret' ? undefined : textOf(bytes)
    if (text !== undefined) data[key] = text
    else (kind === 'Secret' ? data : binaryData)[key] = encodeBase64(bytes)
  }
  const metadata = { name, ...(namespace ? { namespace } : {}), ...(Object.keys(labels).length > 0 ? { labels } : {}), ...(Object.keys(annotations).length > 0 ? { annotations } : {}) }
  return {
    apiVersion: 'v1',
    kind,
    metadata,
    ...(Object.keys(data).length > 0 ? { data } : {}),
    ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}),
    ...(kind === 'Secret' ? { type: type ?? 'Opaque' } : {}),
    ...(immutable ? { immutable } : {}),
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The new content over the old one, or instead of it; the old name stays. */
function combined(old: JsonObject, made: JsonObject, replace: boolean): JsonObject {
  const merged = (field: string): object => {
    const both = { ...(replace ? {} : (old[field] as object | undefined)), ...(made[field] as object | undefined) }
    return Object.keys(both).length > 0 ? { [field]: both } : {}
  }
  const { data: _data, binaryData: _binaryData, ...rest } = old
  const [before, after] = [old.metadata as JsonObject, made.metadata as JsonObject]
  const pairs = (field: string): object => {
    const both = { ...(before[field] as object | undefined), ...(after[field] as object | undefined) }
    return Object.keys(both).length > 0 ? { [field]: both } : {}
  }
  return { ...rest, ...merged('data'), ...merged('binaryData'), metadata: { ...before, ...pairs('labels'), ...pairs('annotations') } }
}

function entriesOf({ literals = [], files = [], envs = [], env }: Generator, read: (path: string) => Uint8Array): Map<string, Uint8Array> {
  const entries = new Map<string, Uint8Array>()
  const add = (key: string, bytes: Uint8Array): void => {
    if (entries.has(key)) throw new CliError(`cannot add key ${key}, another key by that name already exists`)
    entries.set(key, bytes)
  }
  const encoder = new TextEncoder()
  for (const path of [...envs, ...(env ? [env] : [])]) {
    for (const line of new TextDecoder().decode(read(path)).split('\n').map((text) => text.trim())) {
      if (line === '' || line.startsWith('#')) continue
      const at = line.indexOf('=')
      add(at < 0 ? line : line.slice(0, at), encoder.encode(at < 0 ? '' : line.slice(at + 1)))
    }
  }
  for (const literal of literals) {
    const at = literal.indexOf('=')
    if (at < 1) throw new CliError(`invalid literal source ${literal}, expected key=value`)
    const value = literal.slice(at + 1)
    add(literal.slice(0, at), encoder.encode(/^(".*"|'.*')$/s.test(value) ? value.slice(1, -1) : value))
  }
  for (const source of files) {
    const at = source.indexOf('=')
    const path = at < 0 ? source : source.slice(at + 1)
    add(at < 0 ? path.split('/').at(-1)! : source.slice(0, at), read(path))
  }
  return entries
}
