import { expect, it } from 'vitest'
import type { Node } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { controllerBench, seedNode, testNode } from '../testing/controller-bench.ts'
import { ttlController } from './ttl-controller.ts'

it('lets kubelets keep things longer in larger clusters', async () => {
  const b = await controllerBench([ttlController])
  const ttls = (): string[] => [...new Set(b.api.stored<Node>(nodeKind).map(({ metadata }) => metadata.annotations?.['node.alpha.kubernetes.io/ttl'] ?? ''))]
  for (let index = 0; index < 100; index++) seedNode(b.api, testNode(`n${index}`))
  await b.settle()
  expect(ttls()).toEqual(['0'])
  seedNode(b.api, testNode('n100'))
  await b.settle()
  expect(ttls()).toEqual(['15'])
  // Not before it is well below.
  for (let index = 0; index < 11; index++) b.api.remove(nodeKind, undefined, `n${index}`)
  await b.settle()
  expect(ttls()).toEqual(['15'])
  b.api.remove(nodeKind, undefined, 'n50')
  await b.settle()
  expect(ttls()).toEqual(['0'])
})
