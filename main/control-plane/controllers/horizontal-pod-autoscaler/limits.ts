import type { V2HPAScalingRules } from '../../../api/generated/types.ts'

/** --horizontal-pod-autoscaler-downscale-stabilization. */
const downStabilizationMs = 300_000

export interface Recommendation {
  readonly replicas: number
  readonly at: number
}

/** A change of the scale that was made; `change` is positive either way. */
export interface ScaleEvent {
  readonly change: number
  readonly at: number
}

/** What an autoscaler remembers between its turns. */
export interface History {
  readonly recommendations: readonly Recommendation[]
  readonly ups: readonly ScaleEvent[]
  readonly downs: readonly ScaleEvent[]
}

export interface Limited {
  readonly replicas: number
  readonly reason: string
  readonly message: string
}

const ready: Omit<Limited, 'replicas'> = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const inRange: Omit<Limited, 'replicas'> = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' }
const tooMany: Omit<Limited, 'replicas'> = { reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' }
const tooFew: Omit<Limited, 'replicas'> = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' }
const tooFastUp: Omit<Limited, 'replicas'> = { reason: 'ScaleUpLimit', message: 'the desired replica count is increasing faster than the maximum scale rate' }
const tooFastDown: Omit<Limited, 'replicas'> = { reason: 'ScaleDownLimit', message: 'the desired replica count is decreasing faster than the maximum scale rate' }
const lately = (than: 'lower' | 'higher'): string => `recent recommendations were ${than} than current one, applying the ${than === 'lower' ? 'lowest' : 'highest'} recent recommendation`

export interface Behavior {
  readonly scaleUp: V2HPAScalingRules
  readonly scaleDown: V2HPAScalingRules
}

/** How long a recommendation counts. */
export function windowMs(behavior: Behavior | undefined): number {
  return behavior ? Math.max(upWindowMs(behavior), downWindowMs(behavior)) : downStabilizationMs
}

function upWindowMs({ scaleUp }: Behavior): number {
  return (scaleUp.stabilizationWindowSeconds ?? 0) * 1000
}

function downWindowMs({ scaleDown }: Behavior): number {
  return scaleDown.stabilizationWindowSeconds === undefined ? downStabilizationMs : scaleDown.stabilizationWindowSeconds * 1000
}

/** How long a change of the scale counts. */
export function periodMs(rules: V2HPAScalingRules): number {
  return Math.max(0, ...(rules.policies ?? []).map(({ periodSeconds }) => periodSeconds * 1000))
}

/** Damps a recommendation by those of late: condition AbleToScale. */
export function stabilize(current: number, desired: number, { recommendations }: History, behavior: Behavior | undefined, now: number): Limited {
  if (!behavior) {
    const replicas = Math.max(desired, ...recommendations.filter(({ at }) => at > now - downStabilizationMs).map((each) => each.replicas))
    return replicas === desired ? { replicas, ...ready } : { replicas, reason: 'ScaleDownStabilized', message: lately('higher') }
  }
  const up = Math.min(desired, ...recommendations.filter(({ at }) => at > now - upWindowMs(behavior)).map((each) => each.replicas))
  const down = Math.max(desired, ...recommendations.filter(({ at }) => at > now - downWindowMs(behavior)).map((each) => each.replicas))
  const replicas = Math.min(Math.max(current, up), down)
  if (replicas === desired) return { replicas, ...ready }
  return desired >= current ? { replicas, reason: 'ScaleUpStabilized', message: lately('lower') } : { replicas, reason: 'ScaleDownStabilized', message: lately('higher') }
}

/** Keeps the count within its bounds and the rate at which it may change: condition ScalingLimited. */
export function limit(current: number, desired: number, min: number, max: number, { ups, downs }: History, behavior: Behavior | undefined, now: number): Limited {
  if (!behavior) {
    // Not so fast that one wrong measurement does harm.
    const rate = Math.max(2 * current, 4)
    if (desired < min) return { replicas: min, ...tooFew }
    if (desired > Math.min(max, rate)) return max > rate ? { replicas: rate, ...tooFastUp } : { replicas: max, ...tooMany }
    return { replicas: desired, ...inRange }
  }
  if (desired > current) {
    const rate = Math.max(current, upLimit(current, ups, downs, behavior.scaleUp, now))
    if (desired > Math.min(max, rate)) return max > rate ? { replicas: rate, ...tooFastUp } : { replicas: max, ...tooMany }
  } else if (desired < current) {
    const rate = Math.min(current, downLimit(current, ups, downs, behavior.scaleDown, now))
    if (desired < Math.max(min, rate)) return min < rate ? { replicas: rate, ...tooFastDown } : { replicas: min, ...tooFew }
  }
  return { replicas: desired, ...inRange }
}

function changedIn(seconds: number, events: readonly ScaleEvent[], now: number): number {
  return events.reduce((sum, { change, at }) => (at > now - seconds * 1000 ? sum + change : sum), 0)
}

function upLimit(current: number, ups: readonly ScaleEvent[], downs: readonly ScaleEvent[], rules: V2HPAScalingRules, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current
  const proposals = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = current - changedIn(periodSeconds, ups, now) + changedIn(periodSeconds, downs, now)
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100))
  })
  return rules.selectPolicy === 'Min' ? Math.min(...proposals) : Math.max(...proposals)
}

function downLimit(current: number, ups: readonly ScaleEvent[], downs: readonly ScaleEvent[], rules: V2HPAScalingRules, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current
  const proposals = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = current - changedIn(periodSeconds, ups, now) + changedIn(periodSeconds, downs, now)
    return type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100))
  })
  // The smallest change leaves the most.
  return rules.selectPolicy === 'Min' ? Math.max(...proposals) : Math.min(...proposals)
}
