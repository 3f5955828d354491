import { parseYaml } from '../../../api/machinery/codec/yaml.ts'
import { fieldDuplicate, fieldErrorsText, fieldForbidden, fieldInvalid, fieldPath, fieldRequired, type FieldError, type FieldPath } from '../../../api/machinery/field-error.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { isObject, type JsonObject } from '../../../api/machinery/json-value.ts'
import { argumentErrors, argumentFields, type PluginArguments } from './plugin-arguments.ts'

/** Plugins of one extension point, or of all (`multiPoint`). */
export interface PluginSet {
  readonly enabled?: readonly { readonly name: string; readonly weight?: number }[]
  /** `*`: all that are there by default. */
  readonly disabled?: readonly { readonly name: string }[]
}

export const extensionPoints = ['preEnqueue', 'queueSort', 'preFilter', 'filter', 'postFilter', 'preScore', 'score', 'reserve', 'permit', 'preBind', 'bind', 'postBind'] as const
export type ExtensionPoint = (typeof extensionPoints)[number]
export type PluginSets = { readonly [point in ExtensionPoint | 'multiPoint']?: PluginSet }

export interface ProfileConfiguration {
  readonly schedulerName: string
  readonly percentageOfNodesToScore?: number
  readonly plugins: PluginSets
  readonly arguments: PluginArguments
}

/** A KubeSchedulerConfiguration of kubescheduler.config.k8s.io/v1, read and with its defaults. */
export interface SchedulerConfiguration {
  readonly profiles: readonly ProfileConfiguration[]
  readonly percentageOfNodesToScore: number
  readonly podInitialBackoffMs: number
  readonly podMaxBackoffMs: number
  readonly leaderElect: boolean
}

const group = 'kubescheduler.config.k8s.io'
const scheme = 'pkg/scheduler/apis/config/scheme/scheme.go:30'
const topFields = ['apiVersion', 'kind', 'parallelism', 'leaderElection', 'clientConnection', 'enableProfiling', 'enableContentionProfiling', 'healthzBindAddress', 'metricsBindAddress', 'percentageOfNodesToScore', 'podInitialBackoffSeconds', 'podMaxBackoffSeconds', 'profiles', 'extenders', 'delayCacheUntilActive']
const profileFields = ['schedulerName', 'percentageOfNodesToScore', 'plugins', 'pluginConfig']

/** Reads the text of a configuration. Throws, in upstream's words, for what cannot be read or makes no sense; extenders are refused, since
 *  nothing outside of the cluster could answer them. */
export function readSchedulerConfiguration(text: string): SchedulerConfiguration {
  const json = decode(text)
  const unknown: string[] = []
  const known = (object: JsonObject, fields: readonly string[], at: string): void => {
    for (const name of Object.keys(object)) if (!fields.includes(name)) unknown.push(`unknown field ${quote(at + name)}`)
  }
  known(json, topFields, '')
  const election = isObject(json['leaderElection']) ? json['leaderElection'] : {}
  const profiles = listOf(json, 'profiles').map((profile, index) => {
    known(profile, profileFields, `profiles[${index}].`)
    const plugins = isObject(profile['plugins']) ? profile['plugins'] : {}
    known(plugins, [...extensionPoints, 'multiPoint'], `profiles[${index}].plugins.`)
    return profile
  })
  if (unknown.length > 0) throw new Error(`strict decoding error: ${unknown.join(', ')}`)
  const errors: FieldError[] = []
  const configuration: SchedulerConfiguration = {
    profiles: profiles.length === 0 ? [{ schedulerName: 'default-scheduler', plugins: {}, arguments: {} }] : profiles.map((profile, index) => readProfile(profile, profiles.length === 1, fieldPath('profiles').index(index), errors)),
    percentageOfNodesToScore: numberOf(json, 'percentageOfNodesToScore') ?? 0,
    podInitialBackoffMs: (numberOf(json, 'podInitialBackoffSeconds') ?? 1) * 1_000,
    podMaxBackoffMs: (numberOf(json, 'podMaxBackoffSeconds') ?? 10) * 1_000,
    leaderElect: election['leaderElect'] !== false,
  }
  const parallelism = numberOf(json, 'parallelism') ?? 16
  if (parallelism <= 0) errors.unshift(fieldInvalid(fieldPath('parallelism'), parallelism, 'should be an integer value greater than zero'))
  errors.push(...duplicateErrors(configuration.profiles), ...percentageErrors(configuration.percentageOfNodesToScore, fieldPath('percentageOfNodesToScore')))
  const { podInitialBackoffMs: initial, podMaxBackoffMs: most } = configuration
  if (initial <= 0) errors.push(fieldInvalid(fieldPath('podInitialBackoffSeconds'), initial / 1_000, 'must be greater than 0'))
  if (most < initial) errors.push(fieldInvalid(fieldPath('podMaxBackoffSeconds'), most / 1_000, 'must be greater than or equal to PodInitialBackoffSeconds'))
  if (listOf(json, 'extenders').length > 0) errors.push(fieldForbidden(fieldPath('extenders'), 'scheduler extenders are not available in this cluster'))
  if (errors.length > 0) throw new Error(fieldErrorsText(errors))
  return configuration
}

function decode(text: string): JsonObject {
  let json: unknown
  try {
    json = parseYaml(text)
  } catch (error) {
    throw new Error(`couldn't get version/kind; json parse error: error converting YAML to JSON: yaml: ${(error as Error).message.replace(/^yaml: /, '')}`, { cause: error })
  }
  if (!isObject(json)) throw new Error(`couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(json) ? 'array' : typeof json} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`)
  const { apiVersion, kind } = json
  if (!kind) throw new Error(`Object 'Kind' is missing in '${text}'`)
  if (!apiVersion) throw new Error(`Object 'apiVersion' is missing in '${text}'`)
  if (apiVersion !== `${group}/v1` || kind !== 'KubeSchedulerConfiguration') throw new Error(`no kind ${quote(String(kind))} is registered for version ${quote(String(apiVersion))} in scheme ${quote(scheme)}`)
  return json
}

function readProfile(json: JsonObject, alone: boolean, at: FieldPath, errors: FieldError[]): ProfileConfiguration {
  const schedulerName = typeof json['schedulerName'] === 'string' ? json['schedulerName'] : alone ? 'default-scheduler' : ''
  if (schedulerName === '') errors.push(fieldRequired(at.child('schedulerName')))
  const percentageOfNodesToScore = numberOf(json, 'percentageOfNodesToScore')
  if (percentageOfNodesToScore !== undefined) errors.push(...percentageErrors(percentageOfNodesToScore, at.child('percentageOfNodesToScore')))
  const found: Record<string, unknown> = {}
  for (const [index, { name, args }] of listOf(json, 'pluginConfig').entries()) {
    const here = at.child('pluginConfig').index(index)
    if (typeof name !== 'string' || name === '') errors.push(fieldRequired(here.child('name')))
    else if (Object.hasOwn(found, name)) errors.push(fieldDuplicate(here, name))
    else {
      found[name] = args ?? {}
      if (!isArgumentsName(name)) continue
      const unknown = isObject(args) ? Object.keys(args).filter((field) => field !== 'apiVersion' && field !== 'kind' && !argumentFields[name].includes(field)) : []
      if (unknown.length > 0) throw new Error(`decoding .profiles[${at.toString().match(/\d+/)?.[0] ?? 0}].pluginConfig[${index}]: decoding args for plugin ${quote(name)}: strict decoding error: ${unknown.map((field) => `unknown field ${quote(field)}`).join(', ')}`)
      errors.push(...argumentErrors(name, found as PluginArguments, here))
    }
  }
  return { schedulerName, plugins: (json['plugins'] ?? {}) as PluginSets, arguments: found as PluginArguments, ...(percentageOfNodesToScore !== undefined && { percentageOfNodesToScore }) }
}

function isArgumentsName(name: string): name is keyof PluginArguments {
  return Object.hasOwn(argumentFields, name)
}

function duplicateErrors(profiles: readonly ProfileConfiguration[]): FieldError[] {
  const first = new Map<string, number>()
  const errors: FieldError[] = []
  const sortOf = ({ plugins }: ProfileConfiguration): string => JSON.stringify([plugins.queueSort?.enabled ?? [], plugins.queueSort?.disabled ?? []])
  for (const [index, profile] of profiles.entries()) {
    const at = fieldPath('profiles').index(index)
    if (profile.schedulerName !== '') {
      const before = first.get(profile.schedulerName)
      if (before !== undefined) errors.push(fieldDuplicate(at.child('schedulerName'), profile.schedulerName))
      else first.set(profile.schedulerName, index)
    }
    if (sortOf(profile) !== sortOf(profiles[0]!)) errors.push(fieldInvalid(at.child('plugins', 'queueSort'), profile.plugins.queueSort ?? {}, 'has to match for all profiles'))
  }
  return errors
}

function percentageErrors(percentage: number, at: FieldPath): FieldError[] {
  return percentage < 0 || percentage > 100 ? [fieldInvalid(at, percentage, 'not in valid range [0-100]')] : []
}

function listOf(json: JsonObject, name: string): readonly JsonObject[] {
  const list = json[name]
  return Array.isArray(list) ? list.filter(isObject) : []
}

function numberOf(json: JsonObject, name: string): number | undefined {
  const value = json[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new Error(`json: cannot unmarshal ${typeof value} into Go struct field KubeSchedulerConfiguration.${name} of type int32`)
  return value
}
