/** resource.Quantity: exact amounts with their suffix style. Finer than nano rounds away from zero, larger than int64 is
 *  capped, as upstream does. Hot paths use `cpuMillis` and `quantityValue`, which touch no bigint for usual texts. */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

export interface Quantity {
  /** The amount times 10^9. */
  readonly nano: bigint
  readonly format: QuantityFormat
}

const billion = 1_000_000_000n
const amountMax = 9223372036854775807n * billion
const pattern = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*)([-+]?\d*)$/

/** Upstream's texts for what cannot be read. */
export const quantityFormatError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
export const quantitySuffixError = "unable to parse quantity's suffix"
export const quantityNumberError = 'unable to parse numeric part of quantity'

const decimalExponents: { readonly [suffix: string]: number } = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const binaryExponents: { readonly [suffix: string]: number } = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }

/** The quantity a text says, or undefined. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const made = read(String(text))
  return typeof made === 'string' ? undefined : made
}

/** The quantity a text says; throws an Error with upstream's text. */
export function mustParseQuantity(text: string | number): Quantity {
  const made = read(String(text))
  if (typeof made === 'string') throw new Error(made)
  return made
}

/** Upstream's text for what is wrong with a quantity, or undefined when it is right. */
export function quantityError(text: string | number): string | undefined {
  const made = read(String(text))
  return typeof made === 'string' ? made : undefined
}

function read(text: string): Quantity | string {
  const match = pattern.exec(text)
  if (!match || text === '') return quantityFormatError
  const [, sign, whole, fraction, letters, exponentDigits] = match as unknown as [string, string, string, string | undefined, string, string]
  if (whole === '' && (fraction ?? '') === '') return letters === '' && exponentDigits === '' && fraction === undefined ? quantityFormatError : quantityNumberError
  const suffix = letters + exponentDigits
  let format: QuantityFormat = 'DecimalSI'
  let base10 = 0
  let base2 = 0
  if (Object.hasOwn(decimalExponents, suffix)) base10 = decimalExponents[suffix] as number
  else if (Object.hasOwn(binaryExponents, suffix)) {
    base2 = binaryExponents[suffix] as number
    format = 'BinarySI'
  } else if ((letters === 'e' || letters === 'E') && /^[-+]?\d+$/.test(exponentDigits)) {
    base10 = Number(exponentDigits)
    if (Math.abs(base10) > 2147483647) return quantitySuffixError
    format = 'DecimalExponent'
  } else return quantitySuffixError
  let nano = scaledNano(`${whole}${fraction ?? ''}`, base10 - (fraction?.length ?? 0), base2)
  if (nano > amountMax) nano = amountMax
  if (format === 'BinarySI' && nano < 1024n * billion) format = 'DecimalSI'
  return { nano: sign === '-' ? -nano : nano, format }
}

/** digits * 10^exponent * 2^binary in nano, rounded up. */
function scaledNano(digits: string, exponent: number, binary: number): bigint {
  const mantissa = BigInt(digits === '' ? '0' : digits)
  if (mantissa === 0n) return 0n
  const shift = exponent + 9
  if (shift > 64) return amountMax + 1n
  const raised = mantissa << BigInt(binary)
  if (shift >= 0) return raised * 10n ** BigInt(shift)
  if (-shift > digits.length + 40) return 1n
  return divideUp(raised, 10n ** BigInt(-shift))
}

/** a / b rounded away from zero. */
function divideUp(a: bigint, b: bigint): bigint {
  const quotient = a / b
  if (quotient * b === a) return quotient
  return a < 0n !== b < 0n ? quotient - 1n : quotient + 1n
}

const decimalSuffixes = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** The canonical text: no fractions, the largest suffix that loses nothing. */
export function formatQuantity(quantity: Quantity): string {
  const { nano } = quantity
  if (nano === 0n) return '0'
  let { format } = quantity
  if (format === 'BinarySI' && nano > -1024n * billion && nano < 1024n * billion) format = 'DecimalSI'
  if (format === 'BinarySI') {
    let amount = divideUp(nano, billion)
    let step = 0
    while (amount % 1024n === 0n && step < binarySuffixes.length - 1) {
      amount /= 1024n
      step++
    }
    return `${amount}${binarySuffixes[step]}`
  }
  let amount = nano
  let step = 0
  while (amount % 1000n === 0n && (format === 'DecimalExponent' || step < decimalSuffixes.length - 1)) {
    amount /= 1000n
    step++
  }
  if (format === 'DecimalSI') return `${amount}${decimalSuffixes[step]}`
  const exponent = step * 3 - 9
  return exponent === 0 ? String(amount) : `${amount}e${exponent}`
}

/** A text in canonical form; texts that are no quantities stay as they are. */
export function canonicalQuantity(text: string | number): string {
  const parsed = parseQuantity(text)
  return parsed ? formatQuantity(parsed) : String(text)
}

/** Sum; the format is the first's, or the second's when the first is zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano + b.nano, format: a.nano === 0n ? b.format : a.format }
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano - b.nano, format: a.nano === 0n ? b.format : a.format }
}

/** -1, 0 or 1. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0
}

/** A whole number as a quantity. */
export function quantityOf(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nano: BigInt(typeof value === 'number' ? Math.ceil(value) : value) * billion, format }
}

/** Thousandths as a quantity: 1500 -> `1500m`. */
export function quantityOfMillis(millis: number, format: QuantityFormat = 'DecimalSI'): Quantity {
  return { nano: BigInt(Math.ceil(millis)) * 1_000_000n, format }
}

export const zeroQuantity: Quantity = { nano: 0n, format: 'DecimalSI' }

/** Sum of two texts in canonical form; absent counts as zero. */
export function addQuantityTexts(a: string | undefined, b: string | undefined): string {
  return formatQuantity(addQuantities(a === undefined ? zeroQuantity : mustParseQuantity(a), b === undefined ? zeroQuantity : mustParseQuantity(b)))
}

/** The whole number, rounded away from zero (upstream's Value). */
export function valueOf(quantity: Quantity): number {
  return Number(divideUp(quantity.nano, billion))
}

/** Thousandths, rounded away from zero (upstream's MilliValue). */
export function milliValueOf(quantity: Quantity): number {
  return Number(divideUp(quantity.nano, 1_000_000n))
}

/** The amount as a floating-point number. */
export function floatOf(quantity: Quantity): number {
  return Number(quantity.nano) / 1e9
}

const multipliers: { readonly [suffix: string]: number } = {
  '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4, Pi: 1024 ** 5, Ei: 1024 ** 6,
}

/** The whole number of a text, rounded up: bytes of memory, counts. Absent and malformed texts are 0. */
export function quantityValue(text: string | number | undefined): number {
  return fast(text, 1) ?? slow(text, valueOf)
}

/** Bytes of a memory or storage quantity. */
export const bytesOf = quantityValue

/** Thousandths of a text, rounded up: millicores of cpu. Absent and malformed texts are 0. */
export function cpuMillis(text: string | number | undefined): number {
  return fast(text, 1000) ?? slow(text, milliValueOf)
}

/** Plain digits with a known suffix, exactly, or undefined. */
function fast(text: string | number | undefined, scale: number): number | undefined {
  if (text === undefined) return 0
  if (typeof text === 'number') return Number.isInteger(text) ? text * scale : undefined
  let value = 0
  let at = 0
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  if (at === 0 || value > 9e15) return undefined
  const suffix = at === text.length ? '' : text.slice(at)
  if (suffix === 'm') return scale === 1000 ? value : Math.ceil(value / 1000)
  const multiplier = multipliers[suffix]
  if (multiplier === undefined) return undefined
  const result = value * multiplier * scale
  return Number.isSafeInteger(result) ? result : undefined
}

function slow(text: string | number | undefined, of: (quantity: Quantity) => number): number {
  const parsed = text === undefined ? undefined : parseQuantity(text)
  return parsed ? of(parsed) : 0
}

/** Millicores in canonical text: 1500 -> `1500m`, 2000 -> `2`. */
export function formatCpu(millis: number): string {
  return millis % 1000 === 0 ? formatQuantity(quantityOf(millis / 1000)) : formatQuantity(quantityOfMillis(millis))
}

/** Bytes in canonical binary text: 1073741824 -> `1Gi`. */
export function formatBytes(bytes: number): string {
  return formatQuantity(quantityOf(bytes, 'BinarySI'))
}

/** Resource amounts by name. */
export type ResourceList = { [resource: string]: string }

/** Element-wise sum in canonical form. */
export function addResourceLists(a: Readonly<ResourceList> | undefined, b: Readonly<ResourceList> | undefined): ResourceList {
  const sum: ResourceList = { ...a }
  for (const name in b) sum[name] = addQuantityTexts(sum[name], b[name])
  return sum
}

/** Element-wise maximum. */
export function maxResourceLists(a: Readonly<ResourceList> | undefined, b: Readonly<ResourceList> | undefined): ResourceList {
  const most: ResourceList = { ...a }
  for (const name in b) {
    const [mine, theirs] = [most[name], b[name] as string]
    if (mine === undefined || compareQuantities(mustParseQuantity(mine), mustParseQuantity(theirs)) < 0) most[name] = theirs
  }
  return most
}
