import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AddressPool } from './address-pool.ts'
import { addressOfReverseName, formatAddress, formatRange, parseAddress, parseRange, rangeContains, reverseName, subRange } from './addresses.ts'

test('addresses and numbers are the same thing', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => parseAddress(formatAddress(value)) === value))
  expect(parseAddress('256.1.1.1')).toBeUndefined()
  expect(parseAddress('1.2.3')).toBeUndefined()
})

test('ranges', () => {
  const pods = parseRange('10.244.0.0/16')!
  expect(formatRange(subRange(pods, 24, 3)!)).toBe('10.244.3.0/24')
  expect(subRange(pods, 24, 256)).toBeUndefined()
  expect(rangeContains(pods, parseAddress('10.244.255.255')!)).toBe(true)
  expect(rangeContains(pods, parseAddress('10.245.0.0')!)).toBe(false)
  expect(formatRange(parseRange('10.244.7.9/24')!)).toBe('10.244.7.0/24')
  expect(parseRange('10.0.0.0/33')).toBeUndefined()
})

test('reverse names', () => {
  expect(reverseName('10.96.0.10')).toBe('10.0.96.10.in-addr.arpa')
  expect(addressOfReverseName('10.0.96.10.in-addr.arpa')).toBe('10.96.0.10')
  expect(addressOfReverseName('x.in-addr.arpa')).toBeUndefined()
})

test('a pool gives each address once, in turn, and says when it is empty', () => {
  const pool = new AddressPool(parseRange('10.244.1.0/29')!)
  expect([pool.allocate(), pool.allocate(), pool.allocate()]).toEqual(['10.244.1.2', '10.244.1.3', '10.244.1.4'])
  pool.release('10.244.1.2')
  expect([pool.allocate(), pool.allocate(), pool.allocate()]).toEqual(['10.244.1.5', '10.244.1.6', '10.244.1.2'])
  expect(() => pool.allocate()).toThrow('no IP addresses available in range set')
})
