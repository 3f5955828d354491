import { defineController, type ControllerDefinition } from '../../../api/client/controller.ts'
import type { Node, NodeAddress } from '../../../api/generated/types.ts'
import { nodeKind } from '../../../api/kinds/core/node.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import type { Instance } from '../cloud-api.ts'
import { instanceIdOf } from '../cloud-api.ts'
import type { Cloud } from '../cloud-client.ts'

/** A kubelet with --cloud-provider=external registers with it: nobody schedules there until the cloud has said what the node is. */
export const uninitializedTaint = 'node.cloudprovider.kubernetes.io/uninitialized'

/** --node-status-update-frequency. */
const updatePeriodMs = 300_000

/** Says what the cloud knows of a new node (providerID, addresses, zone, region, type) and lets pods onto it; keeps addresses and labels
 *  right from then on. Follows k8s.io/cloud-provider/controllers/node; each node has its own timer in place of a round over all. */
export function cloudNodeController(cloud: Cloud): ControllerDefinition {
  return defineController({
    name: 'cloud-node-controller',
    noun: 'node',
    workers: 1,
    actsAsManager: true,
    setUp({ client, informers, events, process }, queue) {
      const nodes = informers.of(nodeKind)
      nodes.onChange({
        added: (node) => queue.add(node.metadata.name),
        updated: (node, old) => {
          if (isUninitialized(node) || (old.spec?.providerID ?? '') !== (node.spec?.providerID ?? '')) queue.add(node.metadata.name)
        },
      })
      return async (name) => {
        const node = nodes.get(undefined, name)
        if (!node) return undefined
        const instance = await instanceOf(cloud, node)
        if (!instance) {
          if (!isUninitialized(node)) return { againAfterMs: updatePeriodMs }
          throw new Error(`failed to get instance metadata for node ${name}: instance not found`)
        }
        const addresses = addressesOf(instance)
        if (!semanticEqual(node.status?.addresses ?? [], addresses)) await client.patch(nodeKind, name, undefined, 'merge', { status: { addresses } }, { subresource: 'status' })
        const patch = initialized(node, instance)
        if (patch) {
          await client.patch(nodeKind, name, undefined, 'merge', patch).catch((error: unknown) => {
            if (!isNotFound(error)) throw error
          })
          if (isUninitialized(node)) {
            process.journal.info(`Successfully initialized node ${name} with cloud provider`)
            events.event(node, 'Normal', 'Synced', 'Node synced successfully')
          }
        }
        return { againAfterMs: updatePeriodMs }
      }
    },
  })
}

/** The instance behind a node: by its providerID, by its name before it has one. */
export function instanceOf(cloud: Cloud, node: Node): Promise<Instance | undefined> {
  const providerId = node.spec?.providerID
  if (!providerId) return cloud.instance(node.metadata.name)
  const id = instanceIdOf(providerId)
  return id === undefined ? Promise.reject(new Error(`providerID ${JSON.stringify(providerId)} didn't match expected format "orrery://zone/InstanceID"`)) : cloud.instance(id)
}

export function isUninitialized(node: Node): boolean {
  return node.spec?.taints?.some(({ key }) => key === uninitializedTaint) ?? false
}

/** The same as the kubelet says by itself: what both write must not differ, or they would write in turn for ever. */
export function addressesOf({ name, address }: Instance): NodeAddress[] {
  return [
    { type: 'InternalIP', address },
    { type: 'Hostname', address: name },
  ]
}

/** What has to change about a node for it to say what its instance is; undefined when nothing has. Labels that others set stay. Pure.
 *  The resource version goes with taints: they are replaced as a list, and others add to it. */
export function initialized(node: Node, instance: Instance): object | undefined {
  const wanted: Readonly<Record<string, string>> = {
    'beta.kubernetes.io/instance-type': instance.type,
    'node.kubernetes.io/instance-type': instance.type,
    'failure-domain.beta.kubernetes.io/zone': instance.zone,
    'topology.kubernetes.io/zone': instance.zone,
    'failure-domain.beta.kubernetes.io/region': instance.region,
    'topology.kubernetes.io/region': instance.region,
  }
  const labels = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => node.metadata.labels?.[key] !== value))
  const fresh = isUninitialized(node)
  const needsId = !node.spec?.providerID
  if (!fresh && !needsId && Object.keys(labels).length === 0) return undefined
  const taints = node.spec?.taints?.filter(({ key }) => key !== uninitializedTaint)
  return {
    metadata: { labels, ...(fresh ? { resourceVersion: node.metadata.resourceVersion } : {}) },
    spec: { ...(needsId ? { providerID: instance.providerId } : {}), ...(fresh ? { taints: taints?.length ? taints : null } : {}) },
  }
}
