/** How functions are declared: each overload with its types and what it does. */
import type { CelValue } from '../values.ts'
import type { Type } from '../types.ts'
import { typeParam } from '../types.ts'

export interface Overload {
  readonly name: string
  /** cel-go's and Kubernetes' name for it: what costs are looked up by. */
  readonly id: string
  /** Whether it is called on its first argument. */
  readonly member: boolean
  readonly params: readonly Type[]
  readonly result: Type
  /** Gets values of the declared types (dyn: any). Errors are passed on before it is called. */
  readonly run: (...args: readonly never[]) => CelValue
}

export function global(name: string, id: string, params: readonly Type[], result: Type, run: (...args: never[]) => CelValue): Overload {
  return { name, id, member: false, params, result, run }
}

export function member(name: string, id: string, params: readonly Type[], result: Type, run: (...args: never[]) => CelValue): Overload {
  return { name, id, member: true, params, result, run }
}

/** A library of functions, and the names of its types. */
export interface Library {
  readonly overloads: readonly Overload[]
  /** Types that may be written as values. */
  readonly types?: readonly Type[]
}

export const paramA = typeParam('A')
export const paramB = typeParam('B')
