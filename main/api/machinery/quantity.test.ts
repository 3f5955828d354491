import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addQuantityTexts, canonicalQuantity, compareQuantities, cpuMillis, formatBytes, formatCpu, formatQuantity, milliValueOf, mustParseQuantity, parseQuantity, quantityError, quantityFormatError, quantitySuffixError, quantityValue, valueOf } from './quantity.ts'

describe('parse and print', () => {
  it.each([
    ['0', '0'], ['1', '1'], ['100m', '100m'], ['1000m', '1'], ['1500m', '1500m'], ['0.5', '500m'], ['.5', '500m'], ['1.', '1'], ['1.5Gi', '1536Mi'],
    ['1024Mi', '1Gi'], ['1024', '1024'], ['1024Ki', '1Mi'], ['0.5Ki', '512'], ['1e3', '1e3'], ['1E3', '1e3'], ['1000', '1k'], ['1234567', '1234567'],
    ['12e6', '12e6'], ['1e-3', '1e-3'], ['1500000n', '1500u'], ['0.0000000001', '1n'], ['-1', '-1'], ['+5Gi', '5Gi'], ['100Ei', '9223372036854775807'],
    ['1E', '1E'], ['123.456', '123456m'], ['-0.5', '-500m'], ['0Gi', '0'], ['1M', '1M'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical)
  })

  it.each([
    ['', quantityFormatError], ['abc', quantityFormatError], ['1.5.5', quantityFormatError], ['1 Gi', quantityFormatError], ['1GiB', quantityFormatError],
    ['1kk', quantitySuffixError], ['1mi', quantitySuffixError], ['1ee3', quantitySuffixError], ['5Gii', quantitySuffixError],
  ])('%s is refused', (text, error) => {
    expect(quantityError(text)).toBe(error)
    expect(parseQuantity(text)).toBeUndefined()
  })

  it('rounds values up', () => {
    expect(valueOf(mustParseQuantity('1500m'))).toBe(2)
    expect(valueOf(mustParseQuantity('-1500m'))).toBe(-2)
    expect(milliValueOf(mustParseQuantity('1u'))).toBe(1)
    expect(cpuMillis('0.1')).toBe(100)
    expect(cpuMillis('2')).toBe(2000)
    expect(cpuMillis('1u')).toBe(1)
    expect(quantityValue('100m')).toBe(1)
    expect(quantityValue('1Gi')).toBe(1073741824)
    expect(quantityValue(undefined)).toBe(0)
  })

  it('prints cpu and bytes', () => {
    expect(formatCpu(1500)).toBe('1500m')
    expect(formatCpu(2000)).toBe('2')
    expect(formatBytes(1024 ** 3)).toBe('1Gi')
    expect(formatBytes(1000)).toBe('1k')
  })
})

const suffix = fc.constantFrom('', 'm', 'u', 'n', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'E-2')
const text = fc.tuple(fc.constantFrom('', '-', '+'), fc.integer({ min: 0, max: 1_000_000 }), fc.option(fc.integer({ min: 0, max: 999 }), { nil: undefined }), suffix).map(([sign, whole, fraction, unit]) => `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${unit}`)

describe('properties', () => {
  it('printing and parsing again keeps the amount, and is stable', () => {
    fc.assert(fc.property(text, (t) => {
      const once = canonicalQuantity(t)
      expect(canonicalQuantity(once)).toBe(once)
      const [a, b] = [mustParseQuantity(t), mustParseQuantity(once)]
      if (a.format !== 'BinarySI') expect(b.nano).toBe(a.nano)
      else expect(valueOf(b)).toBe(valueOf(a))
    }))
  })

  it('the fast readings agree with the exact ones', () => {
    fc.assert(fc.property(text, (t) => {
      const exact = mustParseQuantity(t)
      expect(quantityValue(t)).toBe(valueOf(exact))
      expect(cpuMillis(t)).toBe(milliValueOf(exact))
    }))
  })

  it('adding orders as the amounts do', () => {
    fc.assert(fc.property(text, text, (a, b) => {
      const sum = mustParseQuantity(addQuantityTexts(a, b))
      const [x, y] = [mustParseQuantity(a), mustParseQuantity(b)]
      const exact = { nano: x.nano + y.nano, format: x.format }
      if (x.format !== 'BinarySI' && y.format !== 'BinarySI') expect(compareQuantities(sum, exact)).toBe(0)
      expect(formatQuantity(sum)).toBe(canonicalQuantity(formatQuantity(sum)))
    }))
  })
})
