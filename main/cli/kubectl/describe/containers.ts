import type { Container, ContainerState, ContainerStatus, EnvVar, Pod, Probe, ResourceRequirements } from '../../../api/generated/types.ts'
import { compareBytes, listText, quote } from '../../../api/machinery/go-text.ts'
import { bytesOf, canonicalQuantity, cpuMillis } from '../../../api/machinery/quantity.ts'
import { timeText, truthText, type Description } from './description.ts'

/** The value that a field reference has in a pod; undefined in templates. */
export type FieldValue = (fieldPath: string) => string

/** Containers under a title. `indent` is that of the title, for pod templates. */
export function describeContainers(out: Description, title: string, containers: readonly Container[], statuses: readonly ContainerStatus[], fieldValue: FieldValue | undefined, indent = ''): void {
  out.write(0, `${indent}${title}:${containers.length === 0 ? ' <none>' : ''}\n`)
  for (const container of containers) {
    const status = statuses.find((candidate) => candidate.name === container.name)
    describeBasics(out, container, status, indent)
    describeCommand(out, container)
    if (status) {
      describeState(out, 'State', status.state ?? {})
      if (status.lastState?.terminated) describeState(out, 'Last State', status.lastState)
      out.write(2, `Ready:\t${truthText(status.ready)}\n`)
      out.write(2, `Restart Count:\t${status.restartCount}\n`)
    }
    describeResources(out, container.resources, 2)
    if (container.livenessProbe) out.write(2, `Liveness:\t${probeText(container.livenessProbe)}\n`)
    if (container.readinessProbe) out.write(2, `Readiness:\t${probeText(container.readinessProbe)}\n`)
    if (container.startupProbe) out.write(2, `Startup:\t${probeText(container.startupProbe)}\n`)
    describeEnvironmentSources(out, container)
    describeEnvironment(out, container, fieldValue)
    describeMounts(out, container)
  }
}

function describeBasics(out: Description, container: Container, status: ContainerStatus | undefined, indent: string): void {
  out.write(1, `${indent === '' ? '' : ' '}${container.name}:\n`)
  if (status) out.write(2, `Container ID:\t${status.containerID ?? ''}\n`)
  out.write(2, `Image:\t${container.image ?? ''}\n`)
  if (status) out.write(2, `Image ID:\t${status.imageID ?? ''}\n`)
  for (const [title, port] of [['Port', 'containerPort'], ['Host Port', 'hostPort']] as const) {
    const text = (container.ports ?? []).map((each) => `${each[port] ?? 0}/${each.protocol ?? ''}${each.name ? ` (${each.name})` : ''}`).join(', ')
    out.write(2, text.includes(',') ? `${title}s:\t${text}\n` : `${title}:\t${text || '<none>'}\n`)
  }
  const profile = container.securityContext?.seccompProfile
  if (profile) {
    out.write(2, `SeccompProfile:\t${profile.type}\n`)
    if (profile.type === 'Localhost') out.write(3, `LocalhostProfile:\t${profile.localhostProfile ?? ''}\n`)
  }
}

function describeCommand(out: Description, { command, args }: Container): void {
  for (const [title, words] of [['Command', command], ['Args', args]] as const) {
    if (!words?.length) continue
    out.write(2, `${title}:\n`)
    for (const word of words) for (const line of word.split('\n')) out.write(3, `${line}\n`)
  }
}

function describeState(out: Description, title: string, { running, waiting, terminated }: ContainerState): void {
  if (running) {
    out.write(2, `${title}:\tRunning\n`)
    out.write(3, `Started:\t${timeText(running.startedAt)}\n`)
  } else if (terminated) {
    out.write(2, `${title}:\tTerminated\n`)
    if (terminated.reason) out.write(3, `Reason:\t${terminated.reason}\n`)
    if (terminated.message) out.write(3, `Message:\t${terminated.message}\n`)
    out.write(3, `Exit Code:\t${terminated.exitCode}\n`)
    if (terminated.signal) out.write(3, `Signal:\t${terminated.signal}\n`)
    out.write(3, `Started:\t${timeText(terminated.startedAt)}\n`)
    out.write(3, `Finished:\t${timeText(terminated.finishedAt)}\n`)
  } else {
    out.write(2, `${title}:\tWaiting\n`)
    if (waiting?.reason) out.write(3, `Reason:\t${waiting.reason}\n`)
  }
}

export function describeResources(out: Description, resources: ResourceRequirements | undefined, level: number): void {
  for (const [title, list] of [['Limits', resources?.limits], ['Requests', resources?.requests]] as const) {
    const names = Object.keys(list ?? {}).sort(compareBytes)
    if (names.length > 0) out.write(level, `${title}:\n`)
    for (const name of names) out.write(level + 1, `${name}:\t${canonicalQuantity(list![name]!)}\n`)
  }
}

function probeText(probe: Probe): string {
  const numbers = `delay=${probe.initialDelaySeconds ?? 0}s timeout=${probe.timeoutSeconds ?? 0}s period=${probe.periodSeconds ?? 0}s #success=${probe.successThreshold ?? 0} #failure=${probe.failureThreshold ?? 0}`
  if (probe.exec) return `exec ${listText(probe.exec.command ?? [])} ${numbers}`
  if (probe.httpGet) {
    const { scheme = '', host = '', port, path = '' } = probe.httpGet
    const address = `${scheme.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}`
    return `http-get ${address}${path === '' || path.startsWith('/') ? '' : '/'}${encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23')} ${numbers}`
  }
  if (probe.tcpSocket) return `tcp-socket ${probe.tcpSocket.host ?? ''}:${probe.tcpSocket.port} ${numbers}`
  if (probe.grpc) return `grpc <pod>:${probe.grpc.port} ${probe.grpc.service ?? ''} ${numbers}`
  return `unknown ${numbers}`
}

function describeEnvironmentSources(out: Description, { envFrom }: Container): void {
  if (!envFrom?.length) return
  out.write(2, 'Environment Variables from:\n')
  for (const { configMapRef, secretRef, prefix } of envFrom) {
    const from = configMapRef ? 'ConfigMap' : secretRef ? 'Secret' : ''
    const source = configMapRef ?? secretRef
    out.write(3, `${source?.name ?? ''}\t${from}${prefix ? ` with prefix '${prefix}'` : ''}\tOptional: ${source?.optional ?? false}\n`)
  }
}

function describeEnvironment(out: Description, container: Container, fieldValue: FieldValue | undefined): void {
  const variables = container.env ?? []
  out.write(2, `Environment:${variables.length === 0 ? '\t<none>' : ''}\n`)
  for (const variable of variables) describeVariable(out, container, variable, fieldValue)
}

function describeVariable(out: Description, container: Container, { name, value = '', valueFrom }: EnvVar, fieldValue: FieldValue | undefined): void {
  if (!valueFrom) {
    value.split('\n').forEach((line, index) => out.write(3, `${index === 0 ? `${name}:` : ''}\t${line}\n`))
  } else if (valueFrom.fieldRef) {
    const { apiVersion = '', fieldPath } = valueFrom.fieldRef
    out.write(3, `${name}:\t${fieldValue?.(fieldPath) ?? ''} (${apiVersion}:${fieldPath})\n`)
  } else if (valueFrom.resourceFieldRef) {
    const { resource } = valueFrom.resourceFieldRef
    let text = resourceValue(container, resource, valueFrom.resourceFieldRef.divisor)
    if (text === '0' && (resource === 'limits.cpu' || resource === 'limits.memory')) text = 'node allocatable'
    out.write(3, `${name}:\t${text} (${resource})\n`)
  } else if (valueFrom.secretKeyRef) {
    const { key, name: secret, optional } = valueFrom.secretKeyRef
    out.write(3, `${name}:\t<set to the key '${key}' in secret '${secret ?? ''}'>\tOptional: ${optional ?? false}\n`)
  } else if (valueFrom.configMapKeyRef) {
    const { key, name: configMap, optional } = valueFrom.configMapKeyRef
    out.write(3, `${name}:\t<set to the key '${key}' of config map '${configMap ?? ''}'>\tOptional: ${optional ?? false}\n`)
  }
}

/** The amount in divisors, rounded up; empty for resources that have no such value. */
function resourceValue({ resources }: Container, field: string, divisor: string | undefined): string {
  const [which, name] = [field.slice(0, field.indexOf('.')), field.slice(field.indexOf('.') + 1)]
  const list = which === 'limits' ? resources?.limits : which === 'requests' ? resources?.requests : undefined
  if (which !== 'limits' && which !== 'requests') return ''
  const unit = divisor && divisor !== '0' ? divisor : '1'
  if (name === 'cpu') return String(Math.ceil(cpuMillis(list?.[name]) / cpuMillis(unit)))
  if (name !== 'memory' && name !== 'ephemeral-storage' && !name.startsWith('hugepages-')) return ''
  return String(Math.ceil(bytesOf(list?.[name]) / bytesOf(unit)))
}

function describeMounts(out: Description, { volumeMounts = [], volumeDevices = [] }: Container): void {
  out.write(2, `Mounts:${volumeMounts.length === 0 ? '\t<none>' : ''}\n`)
  for (const mount of [...volumeMounts].sort((a, b) => compareBytes(a.mountPath, b.mountPath))) {
    out.write(3, `${mount.mountPath} from ${mount.name} (${mount.readOnly ? 'ro' : 'rw'}${mount.subPath ? `,path=${quote(mount.subPath)}` : ''})\n`)
  }
  if (volumeDevices.length === 0) return
  out.write(2, `Devices:${volumeMounts.length === 0 ? '\t<none>' : ''}\n`)
  for (const device of [...volumeDevices].sort((a, b) => compareBytes(a.devicePath, b.devicePath))) out.write(3, `${device.devicePath} from ${device.name}\n`)
}

/** What the downward API gives for a field of the pod. */
export function fieldValueOf(pod: Pod): FieldValue {
  return (path) => {
    const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path)
    if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? ''
    const values: Readonly<Record<string, () => string | undefined>> = {
      'metadata.name': () => pod.metadata.name,
      'metadata.namespace': () => pod.metadata.namespace,
      'metadata.uid': () => pod.metadata.uid,
      'metadata.labels': () => mapLines(pod.metadata.labels),
      'metadata.annotations': () => mapLines(pod.metadata.annotations),
      // These are not fields that upstream's extraction of the client knows.
      'spec.nodeName': () => '',
    }
    return values[path]?.() ?? ''
  }
}

function mapLines(map: Readonly<Record<string, string>> | undefined): string {
  return Object.keys(map ?? {}).sort(compareBytes).map((key) => `${key}=${quote(map![key]!)}`).join('\n')
}
