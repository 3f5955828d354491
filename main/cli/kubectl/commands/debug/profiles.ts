import type { Container, Pod, PodSpec } from '../../../../api/generated/types.ts'
import { CliError } from '../../cli-error.ts'

/** Where the debugging container runs: beside the others of a pod, in a copy of one, or on a node. */
export type DebugStyle = 'ephemeral' | 'copy' | 'node'

export const profileNames = ['general', 'baseline', 'restricted', 'netadmin', 'sysadmin', 'legacy'] as const
export type ProfileName = (typeof profileNames)[number]

export interface KeepOptions {
  readonly labels: boolean
  readonly annotations: boolean
  readonly liveness: boolean
  readonly readiness: boolean
  readonly startup: boolean
  readonly initContainers: boolean
}

export function profileNamed(name: string): ProfileName {
  if (!(profileNames as readonly string[]).includes(name)) throw new CliError(`unknown profile: ${name}`)
  return name as ProfileName
}

interface Security {
  readonly privileged?: boolean
  readonly runAsNonRoot?: boolean
  readonly allowPrivilegeEscalation?: boolean
  readonly seccompProfile?: { readonly type: string }
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
}

/** What a profile lets the debugging container do. */
function securityOf(profile: ProfileName, style: DebugStyle, before: Security | undefined): Security | undefined {
  const adding = (...names: string[]): Security => ({ ...before, capabilities: { ...before?.capabilities, add: [...new Set([...(before?.capabilities?.add ?? []), ...names])] } })
  switch (profile) {
    case 'legacy':
      return before
    case 'baseline':
      return undefined
    case 'general':
      return style === 'node' ? undefined : adding('SYS_PTRACE')
    case 'restricted':
      return { runAsNonRoot: true, capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false, seccompProfile: { type: 'RuntimeDefault' } }
    case 'netadmin':
      return adding('NET_ADMIN', 'NET_RAW')
    case 'sysadmin':
      return { ...before, privileged: true }
  }
}

/** The container as the profile has it. */
export function profiledContainer(container: Container, profile: ProfileName, style: DebugStyle): Container {
  const { securityContext: before, ...rest } = container
  const securityContext = securityOf(profile, style, before as Security | undefined)
  return { ...rest, ...(securityContext ? { securityContext } : {}) } as Container
}

/** A copy of a pod as the profile has it: without labels and probes unless they are kept, its processes shared. */
export function profiledCopy(copy: Pod, profile: ProfileName, keep: KeepOptions): Pod {
  const spec = copy.spec as PodSpec
  if (profile === 'legacy') {
    const { labels: _labels, annotations: _annotations, ...metadata } = copy.metadata
    return { ...copy, metadata, spec: { ...spec, containers: spec.containers.map((one) => withoutProbes(one, { ...keep, liveness: false, readiness: false, startup: false })), shareProcessNamespace: spec.shareProcessNamespace ?? true } as PodSpec }
  }
  const { labels, annotations, ...metadata } = copy.metadata
  const { initContainers, ...others } = spec
  return {
    ...copy,
    metadata: { ...metadata, ...(keep.labels && labels ? { labels } : {}), ...(keep.annotations && annotations ? { annotations } : {}) },
    spec: {
      ...others,
      ...(keep.initContainers && initContainers ? { initContainers: initContainers.map((one) => withoutProbes(one, keep)) } : {}),
      containers: spec.containers.map((one) => withoutProbes(one, keep)),
      shareProcessNamespace: spec.shareProcessNamespace ?? true,
    } as PodSpec,
  }
}

function withoutProbes(container: Container, keep: KeepOptions): Container {
  const { livenessProbe, readinessProbe, startupProbe, ...rest } = container
  return {
    ...rest,
    ...(keep.liveness && livenessProbe ? { livenessProbe } : {}),
    ...(keep.readiness && readinessProbe ? { readinessProbe } : {}),
    ...(keep.startup && startupProbe ? { startupProbe } : {}),
  } as Container
}

/** A pod on a node as the profile has it: the node's namespaces, and its root folder at /host. */
export function profiledNodeSpec(spec: PodSpec, profile: ProfileName): PodSpec {
  const [container] = spec.containers as [Container]
  const hosts = { hostNetwork: true, hostPID: true, ...(profile === 'netadmin' ? {} : { hostIPC: true }) }
  if (profile === 'baseline' || profile === 'restricted') return spec
  if (profile === 'netadmin') return { ...spec, ...hosts, hostIPC: true } as PodSpec
  const mounted = { ...container, volumeMounts: [...(container.volumeMounts ?? []), { mountPath: '/host', name: 'host-root' }] } as Container
  return { ...spec, ...hosts, containers: [mounted], volumes: [{ name: 'host-root', hostPath: { path: '/' } }] } as PodSpec
}
