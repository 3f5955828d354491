import { expect, it } from 'vitest'
import { builtInKinds } from './registry.ts'

it('every column of every kind is described (npm run generate gathers what columns quote)', () => {
  const without = builtInKinds.flatMap((kind) => kind.columns.filter((column) => column.description === '').map((column) => `${kind.kind} ${column.name}`))
  expect(without).toEqual([])
})
