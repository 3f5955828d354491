/** The behavior of autoscalers as autoscaling/v1 keeps it in an annotation: Go's own field names, and null for what is not set. */
import type { V2HorizontalPodAutoscalerBehavior, V2HPAScalingPolicy, V2HPAScalingRules } from '../../generated/types.ts'

type Json = Readonly<Record<string, unknown>>

export function behaviorText({ scaleUp, scaleDown }: V2HorizontalPodAutoscalerBehavior): string {
  return JSON.stringify({ ScaleUp: rulesOut(scaleUp), ScaleDown: rulesOut(scaleDown) })
}

function rulesOut(rules: V2HPAScalingRules | undefined): Json | null {
  if (!rules) return null
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies: rules.policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ?? null,
    Tolerance: rules.tolerance ?? null,
  }
}

/** The behavior that a text says; undefined for texts that say none. */
export function behaviorFrom(text: string): V2HorizontalPodAutoscalerBehavior | undefined {
  const value = parsed(text)
  const scaleUp = rulesIn(fieldIn(value, 'ScaleUp'))
  const scaleDown = rulesIn(fieldIn(value, 'ScaleDown'))
  return scaleUp || scaleDown ? { ...(scaleUp ? { scaleUp } : {}), ...(scaleDown ? { scaleDown } : {}) } : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A field as encoding/json finds it: by its name, in whatever case. */
function fieldIn(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const object = value as Json
  const key = name in object ? name : Object.keys(object).find((each) => each.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : (object[key] ?? undefined)
}

function rulesIn(value: unknown): V2HPAScalingRules | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const rules: V2HPAScalingRules = {}
  const window = fieldIn(value, 'StabilizationWindowSeconds')
  const select = fieldIn(value, 'SelectPolicy')
  const policies = fieldIn(value, 'Policies')
  const tolerance = fieldIn(value, 'Tolerance')
  if (typeof window === 'number') rules.stabilizationWindowSeconds = window
  if (typeof select === 'string') rules.selectPolicy = select
  if (Array.isArray(policies)) rules.policies = policies.map(policyIn)
  if (typeof tolerance === 'string') rules.tolerance = tolerance
  return rules
}

function policyIn(value: unknown): V2HPAScalingPolicy {
  const [type, amount, period] = ['Type', 'Value', 'PeriodSeconds'].map((name) => fieldIn(value, name))
  return { type: typeof type === 'string' ? type : '', value: typeof amount === 'number' ? amount : 0, periodSeconds: typeof period === 'number' ? period : 0 }
}
