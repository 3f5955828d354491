/** Expressions that select devices (resource.k8s.io): `device` in, true or false out. */
import type { Device } from '../generated/types.ts'
import { mustParseQuantity } from '../machinery/quantity.ts'
import { callCostMax, compile } from './compile.ts'
import type { Program } from './compile.ts'
import { QuantityValue, quantityType } from './functions/quantities.ts'
import { parseSemver } from './functions/semvers.ts'
import { boolType, dynType, mapType, objectType, stringType } from './types.ts'
import type { Type } from './types.ts'
import { ArrayList, CelMap, EntryMap } from './values.ts'
import type { CelValue } from './values.ts'

/** The most that each may hold (bytes, entries): estimates of cost count on it. */
const [valueMax, idMax, domainMax, driverMax, entriesMax] = [64, 32, 63, 63, 32]
const byDomain = (ofDomain: Type): Type => mapType({ ...stringType, sizeMax: domainMax }, ofDomain, entriesMax)
const byId = (value: Type): Type => mapType({ ...stringType, sizeMax: idMax }, value, entriesMax)

/** Estimates follow `attributes["d"].name` by fields: every one has the size that any attribute may have. */
class EveryField extends Map<string, Type> {
  readonly #type: Type

  constructor(type: Type) {
    super()
    this.#type = type
  }

  override get(): Type {
    return this.#type
  }
}

const attribute: Type = { ...dynType, sizeMax: valueMax }

const fields = new Map<string, Type>([
  ['driver', { ...stringType, sizeMax: driverMax }],
  ['attributes', byDomain({ ...byId(attribute), fields: new EveryField(attribute) })],
  ['capacity', byDomain(byId(quantityType))],
  ['allowMultipleAllocations', { ...boolType, sizeMax: 1 }],
])
const declarations = { variables: { device: objectType('kubernetes.DRADevice', fields) } }

/** Compiled before, so that a class with many devices costs one compilation. */
const programs = new Map<string, Program | string>()
const programsMax = 256

/** The program of an expression, or what is wrong with it. */
export function compileDeviceSelector(expression: string): Program | string {
  const known = programs.get(expression)
  if (known !== undefined) return known
  const compiled = compile(expression, declarations)
  const result = 'program' in compiled ? (compiled.program.type.kind === 'bool' || compiled.program.type.kind === 'dyn' ? compiled.program : 'must evaluate to bool or the unknown type, not ' + compiled.program.type.name) : `compilation failed: ${compiled.text}`
  if (programs.size >= programsMax) programs.delete(programs.keys().next().value!)
  programs.set(expression, result)
  return result
}

/** What the API server has against an expression that selects devices: it does not compile, or could cost more than one evaluation may. */
export function deviceSelectorProblem(expression: string): { readonly type: 'invalid' | 'forbidden'; readonly detail: string } | undefined {
  const program = compileDeviceSelector(expression)
  if (typeof program === 'string') return { type: 'invalid', detail: program }
  return program.estimate().max > callCostMax ? { type: 'forbidden', detail: 'too complex, exceeds cost limit' } : undefined
}

/** What an expression says of a driver's device; or in words why it says nothing. */
export function deviceMatches(expression: string, driver: string, device: Device): boolean | { readonly error: string } {
  const program = compileDeviceSelector(expression)
  if (typeof program === 'string') return { error: program }
  const outcome = program.evaluate({ device: new DeviceValue(driver, device) })
  if ('error' in outcome) return { error: outcome.error }
  return typeof outcome.value === 'boolean' ? outcome.value : { error: 'CEL expression of type bool expected' }
}

/** A device as expressions see it: names without a domain are the driver's, domains that it does not know are empty. */
class DeviceValue extends CelMap {
  readonly size = fields.size
  readonly #driver: string
  readonly #device: Device

  constructor(driver: string, device: Device) {
    super()
    this.#driver = driver
    this.#device = device
  }

  has(key: CelValue): boolean {
    return typeof key === 'string' && fields.has(key)
  }

  get(key: CelValue): CelValue | undefined {
    switch (key) {
      case 'driver':
        return this.#driver
      case 'allowMultipleAllocations':
        return this.#device.allowMultipleAllocations ?? false
      case 'attributes':
        return new DomainMap(this.#driver, Object.entries(this.#device.attributes ?? {}), attributeValue)
      case 'capacity':
        return new DomainMap(this.#driver, Object.entries(this.#device.capacity ?? {}), ({ value }) => new QuantityValue(mustParseQuantity(value)))
      default:
        return undefined
    }
  }

  keys(): Iterable<CelValue> {
    return fields.keys()
  }
}

class DomainMap<T> extends CelMap {
  readonly #byDomain = new Map<string, [string, CelValue][]>()

  constructor(driver: string, entries: readonly (readonly [string, T])[], valueOf: (entry: T) => CelValue) {
    super()
    for (const [name, entry] of entries) {
      const slash = name.indexOf('/')
      const domain = slash < 0 ? driver : name.slice(0, slash)
      const known = this.#byDomain.get(domain) ?? []
      known.push([name.slice(slash + 1), valueOf(entry)])
      this.#byDomain.set(domain, known)
    }
  }

  get size(): number {
    return this.#byDomain.size
  }

  has(key: CelValue): boolean {
    return typeof key === 'string' && this.#byDomain.has(key)
  }

  get(key: CelValue): CelValue | undefined {
    return typeof key === 'string' ? new EntryMap(this.#byDomain.get(key) ?? []) : undefined
  }

  keys(): Iterable<CelValue> {
    return this.#byDomain.keys()
  }
}

type Attribute = NonNullable<Device['attributes']>[string]

function attributeValue({ bool, bools, int, ints, string, strings, version, versions }: Attribute): CelValue {
  if (bool !== undefined) return bool
  if (int !== undefined) return BigInt(int)
  if (string !== undefined) return string
  if (version !== undefined) return parseSemver(version)
  return new ArrayList((bools ?? ints?.map((each) => BigInt(each)) ?? strings ?? versions?.map(parseSemver) ?? []) as readonly CelValue[])
}
