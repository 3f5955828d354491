import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import type { Node } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { conditionOf, withCondition } from '../../../api/machinery/conditions.ts'
import { formatDuration, formatTime } from '../../../api/machinery/time.ts'
import type { Route } from '../cloud-api.ts'
import type { Cloud } from '../cloud-client.ts'
import { inRanges } from '../provider/source-ranges.ts'

const oneKey = 'routes'
const resyncMs = 300_000
/** Nodes tend to come together. */
const gatherMs = 100

/** Keeps the cloud's routing table equal to the nodes' pod ranges, and says in each node's status whether its ranges have routes.
 *  Follows k8s.io/cloud-provider/controllers/route as it is with watch-based reconciliation: changes of nodes set it off, not a period. */
export function routeController(cloud: Cloud, clusterCidr: string): ControllerDefinition {
  return defineController({
    name: 'route-controller',
    eventSource: 'route_controller',
    noun: 'route table',
    workers: 1,
    actsAsManager: true,
    queue: { maxDelayMs: 60_000 },
    setUp({ client, informers, events, process }, queue) {
      const nodes = informers.of(nodeKind)
      const changed = (): void => queue.addAfter(oneKey, gatherMs)
      nodes.onChange({
        added: changed,
        deleted: changed,
        updated: (node, old) => {
          if (rangesOf(node).join() !== rangesOf(old).join() || networkState(node) !== networkState(old)) changed()
        },
      })
      return async () => {
        const present = await cloud.routes()
        const { create, remove } = planRoutes(nodes.list(), present, clusterCidr)
        const failed = new Map<string, Error>()
        for (const route of create) {
          const startedAt = process.clock.now()
          try {
            await cloud.putRoute(route)
          } catch (error) {
            failed.set(route.target, error as Error)
            const node = nodes.get(undefined, route.target)
            const text = `Could not create route ${node?.metadata.uid ?? ''} ${route.destination} for node ${route.target} after ${formatDuration(Math.round(process.clock.now() - startedAt))}: ${(error as Error).message}`
            process.journal.error(text)
            if (node) events.event(node, 'Warning', 'FailedToCreateRoute', text)
          }
        }
        for (const route of remove) await cloud.deleteRoute(route.name)
        for (const node of nodes.list()) {
          if (rangesOf(node).length > 0) await say(node, !failed.has(node.metadata.name))
        }
        const [first] = failed.values()
        if (first) throw first
        return { againAfterMs: resyncMs }
      }

      async function say(node: Node, created: boolean): Promise<void> {
        const condition = created
          ? { type: 'NetworkUnavailable', status: 'False', reason: 'RouteCreated', message: 'RouteController created a route' }
          : { type: 'NetworkUnavailable', status: 'True', reason: 'NoRouteCreated', message: 'RouteController failed to create a route' }
        if (networkState(node) === condition.status) return
        const time = formatTime(process.clock.now())
        const conditions = withCondition(node.status?.conditions, condition, time).filter(({ type }) => type === 'NetworkUnavailable')
        await client.patch(nodeKind, node.metadata.name, undefined, 'strategic', { status: { conditions: conditions.map((each) => ({ ...each, lastHeartbeatTime: time })) } }, { subresource: 'status' })
      }
    },
  })
}

function rangesOf(node: Node): string[] {
  return node.spec?.podCIDRs ?? (node.spec?.podCIDR ? [node.spec.podCIDR] : [])
}

function networkState(node: Node): string | undefined {
  return conditionOf(node.status?.conditions, 'NetworkUnavailable')?.status
}

/** The routes that are missing and those within the pods' range that lead to no node any more. Pure. */
export function planRoutes(nodes: readonly Node[], present: readonly Route[], clusterCidr: string): { create: Route[]; remove: Route[] } {
  const wanted = new Map<string, Route>()
  for (const node of nodes) {
    for (const destination of rangesOf(node)) {
      const name = `${node.metadata.name}-${destination.replaceAll(/[./]/g, '-')}`
      wanted.set(name, { name, target: node.metadata.name, destination })
    }
  }
  const known = new Map(present.map((route) => [route.name, route]))
  return {
    create: [...wanted.values()].filter((route) => known.get(route.name)?.target !== route.target),
    remove: present.filter((route) => !wanted.has(route.name) && inRanges(route.destination.split('/')[0]!, [clusterCidr])),
  }
}
