import { fieldErrorText } from '../../machinery/field-error.ts'
import type { KubeObject } from '../../machinery/object.ts'
import type { Kind, StrategyContext } from '../kind.ts'

/** What hooks are told in tests. */
export const strategyContext: StrategyContext = { now: 0, timestamp: '1970-01-01T00:00:00Z', user: 'test', dryRun: false, uuid: () => 'u', suffix: () => 's' }

/** A copy of the object as the server has it before validation: with its defaults, prepared for creation. */
export function made<T extends KubeObject>(kind: Kind<T>, object: T): T {
  const copy = structuredClone(object)
  kind.strategy.defaults?.(copy)
  kind.strategy.prepareForCreate?.(copy, strategyContext)
  return copy
}

/** The texts of what is wrong with an object that is to be created. */
export function errorsOf<T extends KubeObject>(kind: Kind<T>, object: T): string[] {
  return (kind.strategy.validate?.(made(kind, object)) ?? []).map(fieldErrorText)
}

/** The texts of what is wrong with changing `old` into `object`. */
export function updateErrorsOf<T extends KubeObject>(kind: Kind<T>, object: T, old: T): string[] {
  const was = made(kind, old)
  const is = structuredClone(object)
  kind.strategy.defaults?.(is)
  kind.strategy.prepareForUpdate?.(is, was, strategyContext)
  return (kind.strategy.validateUpdate?.(is, was) ?? []).map(fieldErrorText)
}
