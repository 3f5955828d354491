import { expect, test } from 'vitest'
import { parseCloud, plainCloud } from './cloud-spec.ts'
import { SpecError } from './spec-error.ts'
import { parseSpec, standardSpec, withCloud } from './spec.ts'

test('true is the plain cloud, and a flag adds it only where none is', () => {
  expect(parseCloud(true)).toEqual(plainCloud)
  expect(withCloud(standardSpec('x', 1)).cloud).toEqual(plainCloud)
  expect(standardSpec('x', 1).cloud).toBeUndefined()
  const own = parseSpec({ cloud: { region: 'here' } }, 'x', 1)
  expect(withCloud(own)).toBe(own)
  expect(own.cloud!.zones).toEqual(['herea', 'hereb', 'herec'])
})

test.each([
  [{ zones: [] }, 'cloud.zones has to have at least one entry'],
  [{ regions: 'x' }, 'unknown field "regions" in cloud; there are region, zones, nodeGroups'],
  [{ nodeGroups: [{ name: 'a', min: 3, max: 2 }] }, 'cloud.nodeGroups[0].max has to be at least its min'],
  [{ nodeGroups: [{ name: 'a' }, { name: 'a' }] }, 'two node groups are named "a"'],
  [7, 'cloud has to be a mapping or true'],
])('%j is refused', (value, message) => {
  expect(() => parseCloud(value)).toThrow(new SpecError(message))
})
