import type { HealthMark } from '../../main/api/kinds/kind.ts'

/** What a kubelet shows under `pods`. */
export interface KubeletPod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** Of the pod's worker: sync, terminating, terminated. */
  readonly state: string
  readonly static: boolean
  readonly phase: string
  readonly podIP: string
  readonly containers: readonly KubeletContainer[]
}

export interface KubeletContainer {
  readonly name: string
  readonly ready: boolean
  readonly restartCount: number
  readonly state?: { readonly waiting?: { readonly reason?: string }; readonly running?: object; readonly terminated?: { readonly reason?: string } }
}

/** Under `workers`. */
export interface KubeletWorker {
  readonly uid: string
  readonly syncs: number
  readonly lastError?: string
}

/** Under `probes`. */
export interface KubeletProbe {
  readonly pod: string
  readonly container: string
  readonly type: string
  readonly result: string
  readonly lastOutput: string
}

/** What a container runtime shows under `cri`. */
export interface CriView {
  readonly identity: string
  readonly total: number
  readonly failed: number
  /** Oldest first. */
  readonly calls: readonly CriCall[]
  readonly sandboxes: readonly { readonly id: string; readonly pod: string; readonly state: string; readonly ips: readonly string[]; readonly ageMs: number }[]
  readonly containers: readonly CriContainer[]
  readonly images: readonly CriImage[]
}

export interface CriCall {
  readonly time: number
  readonly method: string
  readonly about: string
  readonly durationMs: number
  readonly error?: string
}

export interface CriContainer {
  readonly id: string
  readonly sandboxId: string
  readonly name: string
  readonly attempt: number
  readonly image: string
  readonly state: string
  readonly exitCode: number
  readonly reason: string
  readonly cpuMs: number
  readonly memoryBytes: number
}

export interface CriImage {
  readonly id: string
  readonly repoTags: readonly string[]
  readonly sizeBytes: number
}

export function podMark(pod: KubeletPod): HealthMark {
  if (pod.state !== 'sync') return pod.state === 'terminated' ? 'completed' : 'terminating'
  if (pod.phase === 'Succeeded') return 'completed'
  if (pod.phase === 'Failed') return 'failed'
  if (pod.containers.some((container) => /BackOff|Err|Error/.test(container.state?.waiting?.reason ?? ''))) return 'failed'
  return pod.phase === 'Running' && pod.containers.every((container) => container.ready) ? 'running' : 'pending'
}

/** `nginx ready`, `main CrashLoopBackOff ×5`. */
export function stateText(container: KubeletContainer): string {
  const { waiting, running, terminated } = container.state ?? {}
  const state = waiting?.reason ?? terminated?.reason ?? (running ? (container.ready ? 'ready' : 'not ready') : 'new')
  return `${container.name} ${state}${container.restartCount > 0 ? ` ×${container.restartCount}` : ''}`
}

/** What kube-proxy shows under `rules`. */
export interface ProxyView {
  readonly mode: string
  readonly syncs: number
  readonly syncedAt?: number
  readonly services: readonly ProxyRules[]
  readonly iptables: string
}

export interface ProxyRules {
  /** `namespace/service:port`. */
  readonly name: string
  readonly protocol: string
  readonly clusterIPs: readonly string[]
  readonly port: number
  /** 0 = none. */
  readonly nodePort: number
  readonly endpoints: readonly { readonly address: string; readonly port: number; readonly local: boolean }[]
}
