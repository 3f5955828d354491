import { describe, expect, test } from 'vitest'
import { bannedNamesIn, checkFloors, importsOf, listSources, violationsIn } from './floors.ts'

const root = new URL('../..', import.meta.url).pathname

describe('floors', () => {
  test('nothing reaches a floor that it may not', () => {
    expect(listSources(root, ['main']).length).toBeGreaterThan(20)
    expect(checkFloors(root).map((v) => `${v.file}:${v.line} "${v.imported}" -> ${v.instead}`)).toEqual([])
  })

  test.each([
    ['main/kernel/x.ts', `import { y } from '../api/kinds/kind.ts'`],
    ['main/api/machinery/x.ts', `import { y } from 'node:fs'`],
    ['main/control-plane/scheduler/x.ts', `import { y } from '../controllers/y.ts'`],
    ['main/control-plane/controllers/job/x.ts', `import { y } from '../deployment/y.ts'`],
    ['main/node/kubelet/x.ts', `import { y } from '../runtime/runtime.ts'`],
    ['renderer/x.ts', `const y = await import('../main/lab/lab.ts')`],
    ['main/desktop/x.ts', `import {\n  y,\n} from '../cluster/cluster.ts'`],
  ])('%s may not %s', (file, text) => {
    expect(violationsIn(file, text)).toHaveLength(1)
  })

  test.each([
    ['main/control-plane/apiserver/x.ts', `import type { EtcdClient } from '../etcd/client.ts'`],
    ['main/control-plane/controllers/job/x.ts', `import { y } from '../framework/y.ts'`],
    ['main/kernel/host.node.ts', `import { readFileSync } from 'node:fs'`],
    ['renderer/x.ts', `import { z } from '../main/api/kinds/registry.ts'`],
  ])('%s may %s', (file, text) => {
    expect(violationsIn(file, text)).toEqual([])
  })

  test('time, chance and timers are banned in pure folders, not in comments or at the edge', () => {
    expect(bannedNamesIn('main/kernel/x.ts', 'const t = Date.now()')).toHaveLength(1)
    expect(bannedNamesIn('main/node/x.ts', '// Date.now() is the wall')).toEqual([])
    expect(bannedNamesIn('main/kernel/x.node.ts', 'const t = Date.now()')).toEqual([])
  })

  test('imports are found in every form', () => {
    expect(importsOf(`import 'a'\nexport { b } from 'b'\nimport type { c } from "c"\nconst d = import('d')`).map((found) => found.imported)).toEqual(['a', 'b', 'c', 'd'])
  })
})
