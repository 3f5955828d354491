/** What the simulated cloud's API speaks of: machines for rent, routes between them, and load balancers before them. Plain JSON, as
 *  it travels between provider and clients. Names of providers' things, not of Kubernetes'. */

export type InstanceState = 'pending' | 'running' | 'stopped'

export interface Instance {
  /** `i-0f3c…` */
  readonly id: string
  /** The machine's, and so the node's. */
  readonly name: string
  /** `orrery://<zone>/<id>`: what Node.spec.providerID says. */
  readonly providerId: string
  readonly type: string
  readonly region: string
  readonly zone: string
  readonly address: string
  readonly state: InstanceState
  /** The group that it belongs to; '' = none. */
  readonly group: string
  /** Virtual ms since the epoch. */
  readonly launchedAt: number
}

export interface Route {
  readonly name: string
  /** Name of the instance that packets for the range go to. */
  readonly target: string
  readonly destination: string
}

export interface LoadBalancerPort {
  readonly protocol: 'TCP' | 'UDP'
  readonly port: number
  /** Of every target. */
  readonly nodePort: number
}

/** What a client asks a load balancer to be. */
export interface LoadBalancerRequest {
  /** `namespace/name` of the Service, for people. */
  readonly description: string
  readonly ports: readonly LoadBalancerPort[]
  /** Names of instances. */
  readonly targets: readonly string[]
  /** Asked over HTTP of every target; 200 = traffic may come. */
  readonly healthCheck: { readonly port: number; readonly path: string }
  /** CIDRs that may use it; empty = everybody. */
  readonly sourceRanges: readonly string[]
  /** The address that it had or should get; '' = any. */
  readonly address: string
}

export interface LoadBalancer extends Omit<LoadBalancerRequest, 'address'> {
  readonly name: string
  readonly address: string
  /** Targets that passed their last health checks. */
  readonly healthyTargets: readonly string[]
}

/** Equal instances that may be made and given back. */
export interface NodeGroup {
  readonly name: string
  readonly min: number
  readonly max: number
  /** How many there should be. */
  readonly target: number
  readonly type: string
  readonly template: InstanceTemplate
}

export interface InstanceTemplate {
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly storageBytes: number
  readonly podsMax: number
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly { readonly key: string; readonly value: string; readonly effect: string }[]
}

/** Operations that latency and errors can be set for. */
export const cloudOperations = ['DescribeInstances', 'TerminateInstance', 'StopInstance', 'StartInstance', 'DescribeRoutes', 'PutRoute', 'DeleteRoute', 'DescribeLoadBalancers', 'PutLoadBalancer', 'DeleteLoadBalancer', 'DescribeNodeGroups', 'ResizeNodeGroup'] as const
export type CloudOperation = (typeof cloudOperations)[number]

/** How badly the provider behaves on purpose. */
export interface CloudTrouble {
  /** Added to every answer. */
  readonly latencyMs: number
  /** Of the requests that fail: 0 … 1. */
  readonly errorRate: number
  /** Which operations; empty = all. */
  readonly operations: readonly CloudOperation[]
}

export const noTrouble: CloudTrouble = { latencyMs: 0, errorRate: 0, operations: [] }

export const cloudProviderName = 'orrery'

/** The provider's answer when it would not do what was asked. */
export class CloudError extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(`${code}: ${message}`)
    this.status = status
    this.code = code
  }
}

/** The instance that a providerID names; undefined when it is none of this cloud's. */
export function instanceIdOf(providerId: string): string | undefined {
  return /^orrery:\/\/[^/]*\/([^/]+)$/.exec(providerId)?.[1]
}
