import type { Clock } from '../../kernel/clock.ts'
import type { Journal } from '../../kernel/journal.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { NetworkStack } from '../../kernel/network.ts'
import type { Random } from '../../kernel/random.ts'
import type { Scope } from '../../kernel/scope.ts'

/** What kube-proxy and the cluster DNS stand on: a Process is one, and so is a process in a container (see `hosted`). */
export interface DaemonHost {
  readonly name: string
  readonly kernel: Kernel
  readonly stack: NetworkStack
  readonly clock: Clock
  readonly random: Random
  readonly journal: Journal
  readonly scope: Scope
}

/** A process in a simulated container, as far as these programs need it; the runtime's ProcessContext fits. */
export interface ContainerProcess {
  readonly argv: readonly string[]
  readonly env: ReadonlyMap<string, string>
  readonly hostname: string
  readonly stack: NetworkStack
  readonly clock: Clock
  readonly random: Random
  readonly scope: Scope
  readonly files: { readText(path: string): string }
  readonly stdout: { write(data: string): Promise<void> }
  untilSignal(...signals: readonly ('TERM' | 'INT')[]): Promise<unknown>
}
