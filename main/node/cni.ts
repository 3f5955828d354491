import type { NetworkStack } from '../kernel/network.ts'

/** The container network interface: the contract between runtime and network plug-in. */
export interface PodNetworkRequest {
  readonly sandboxId: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Host ports of the pod, which the plug-in forwards to it; absent: none. `hostIp` empty: every address of the node. */
  readonly portMappings?: readonly { readonly protocol: string; readonly containerPort: number; readonly hostPort: number; readonly hostIp: string }[]
}

export interface PodNetwork {
  readonly stack: NetworkStack
  readonly ips: readonly string[]
}

export interface ContainerNetwork {
  /** False until the node has a pod CIDR: the node is then NetworkUnavailable / NetworkPluginNotReady. */
  readonly ready: boolean
  /** Why it is not ready, in the words of the runtime. */
  readonly message: string
  add(request: PodNetworkRequest): Promise<PodNetwork>
  /** Idempotent. */
  remove(sandboxId: string): Promise<void>
}
