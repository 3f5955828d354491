import type { Node } from '../../generated/types.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defineKind } from '../kind.ts'
import { keepAllButStatus, keepStatus } from '../spec-and-status.ts'
import { nodeColumns } from './node-columns.ts'
import { nodeHealth } from './node-health.ts'
import { validateNode, validateNodeUpdate } from './node-validation.ts'
import { canonicalizeResources } from './resource-defaults.ts'

const noNodeInfo = { architecture: '', bootID: '', containerRuntimeVersion: '', kernelVersion: '', kubeProxyVersion: '', kubeletVersion: '', machineID: '', operatingSystem: '', osImage: '', systemUUID: '' }

function defaultNode(node: Node): void {
  node.spec ??= {}
  node.status ??= {}
  const status = node.status
  status.daemonEndpoints ??= { kubeletEndpoint: { Port: 0 } }
  status.nodeInfo ??= { ...noNodeInfo }
  canonicalizeResources(status.capacity)
  canonicalizeResources(status.allocatable)
  if (!status.allocatable && status.capacity) status.allocatable = { ...status.capacity }
  if (node.spec.podCIDR && !node.spec.podCIDRs?.length) node.spec.podCIDRs = [node.spec.podCIDR]
}

export const nodeKind = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  schema: 'io.k8s.api.core.v1.Node',
  storagePrefix: 'minions',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    defaults: defaultNode,
    prepareForUpdate: keepStatus,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
  },
  subresources: [
    { type: 'status', prepareForUpdate: keepAllButStatus, validateUpdate: validateNodeUpdate },
    { type: 'named', name: 'proxy', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  ],
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false) },
  columns: nodeColumns,
  health: nodeHealth,
})
