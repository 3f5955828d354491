const known = new Map<number, string>()

/** π with so many digits in all (`3.` and digits − 1 decimals), rounded in the last, as perl's bignum prints it. */
export function decimalsOfPi(digits: number): string {
  const cached = known.get(digits)
  if (cached !== undefined) return cached
  const guard = 10
  const scale = 10n ** BigInt(digits + guard)
  // Machin: π/4 = 4·atan(1/5) − atan(1/239).
  const arctangent = (inverse: bigint): bigint => {
    let term = scale / inverse
    let sum = term
    const square = inverse * inverse
    for (let divisor = 3n, sign = -1n; term !== 0n; divisor += 2n, sign = -sign) {
      term /= square
      sum += sign * (term / divisor)
    }
    return sum
  }
  const pi = 4n * (4n * arctangent(5n) - arctangent(239n))
  const drop = 10n ** BigInt(guard + 1)
  const rounded = String((pi + drop / 2n) / drop)
  const text = digits <= 1 ? '3' : `${rounded[0]}.${rounded.slice(1)}`
  if (known.size < 8) known.set(digits, text)
  return text
}
