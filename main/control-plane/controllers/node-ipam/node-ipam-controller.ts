import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import type { Node } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { CidrPool } from './cidr-pool.ts'

/** Gives every node a range of pod addresses. Follows pkg/controller/nodeipam's range allocator (one family). */
export function nodeIpamController(clusterCidr: string, nodeMaskSize: number): ControllerDefinition {
  return defineController({
    name: 'node-ipam-controller',
    eventSource: 'cidrAllocator',
    noun: 'node',
    workers: 30,
    setUp({ client, informers, events }, queue) {
      const nodes = informers.of(nodeKind)
      const pool = new CidrPool(clusterCidr, nodeMaskSize)
      /** Chosen and perhaps written: a write whose answer was lost is repeated with the same range. */
      const chosen = new Map<string, string>()
      const seen = (node: Node): void => {
        for (const cidr of node.spec?.podCIDRs ?? (node.spec?.podCIDR ? [node.spec.podCIDR] : [])) pool.occupy(cidr)
        if (!node.spec?.podCIDR) queue.add(node.metadata.name)
      }
      nodes.onChange({
        added: seen,
        updated: seen,
        deleted: (node) => {
          const cidr = node.spec?.podCIDR ?? chosen.get(node.metadata.name)
          chosen.delete(node.metadata.name)
          if (cidr) pool.release(cidr)
        },
      })
      return async (name) => {
        const node = nodes.get(undefined, name)
        if (!node || node.spec?.podCIDR) {
          chosen.delete(name)
          return undefined
        }
        const cidr = chosen.get(name) ?? pool.allocate()
        if (cidr === undefined) {
          events.event(node, 'Normal', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`)
          throw new Error('CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range')
        }
        chosen.set(name, cidr)
        await client.patch(nodeKind, name, undefined, 'strategic', { spec: { podCIDR: cidr, podCIDRs: [cidr] } })
        return undefined
      }
    },
  })
}
