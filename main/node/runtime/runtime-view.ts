import type { CallRing } from './call-record.ts'
import type { RuntimeIdentity } from './socket.ts'
import type { RuntimeState } from './state.ts'

const sandboxesMax = 500
const containersMax = 1000
const processesMax = 20

/** What a window shows of a runtime: plain and bounded. */
export function runtimeView(identity: RuntimeIdentity, state: RuntimeState, calls: CallRing, time: number): unknown {
  return {
    identity: identity.uri,
    ...calls.snapshot(),
    sandboxes: [...state.sandboxes.values()].slice(0, sandboxesMax).map((sandbox) => ({
      id: sandbox.id,
      pod: `${sandbox.config.namespace}/${sandbox.config.name}`,
      state: sandbox.state,
      ips: sandbox.ips,
      ageMs: time - sandbox.createdAt,
    })),
    containers: [...state.containers.values()].slice(0, containersMax).map((container) => ({
      id: container.id,
      sandboxId: container.sandboxId,
      name: container.config.name,
      attempt: container.config.attempt,
      image: container.config.image,
      state: container.state,
      exitCode: container.exitCode,
      reason: container.reason,
      cpuMs: container.processes?.cpuMs ?? container.endedCpuMs,
      memoryBytes: container.processes?.memoryBytes ?? 0,
      processes: container.processes?.entries().slice(0, processesMax) ?? [],
    })),
    images: state.images.list(),
  }
}
