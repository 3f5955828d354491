import type { NetworkStack } from '../../kernel/network.ts'
import type { PodSandboxConfig, PodSandboxStatus, SandboxState } from '../cri.ts'

/** One pod sandbox: a network namespace, held open by a pause process that is nothing but this object. */
export class Sandbox {
  readonly id: string
  readonly config: PodSandboxConfig
  readonly createdAt: number
  state: SandboxState = 'notready'
  stack: NetworkStack | undefined
  ips: readonly string[] = []

  constructor(id: string, config: PodSandboxConfig, createdAt: number) {
    this.id = id
    this.config = config
    this.createdAt = createdAt
  }

  status(): PodSandboxStatus {
    return { id: this.id, config: this.config, state: this.state, createdAt: this.createdAt, ips: this.ips }
  }
}
