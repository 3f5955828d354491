import { DecodeError } from '../../../api/machinery/codec/json.ts'
import { readYaml } from './read-yaml.ts'
import { isObject } from '../../../api/machinery/json-value.ts'
import { CliError } from '../cli-error.ts'
import type { Generator, GeneratorOptions } from './generators.ts'
import type { ImageChange } from './images.ts'
import type { Patch } from './patches.ts'

/** What a kustomization file says, of what is built here. */
export interface Kustomization {
  readonly resources?: readonly string[]
  readonly bases?: readonly string[]
  readonly components?: readonly string[]
  readonly namespace?: string
  readonly namePrefix?: string
  readonly nameSuffix?: string
  readonly commonLabels?: Readonly<Record<string, string>>
  readonly labels?: readonly { readonly pairs?: Readonly<Record<string, string>>; readonly includeSelectors?: boolean; readonly includeTemplates?: boolean }[]
  readonly commonAnnotations?: Readonly<Record<string, string>>
  readonly images?: readonly ImageChange[]
  readonly replicas?: readonly { readonly name?: string; readonly count?: number }[]
  readonly patches?: readonly Patch[]
  readonly patchesStrategicMerge?: readonly string[]
  readonly patchesJson6902?: readonly Patch[]
  readonly configMapGenerator?: readonly Generator[]
  readonly secretGenerator?: readonly Generator[]
  readonly generatorOptions?: GeneratorOptions
  readonly sortOptions?: { readonly order?: string }
}

const known = new Set(['apiVersion', 'kind', 'metadata', 'resources', 'bases', 'components', 'namespace', 'namePrefix', 'nameSuffix', 'commonLabels', 'labels', 'commonAnnotations', 'images', 'replicas', 'patches', 'patchesStrategicMerge', 'patchesJson6902', 'configMapGenerator', 'secretGenerator', 'generatorOptions', 'sortOptions', 'buildMetadata'])
const unbuilt = new Set(['replacements', 'vars', 'generators', 'transformers', 'validators', 'crds', 'openapi', 'helmCharts', 'helmGlobals', 'helmChartInflationGenerator', 'configurations', 'inventory'])

const deprecated: Readonly<Record<string, string>> = { commonLabels: 'labels', bases: 'resources', patchesStrategicMerge: 'patches', patchesJson6902: 'patches', vars: 'replacements' }

/** Reads a kustomization's text; old fields are told to `warn`. Throws CliError. */
export function parseKustomization(text: string, warn: (line: string) => void): Kustomization {
  let value: unknown
  try {
    value = readYaml(text)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new CliError(`invalid Kustomization: ${error.message.replace('error converting YAML to JSON: ', '')}`)
  }
  if (!isObject(value)) throw new CliError('kustomization.yaml is empty')
  for (const field of Object.keys(value)) {
    if (unbuilt.has(field)) throw new CliError(`the field ${field} of a kustomization is not supported by this kubectl`)
    if (!known.has(field)) throw new CliError(`invalid Kustomization: json: unknown field ${JSON.stringify(field)}`)
  }
  for (const [field, instead] of Object.entries(deprecated).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value[field] !== undefined) warn(`# Warning: '${field}' is deprecated. Please use '${instead}' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n`)
  }
  const content = Object.keys(value).filter((field) => !['apiVersion', 'kind', 'metadata'].includes(field))
  if (content.length === 0) throw new CliError('kustomization.yaml is empty')
  return value as Kustomization
}
