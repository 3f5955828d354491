import { describe, expect, it } from 'vitest'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { atEveryWrite, benchFaults, controllerBench, seedNode, testNode } from '../testing/controller-bench.ts'
import { CidrPool } from './cidr-pool.ts'
import { nodeIpamController } from './node-ipam-controller.ts'

describe('pod ranges of nodes', () => {
  it('are given out in turn, also after one came back', () => {
    const pool = new CidrPool('10.244.0.0/22', 24)
    expect([pool.allocate(), pool.allocate()]).toEqual(['10.244.0.0/24', '10.244.1.0/24'])
    pool.release('10.244.0.0/24')
    pool.occupy('10.244.2.0/24')
    pool.occupy('192.168.0.0/24')
    expect([pool.allocate(), pool.allocate(), pool.allocate()]).toEqual(['10.244.3.0/24', '10.244.0.0/24', undefined])
  })

  it('are never shared, whichever write fails', async () => {
    await atEveryWrite(benchFaults, async (fault) => {
      const b = await controllerBench([nodeIpamController('10.244.0.0/16', 24)], { ...(fault ? { fault } : {}), before: (api) => seedNode(api, { ...testNode('controlplane'), spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] } }) })
      for (const name of ['worker-1', 'worker-2']) seedNode(b.api, testNode(name))
      await b.settle()
      return {
        writes: b.api.writes.length,
        check: () => {
          const cidrs = b.api.stored(nodeKind).map((node) => node.spec?.podCIDR)
          expect([...cidrs].sort()).toEqual(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24'])
          expect(b.api.stored(nodeKind).every((node) => node.spec?.podCIDRs?.[0] === node.spec?.podCIDR)).toBe(true)
        },
      }
    })
  })

  it('run out', async () => {
    const b = await controllerBench([nodeIpamController('10.244.0.0/24', 24)])
    seedNode(b.api, testNode('worker-1'))
    await b.settle()
    seedNode(b.api, testNode('worker-2'))
    await b.kernel.runFor(100)
    expect(b.events()).toContainEqual(expect.stringContaining('Normal CIDRNotAvailable Node/worker-2: Node worker-2 status is now: CIDRNotAvailable'))
  })
})
