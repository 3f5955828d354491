import { expect, it } from 'vitest'
import { crumbs, foldersOf, readable } from './etcd-view.ts'

const keys = ['/registry/pods/default/a', '/registry/pods/default/b', '/registry/pods/kube-system/c', '/registry/ranges'].map((key) => ({ key }))

it('groups keys into folders and keeps those that stand alone', () => {
  const { folders, own } = foldersOf('/registry/', keys)
  expect(folders).toEqual([{ name: 'pods', prefix: '/registry/pods/', keys: 3 }])
  expect(own).toEqual([{ key: '/registry/ranges' }])
  expect(foldersOf('/', keys).folders).toEqual([{ name: 'registry', prefix: '/registry/', keys: 4 }])
})

it('names the way to a prefix', () => {
  expect(crumbs('/registry/pods/')).toEqual([{ name: 'registry', prefix: '/registry/' }, { name: 'pods', prefix: '/registry/pods/' }])
  expect(crumbs('/')).toEqual([])
})

it('lays out JSON and leaves other values alone', () => {
  expect(readable('{"a":1}')).toBe('{\n  "a": 1\n}')
  expect(readable('k8s\u0000')).toBe('k8s\u0000')
})
