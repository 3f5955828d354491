import { quantityError, quantityValue } from '../api/machinery/quantity.ts'
import { formatDuration, parseDuration } from '../api/machinery/time.ts'
import { conditionOfSignal, defaultThresholds, type EvictionSignal, type EvictionThreshold } from '../node/kubelet/eviction-thresholds.ts'
import { defaultEviction, type EvictionSettings } from '../node/kubelet/evictor.ts'
import { defaultImageCollection, type ImageCollectionSettings } from '../node/kubelet/image-collector.ts'
import { shutdownGroups, type ShutdownGroup } from '../node/kubelet/node-shutdown.ts'
import { goDurationError } from './go-duration.ts'

/** What of a kubelet's configuration says how the node is defended and taken down. */
export interface KubeletDefence {
  readonly eviction: EvictionSettings
  readonly imageCollection: ImageCollectionSettings
  readonly shutdown: readonly ShutdownGroup[]
}

type Configuration = Readonly<Record<string, unknown>>
type Statements = Readonly<Record<string, string>>

/** A failure of a kubelet, in its words. */
class Refused extends Error {}

const statementFields = ['evictionHard', 'evictionSoft', 'evictionSoftGracePeriod', 'evictionMinimumReclaim'] as const
const durationFields = ['evictionPressureTransitionPeriod', 'imageMinimumGCAge', 'shutdownGracePeriod', 'shutdownGracePeriodCriticalPods'] as const

/** What Go's JSON decoder says of the fields read here that have a wrong type; undefined when they are right. */
export function defenceDecodeProblem(config: Configuration): string | undefined {
  for (const name of statementFields) {
    const value = config[name] ?? {}
    if (typeof value !== 'object' || Array.isArray(value)) return `json: cannot unmarshal ${goKind(value)} into Go struct field KubeletConfiguration.${name} of type map[string]string`
    const wrong = Object.values(value).find((each) => typeof each !== 'string' && each !== null)
    if (wrong !== undefined) return `json: cannot unmarshal ${goKind(wrong)} into Go struct field KubeletConfiguration.${name} of type string`
  }
  for (const name of durationFields) {
    const value = config[name] ?? '0'
    if (typeof value !== 'string') return `json: cannot unmarshal ${goKind(value)} into Go value of type string`
    const problem = goDurationError(value)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What upstream's validation says of the garbage collection of images. */
export function imageCollectionProblems(config: Configuration): string[] {
  const high = percent(config.imageGCHighThresholdPercent, 85)
  const low = percent(config.imageGCLowThresholdPercent, 80)
  const age = durationMs(config.imageMinimumGCAge)
  const outside = (value: number): boolean => value < 0 || value > 100
  return [
    ...(outside(high) ? [`invalid configuration: imageGCHighThresholdPercent (--image-gc-high-threshold) ${high} must be between 0 and 100, inclusive`] : []),
    ...(outside(low) ? [`invalid configuration: imageGCLowThresholdPercent (--image-gc-low-threshold) ${low} must be between 0 and 100, inclusive`] : []),
    ...(low >= high ? [`invalid configuration: imageGCLowThresholdPercent (--image-gc-low-threshold) ${low} must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) ${high}`] : []),
    ...(age < 0 ? [`invalid configuration: imageMinimumGCAge ${formatDuration(age)} must not be negative`] : []),
  ]
}

/** What upstream's validation says of graceful node shutdown. */
export function shutdownProblems(config: Configuration): string[] {
  const whole = durationMs(config.shutdownGracePeriod)
  const critical = durationMs(config.shutdownGracePeriodCriticalPods)
  const tooShort = (ms: number): boolean => ms < 0 || (ms > 0 && ms < 1000)
  return [
    ...(critical > whole ? [`invalid configuration: shutdownGracePeriodCriticalPods ${formatDuration(critical)} must be <= shutdownGracePeriod ${formatDuration(whole)}`] : []),
    ...(tooShort(whole) ? [`invalid configuration: shutdownGracePeriod ${formatDuration(whole)} must be either zero or otherwise >= 1 sec`] : []),
    ...(tooShort(critical) ? [`invalid configuration: shutdownGracePeriodCriticalPods ${formatDuration(critical)} must be either zero or otherwise >= 1 sec`] : []),
    ...(priorityGroups(config).length > 0 && (whole > 0 || critical > 0) ? ['invalid configuration: Cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time'] : []),
  ]
}

/** The settings of a configuration that decodes and is valid; a text when the thresholds do not let the kubelet run. Signals of inodes and of
 *  separate file systems of containers are known and do nothing. */
export function readDefence(config: Configuration): KubeletDefence | string {
  try {
    const high = percent(config.imageGCHighThresholdPercent, 85)
    return {
      eviction: {
        thresholds: thresholds(config),
        pressureTransitionMs: durationMs(config.evictionPressureTransitionPeriod) || defaultEviction.pressureTransitionMs,
        maxPodGraceSeconds: typeof config.evictionMaxPodGracePeriod === 'number' ? config.evictionMaxPodGracePeriod : defaultEviction.maxPodGraceSeconds,
      },
      imageCollection: {
        // 100 switches the collection off.
        highShare: high === 100 ? Infinity : high / 100,
        lowShare: percent(config.imageGCLowThresholdPercent, 80) / 100,
        minAgeMs: durationMs(config.imageMinimumGCAge) || defaultImageCollection.minAgeMs,
      },
      shutdown: shutdown(config),
    }
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}

/** Hard ones replace all defaults, unless mergeDefaultEvictionSettings says that they add to them. */
function thresholds(config: Configuration): EvictionThreshold[] {
  const hardStatements = statements(config, 'evictionHard')
  const given = config.evictionHard === undefined || config.evictionHard === null ? undefined : hardStatements
  // The kubelet reads the hard ones once before the others, for what it keeps from pods.
  const hard = given ? read(given) : []
  if (!given || config.mergeDefaultEvictionSettings === true) hard.push(...defaultThresholds.filter(({ signal }) => given?.[signal] === undefined))
  const created = (problem: string): Refused => new Refused(`failed to create kubelet: ${problem}`)
  const soft = within(created, () => read(statements(config, 'evictionSoft')))
  const graces = within(created, () => gracePeriods(statements(config, 'evictionSoftGracePeriod')))
  const reclaims = within(created, () => minimumReclaims(statements(config, 'evictionMinimumReclaim')))
  const all = [
    ...hard,
    ...soft.map((threshold) => {
      const graceMs = graces.get(threshold.signal)
      if (graceMs === undefined) throw created(`grace period must be specified for the soft eviction threshold ${threshold.signal}`)
      return { ...threshold, graceMs }
    }),
  ]
  return all.filter(({ signal }) => signal in conditionOfSignal).map((threshold) => ({ ...threshold, ...(reclaims.has(threshold.signal) ? { minReclaim: reclaims.get(threshold.signal)! } : {}) }))
}

const signals = new Set(['memory.available', 'allocatableMemory.available', 'nodefs.available', 'nodefs.inodesFree', 'imagefs.available', 'imagefs.inodesFree', 'containerfs.available', 'containerfs.inodesFree', 'pid.available'])

function read(statements: Statements): EvictionThreshold[] {
  const found: EvictionThreshold[] = []
  for (const [name, text] of Object.entries(statements)) {
    const signal = signalNamed(name)
    if (text.endsWith('%')) {
      if (text === '0%' || text === '100%') continue
      const share = shareOf(text)
      if (share < 0) throw new Refused(`eviction percentage threshold ${name} must be >= 0%: ${text}`)
      if (share > 1) throw new Refused(`eviction percentage threshold ${name} must be <= 100%: ${text}`)
      found.push({ signal, value: { share }, graceMs: 0 })
    } else {
      const amount = amountOf(text)
      if (amount <= 0) throw new Refused(`eviction threshold ${name} must be positive: ${text}`)
      found.push({ signal, value: { amount }, graceMs: 0 })
    }
  }
  return found
}

function gracePeriods(statements: Statements): ReadonlyMap<EvictionSignal, number> {
  return new Map(
    Object.entries(statements).map(([name, text]): [EvictionSignal, number] => {
      const signal = signalNamed(name)
      const problem = goDurationError(text)
      if (problem !== undefined) throw new Refused(problem)
      const graceMs = parseDuration(text)!
      if (graceMs < 0) throw new Refused(`invalid eviction grace period specified: ${text}, must be a positive value`)
      return [signal, graceMs]
    }),
  )
}

function minimumReclaims(statements: Statements): ReadonlyMap<EvictionSignal, EvictionThreshold['value']> {
  return new Map(
    Object.entries(statements).map(([name, text]): [EvictionSignal, EvictionThreshold['value']] => {
      const signal = signalNamed(name)
      if (text.endsWith('%')) {
        const share = shareOf(text)
        if (share <= 0) throw new Refused(`eviction percentage minimum reclaim ${name} must be positive: ${text}`)
        return [signal, { share }]
      }
      const amount = amountOf(text)
      if (amount < 0) throw new Refused(`negative eviction minimum reclaim specified for ${name}`)
      return [signal, { amount }]
    }),
  )
}

function shutdown(config: Configuration): readonly ShutdownGroup[] {
  const byPriority = priorityGroups(config)
  return byPriority.length > 0 ? byPriority : shutdownGroups(Math.trunc(durationMs(config.shutdownGracePeriod) / 1000), Math.trunc(durationMs(config.shutdownGracePeriodCriticalPods) / 1000))
}

function priorityGroups(config: Configuration): ShutdownGroup[] {
  const groups = Array.isArray(config.shutdownGracePeriodByPodPriority) ? (config.shutdownGracePeriodByPodPriority as { priority?: unknown; shutdownGracePeriodSeconds?: unknown }[]) : []
  return groups.map((group) => ({ priority: Number(group.priority ?? 0), graceSeconds: Number(group.shutdownGracePeriodSeconds ?? 0) }))
}

/** Signals that are not modelled pass as well; `thresholds` leaves them out. */
function signalNamed(name: string): EvictionSignal {
  if (!signals.has(name)) throw new Refused(`unsupported eviction signal ${name}`)
  return name as EvictionSignal
}

function shareOf(text: string): number {
  const number = text.replace(/%+$/, '')
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(number)) throw new Refused(`strconv.ParseFloat: parsing ${JSON.stringify(number)}: invalid syntax`)
  return Number(number) / 100
}

function amountOf(text: string): number {
  const problem = quantityError(text)
  if (problem !== undefined) throw new Refused(problem)
  return quantityValue(text)
}

function within<T>(wrap: (problem: string) => Refused, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof Refused ? wrap(error.message) : error
  }
}

function statements(config: Configuration, name: (typeof statementFields)[number]): Statements {
  return (config[name] ?? {}) as Statements
}

function percent(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function durationMs(value: unknown): number {
  return typeof value === 'string' ? (parseDuration(value) ?? 0) : 0
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
