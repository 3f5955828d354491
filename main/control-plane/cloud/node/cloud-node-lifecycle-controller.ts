import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import type { Node } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { conditionOf } from '../../../api/machinery/conditions.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import type { Cloud } from '../cloud-client.ts'
import { instanceOf } from './cloud-node-controller.ts'

export const shutdownTaint = 'node.cloudprovider.kubernetes.io/shutdown'

/** --node-monitor-period: how often the cloud is asked about a node that is not ready. */
const monitorPeriodMs = 5_000

/** Deletes nodes whose instance is gone, and taints those whose instance is switched off. Only nodes that are not ready are looked at.
 *  Follows k8s.io/cloud-provider/controllers/nodelifecycle. */
export function cloudNodeLifecycleController(cloud: Cloud): ControllerDefinition {
  return defineController({
    name: 'cloud-node-lifecycle-controller',
    noun: 'node',
    workers: 1,
    actsAsManager: true,
    queue: { maxDelayMs: monitorPeriodMs },
    setUp({ client, informers, events, process }, queue) {
      const nodes = informers.of(nodeKind)
      const look = (node: Node): void => {
        if (!isReady(node) || hasShutdownTaint(node)) queue.add(node.metadata.name)
      }
      nodes.onChange({ added: look, updated: look })
      return async (name) => {
        const node = nodes.get(undefined, name)
        if (!node) return undefined
        if (isReady(node)) {
          if (hasShutdownTaint(node)) await setTaint(node, false)
          return undefined
        }
        const instance = await instanceOf(cloud, node)
        if (!instance) {
          process.journal.info('Deleting node since it is no longer present in cloud provider', { node: name })
          events.event(node, 'Normal', 'DeletingNode', `Deleting node ${name} because it does not exist in the cloud provider`)
          await client.delete(nodeKind, name, undefined, node.metadata.uid === undefined ? {} : { preconditions: { uid: node.metadata.uid } }).catch((error: unknown) => {
            if (!isNotFound(error)) throw error
          })
          return undefined
        }
        if (instance.state === 'stopped' && !hasShutdownTaint(node)) await setTaint(node, true)
        return { againAfterMs: monitorPeriodMs }
      }

      async function setTaint(node: Node, on: boolean): Promise<void> {
        const others = (node.spec?.taints ?? []).filter(({ key }) => key !== shutdownTaint)
        const taints = on ? [...others, { key: shutdownTaint, effect: 'NoSchedule' }] : others
        await client.patch(nodeKind, node.metadata.name, undefined, 'merge', { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints: taints.length > 0 ? taints : null } })
      }
    },
  })
}

function isReady(node: Node): boolean {
  return conditionOf(node.status?.conditions, 'Ready')?.status === 'True'
}

function hasShutdownTaint(node: Node): boolean {
  return node.spec?.taints?.some(({ key }) => key === shutdownTaint) ?? false
}
