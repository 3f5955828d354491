import { formatTime } from '../../api/machinery/time.ts'
import type { ContainerUsage } from '../cri.ts'
import { systemCpuMillis, systemMemoryBytes } from '../machine-usage.ts'
import { kubernetesVersion } from './node-object.ts'
import { observe } from './eviction-thresholds.ts'
import { actualResources } from './pod-resize.ts'
import type { KubeletServerParts } from './server-request.ts'

/** The kubelet's own metrics, the part that dashboards ask for. */
export function metricsText({ tools, registry }: KubeletServerParts): string {
  let running = 0
  const containers: Record<string, number> = { created: 0, running: 0, exited: 0, unknown: 0 }
  for (const worker of registry.workers()) {
    const runtime = tools.cache.known(worker.uid)
    if (runtime.sandboxes[0]?.state === 'ready') running++
    for (const container of runtime.containers) containers[container.state]!++
  }
  return lines(
    metric('kubelet_node_name', 'gauge', "[ALPHA] The node's name. The count is always 1.", [[`{node="${tools.nodeName}"}`, 1]]),
    metric('kubelet_running_pods', 'gauge', '[ALPHA] Number of pods that have a running pod sandbox', [['', running]]),
    metric('kubelet_running_containers', 'gauge', '[ALPHA] Number of containers currently running', Object.entries(containers).map(([state, count]) => [`{container_state="${state}"}`, count])),
    metric('kubelet_desired_pods', 'gauge', '[ALPHA] The number of pods the kubelet is being instructed to run.', [['', registry.size]]),
    metric('kubernetes_build_info', 'gauge', '[ALPHA] A metric with a constant 1 value', [[`{git_version="${kubernetesVersion}",platform="linux/amd64"}`, 1]]),
  )
}

/** How often each probe found what (/metrics/probes). */
export function probeMetricsText({ tools }: KubeletServerParts): string {
  const samples = tools.prober.counts().flatMap(({ namespace, pod, podUid, container, type, ...counts }) =>
    (['successful', 'failed', 'unknown'] as const)
      .filter((result) => counts[result] > 0)
      .map((result): Sample => [`{container="${container}",namespace="${namespace}",pod="${pod}",pod_uid="${podUid}",probe_type="${type[0]!.toUpperCase()}${type.slice(1)}",result="${result}"}`, counts[result]]),
  )
  return lines(metric('prober_probe_total', 'counter', '[BETA] Cumulative number of a liveness, readiness or startup probe for a container by result.', samples))
}

/** CPU and memory of node, pods and containers (/metrics/resource). */
export async function resourceMetricsText({ tools, registry }: KubeletServerParts): Promise<string> {
  const usage = new Map((await tools.runtime.usage()).map((each) => [each.id, each]))
  const time = Math.round(tools.process.clock.now())
  const cpu: Sample[] = []
  const memory: Sample[] = []
  const started: Sample[] = []
  const podCpu: Sample[] = []
  const podMemory: Sample[] = []
  for (const worker of registry.workers()) {
    const { name, namespace } = worker.pod.metadata
    const inPod: ContainerUsage[] = []
    for (const container of tools.cache.known(worker.uid).containers) {
      const used = usage.get(container.id)
      if (!used) continue
      inPod.push(used)
      const labels = `{container="${container.config.name}",namespace="${namespace}",pod="${name}"}`
      cpu.push([labels, used.cpuNanoSeconds / 1e9, time])
      memory.push([labels, used.memoryWorkingSetBytes, time])
      started.push([labels, container.startedAt / 1000, time])
    }
    if (inPod.length === 0) continue
    const labels = `{namespace="${namespace}",pod="${name}"}`
    podCpu.push([labels, sum(inPod, (each) => each.cpuNanoSeconds) / 1e9, time])
    podMemory.push([labels, sum(inPod, (each) => each.memoryWorkingSetBytes), time])
  }
  const node = nodeUsage([...usage.values()], time - tools.process.startedAt)
  return lines(
    metric('container_cpu_usage_seconds_total', 'counter', '[STABLE] Cumulative cpu time consumed by the container in core-seconds', cpu),
    metric('container_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the container in bytes', memory),
    metric('container_start_time_seconds', 'gauge', '[STABLE] Start time of the container since unix epoch in seconds', started),
    metric('node_cpu_usage_seconds_total', 'counter', '[STABLE] Cumulative cpu time consumed by the node in core-seconds', [['', node.cpuNanoSeconds / 1e9, time]]),
    metric('node_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the node in bytes', [['', node.memoryWorkingSetBytes, time]]),
    metric('pod_cpu_usage_seconds_total', 'counter', '[STABLE] Cumulative cpu time consumed by the pod in core-seconds', podCpu),
    metric('pod_memory_working_set_bytes', 'gauge', '[STABLE] Current working set of the pod in bytes', podMemory),
    metric('resource_scrape_error', 'gauge', '[STABLE] 1 if there was an error while getting container metrics, 0 otherwise', [['', 0]]),
  )
}

/** The same of containers in cAdvisor's names (/metrics/cadvisor), as far as it is known here: no network. */
export async function cadvisorMetricsText({ tools, registry }: KubeletServerParts): Promise<string> {
  const usage = new Map((await tools.runtime.usage()).map((each) => [each.id, each]))
  const time = Math.round(tools.process.clock.now())
  const cpu: Sample[] = []
  const memory: Sample[] = []
  const started: Sample[] = []
  const seen: Sample[] = []
  const files: Sample[] = []
  const processes: Sample[] = []
  const limits: Sample[] = []
  const footprint = new Map(tools.runtime.footprint().containers.map((each) => [each.id, each]))
  for (const worker of registry.workers()) {
    const { name, namespace } = worker.pod.metadata
    for (const container of tools.cache.known(worker.uid).containers) {
      const used = usage.get(container.id)
      if (!used) continue
      const labels = (more = ''): string => `{container="${container.config.name}",${more}id="/kubepods/pod${worker.uid}/${container.id}",image="${container.config.image}",name="${container.id}",namespace="${namespace}",pod="${name}"}`
      cpu.push([labels('cpu="total",'), used.cpuNanoSeconds / 1e9, time])
      memory.push([labels(), used.memoryWorkingSetBytes, time])
      started.push([labels(), Math.floor(container.startedAt / 1000), time])
      seen.push([labels(), Math.floor(time / 1000), time])
      limits.push([labels(), actualResources(container).memoryLimitBytes, time])
      const held = footprint.get(container.id)
      if (!held) continue
      files.push([labels('device="/dev/vda1",'), held.writtenBytes, time])
      processes.push([labels(), held.processes, time])
    }
  }
  return lines(
    metric('container_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed in seconds.', cpu),
    metric('container_fs_usage_bytes', 'gauge', 'Number of bytes that are consumed by the container on this filesystem.', files),
    metric('container_last_seen', 'gauge', 'Last time a container was seen by the exporter', seen),
    metric('container_memory_usage_bytes', 'gauge', 'Current memory usage in bytes, including all memory regardless of when it was accessed', memory),
    metric('container_memory_working_set_bytes', 'gauge', 'Current working set in bytes.', memory),
    metric('container_processes', 'gauge', 'Number of processes running inside the container.', processes),
    metric('container_spec_memory_limit_bytes', 'gauge', 'Memory limit for the container.', limits),
    metric('container_start_time_seconds', 'gauge', 'Start time of the container since unix epoch in seconds.', started),
    metric('machine_cpu_cores', 'gauge', 'Number of logical CPU cores.', [['', tools.capacity.cpuMillis / 1000, time]]),
    metric('machine_memory_bytes', 'gauge', 'Amount of memory installed on the machine.', [['', tools.capacity.memoryBytes, time]]),
  )
}

/** All of a node's usage, of containers and of the system that has run for `ageMs`. */
function nodeUsage(containers: readonly ContainerUsage[], ageMs: number): Omit<ContainerUsage, 'id'> {
  return {
    cpuNanoCores: sum(containers, (each) => each.cpuNanoCores) + systemCpuMillis * 1e6,
    cpuNanoSeconds: sum(containers, (each) => each.cpuNanoSeconds) + ageMs * systemCpuMillis * 1000,
    memoryWorkingSetBytes: sum(containers, (each) => each.memoryWorkingSetBytes) + systemMemoryBytes,
  }
}

/** /stats/summary: what metrics-server and `kubectl top` stand on. */
export async function statsSummary({ tools, registry }: KubeletServerParts): Promise<object> {
  const usage = new Map((await tools.runtime.usage()).map((each) => [each.id, each]))
  const time = formatTime(tools.process.clock.now())
  const of = (parts: readonly Omit<ContainerUsage, 'id'>[]): object => ({
    cpu: { time, usageNanoCores: Math.round(sum(parts, (each) => each.cpuNanoCores)), usageCoreNanoSeconds: Math.round(sum(parts, (each) => each.cpuNanoSeconds)) },
    memory: { time, workingSetBytes: Math.round(sum(parts, (each) => each.memoryWorkingSetBytes)) },
  })
  const footprint = tools.runtime.footprint()
  const left = observe(footprint, tools.capacity)
  const held = new Map(footprint.containers.map((each) => [each.id, each]))
  const disk = { time, availableBytes: left['nodefs.available'].available, capacityBytes: left['nodefs.available'].capacity }
  const pods = [...registry.workers()].map((worker) => {
    const volumes = footprint.volumes.get(worker.uid)
    const containers = tools.cache.known(worker.uid).containers.filter((container) => container.state === 'running' && usage.has(container.id))
    const used = containers.map((container) => usage.get(container.id)!)
    const storage = containers.reduce((total, { id }) => total + (held.get(id)?.writtenBytes ?? 0) + (held.get(id)?.logBytes ?? 0), 0) + sum([...(volumes?.values() ?? [])], (bytes) => bytes)
    return {
      podRef: { name: worker.pod.metadata.name, namespace: worker.pod.metadata.namespace, uid: worker.uid },
      startTime: tools.status.get(worker.uid)?.startTime,
      containers: containers.map((container) => ({ name: container.config.name, startTime: formatTime(container.startedAt), ...of([usage.get(container.id)!]), rootfs: { ...disk, usedBytes: held.get(container.id)?.writtenBytes ?? 0 }, logs: { ...disk, usedBytes: held.get(container.id)?.logBytes ?? 0 } })),
      ...of(used),
      ...(volumes && volumes.size > 0 ? { volume: [...volumes].map(([name, usedBytes]) => ({ ...disk, usedBytes, name })) } : {}),
      'ephemeral-storage': { ...disk, usedBytes: storage },
      process_stats: { process_count: containers.reduce((total, { id }) => total + (held.get(id)?.processes ?? 0), 0) },
    }
  })
  return {
    node: {
      nodeName: tools.nodeName, startTime: formatTime(tools.process.startedAt), ...of([nodeUsage([...usage.values()], tools.process.clock.now() - tools.process.startedAt)]),
      fs: { ...disk, usedBytes: disk.capacityBytes - disk.availableBytes },
      runtime: { imageFs: { ...disk, usedBytes: footprint.imageBytes } },
      rlimit: { time, maxpid: left['pid.available'].capacity, curproc: left['pid.available'].capacity - left['pid.available'].available },
    },
    pods,
  }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}

/** With the time of the reading, ms since the epoch, where there is one. */
type Sample = readonly [labels: string, value: number, time?: number]

function metric(name: string, type: string, help: string, samples: readonly Sample[]): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map(([labels, value, time]) => `${name}${labels} ${value}${time === undefined ? '' : ` ${time}`}`)]
}

function lines(...metrics: readonly string[][]): string {
  return `${metrics.flat().join('\n')}\n`
}
