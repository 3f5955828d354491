/** A number as Go prints a float64 with %v. */
export function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  if (exponent >= -4 && exponent < 21) return plain(value)
  const [mantissa = '', power = ''] = value.toExponential().split('e')
  const digits = Math.abs(Number(power))
  return `${mantissa}e${power.startsWith('-') ? '-' : '+'}${digits < 10 ? `0${digits}` : digits}`
}

/** Without an exponent: JavaScript begins to write one below 1e-6, Go below 1e-4. */
function plain(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(20).replace(/0+$/, '') : text
}
