import type { Service } from '../../generated/types.ts'
import type { QuotaEvaluator } from './evaluator.ts'

const resources: ReadonlySet<string> = new Set(['count/services', 'services', 'services.nodeports', 'services.loadbalancers'])

/** Services: how many there are, their node ports, their load balancers. A Service may become another type. */
export const serviceEvaluator: QuotaEvaluator = {
  handles: (operation, subresource) => (operation === 'CREATE' || operation === 'UPDATE') && subresource === '',
  matching: (names) => names.filter((name) => resources.has(name)),
  inScope: () => false,
  usage(object) {
    const { spec } = object as Service
    const ports = spec?.ports ?? []
    const isBalanced = spec?.type === 'LoadBalancer'
    const nodePorts = spec?.type === 'NodePort' ? ports.length : !isBalanced ? 0 : spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length
    return { 'count/services': '1', services: '1', 'services.nodeports': String(nodePorts), 'services.loadbalancers': isBalanced ? '1' : '0' }
  },
}
