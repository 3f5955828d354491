import type { ContainerStatus, PodSandboxStatus } from '../cri.ts'

/** How crictl and Docker's units write things. */

/** A table as crictl prints it: columns at least 20 wide, three spaces between, nothing behind the last. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(20, ...rows.map((row) => (row[column] ?? '').length + 3)))
  return rows.map((row) => `${row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('')}\n`).join('')
}

/** `2 minutes ago`. */
export function ago(ms: number): string {
  return `${humanDuration(ms)} ago`
}

function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  const hours = Math.floor(seconds / 3_600 + 0.5)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`
  return `${Math.floor(hours / 24 / 30)} months`
}

/** `62.9MB`: decimal units, three digits. */
export function decimalSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit++
  }
  return `${Number(value.toPrecision(3))}${units[unit]}`
}

/** Thirteen characters of an id, without `sha256:`. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 13)
}

export function stamp(time: number): string {
  return time === 0 ? '0001-01-01T00:00:00Z' : new Date(time).toISOString().replace('Z', '000000Z')
}

const containerStates = { created: 'CONTAINER_CREATED', running: 'CONTAINER_RUNNING', exited: 'CONTAINER_EXITED', unknown: 'CONTAINER_UNKNOWN' } as const

export function containerState(status: ContainerStatus): string {
  return containerStates[status.state]
}

/** One container in the shape of the CRI's ListContainers. */
export function listedContainer(status: ContainerStatus): object {
  const { id, sandboxId, config, imageRef, createdAt } = status
  return {
    annotations: config.annotations,
    createdAt: String(Math.round(createdAt * 1e6)),
    id,
    image: { annotations: {}, image: config.imageId || config.image, runtimeHandler: '', userSpecifiedImage: config.image },
    imageId: config.imageId || imageRef,
    imageRef: config.imageId || imageRef,
    labels: config.labels,
    metadata: { attempt: config.attempt, name: config.name },
    podSandboxId: sandboxId,
    state: containerState(status),
  }
}

/** `crictl inspect`. `pid` is the machine's. */
export function inspectedContainer(status: ContainerStatus, pid: number): object {
  const { id, sandboxId, config, imageRef } = status
  return {
    info: { sandboxID: sandboxId, pid, removing: false, snapshotKey: id, snapshotter: 'overlayfs', runtimeType: 'io.containerd.runc.v2', config: { metadata: { name: config.name, attempt: config.attempt }, image: { image: config.imageId }, command: config.command, args: config.args, envs: config.env.map(({ name, value }) => ({ key: name, value })), log_path: config.logPath } },
    status: {
      annotations: config.annotations,
      createdAt: stamp(status.createdAt),
      exitCode: status.exitCode,
      finishedAt: stamp(status.finishedAt),
      id,
      image: { annotations: {}, image: config.image, runtimeHandler: '', userSpecifiedImage: '' },
      imageId: config.imageId,
      imageRef,
      labels: config.labels,
      logPath: config.logPath,
      message: status.message,
      metadata: { attempt: config.attempt, name: config.name },
      mounts: config.mounts.map((mount) => ({ containerPath: mount.containerPath, gidMappings: [], hostPath: mount.source.type === 'host' ? mount.source.path : `/var/lib/kubelet/pods/${config.labels['io.kubernetes.pod.uid'] ?? ''}/volumes${mount.containerPath}`, propagation: 'PROPAGATION_PRIVATE', readonly: mount.readOnly, selinuxRelabel: false, uidMappings: [] })),
      reason: status.reason,
      resources: { linux: { cpuPeriod: '100000', cpuQuota: String(config.resources.cpuLimitMillis * 100), cpuShares: String(Math.max(2, Math.round((config.resources.cpuRequestMillis * 1_024) / 1_000))), memoryLimitInBytes: String(config.resources.memoryLimitBytes), oomScoreAdj: String(config.oomScoreAdj) } },
      startedAt: stamp(status.startedAt),
      state: containerState(status),
    },
  }
}

/** One sandbox in the shape of the CRI's ListPodSandbox. */
export function listedSandbox(status: PodSandboxStatus): object {
  const { config } = status
  return {
    annotations: config.annotations,
    createdAt: String(Math.round(status.createdAt * 1e6)),
    id: status.id,
    labels: config.labels,
    metadata: { attempt: config.attempt, name: config.name, namespace: config.namespace, uid: config.uid },
    runtimeHandler: config.runtimeHandler,
    state: sandboxState(status),
  }
}

export function sandboxState(status: PodSandboxStatus): string {
  return status.state === 'ready' ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY'
}

/** `crictl inspectp`. */
export function inspectedSandbox(status: PodSandboxStatus): object {
  const { config } = status
  return {
    info: { runtimeType: 'io.containerd.runc.v2', config: { hostname: config.hostname, log_directory: config.logDirectory, dns_config: config.dns ?? {}, port_mappings: config.portMappings } },
    status: {
      annotations: config.annotations,
      createdAt: stamp(status.createdAt),
      id: status.id,
      labels: config.labels,
      linux: { namespaces: { options: { ipc: 'POD', network: config.hostNetwork ? 'NODE' : 'POD', pid: 'CONTAINER', targetId: '', usernsOptions: null } } },
      metadata: { attempt: config.attempt, name: config.name, namespace: config.namespace, uid: config.uid },
      network: { additionalIps: status.ips.slice(1).map((ip) => ({ ip })), ip: config.hostNetwork ? '' : (status.ips[0] ?? '') },
      runtimeHandler: config.runtimeHandler,
      state: sandboxState(status),
    },
  }
}
