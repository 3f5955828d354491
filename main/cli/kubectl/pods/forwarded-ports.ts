import type { Pod, Service } from '../../../api/generated/types.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'

/** A port here and the port of the pod that it leads to; `local` 0 lets the system choose. */
export interface ForwardedPort {
  local: number
  readonly remote: number
}

/** Reads `[LOCAL:]REMOTE` words for what they are forwarded to: names become numbers, a service's ports those of the pod behind it. */
export function forwardedPorts(words: readonly string[], target: KubeObject, pod: Pod): ForwardedPort[] {
  const service = target.kind === 'Service' ? (target as unknown as Service) : undefined
  const udpOnly = udpOnlyPorts(service, pod)
  for (const word of words) {
    const [, remote] = split(word)
    if (udpOnly.has(portNumber(remote, service, pod))) throw new CliError(`UDP protocol is not supported for ${remote}`)
  }
  return words.map((word) => parse(service ? servicePort(word, service, pod) : podPort(word, pod)))
}

function split(word: string): [local: string, remote: string] {
  const parts = word.split(':')
  return parts.length === 2 ? [parts[0]!, parts[1]!] : [parts[0]!, parts[0]!]
}

function isNumber(text: string): boolean {
  return /^[-+]?\d+$/.test(text)
}

function portNumber(remote: string, service: Service | undefined, pod: Pod): number {
  if (isNumber(remote)) return Number(remote)
  return service ? servicePortNamed(service, remote) : containerPortNamed(pod, remote)
}

function podPort(word: string, pod: Pod): string {
  const [local, remote] = split(word)
  if (remote === '') throw new CliError('remote port cannot be empty')
  const port = isNumber(remote) ? remote : String(containerPortNamed(pod, remote))
  return local === remote ? port : `${local}:${port}`
}

function servicePort(word: string, service: Service, pod: Pod): string {
  let [local, remote] = split(word)
  let number = Number(remote)
  if (!isNumber(remote)) {
    number = servicePortNamed(service, remote)
    if (local === remote) local = String(number)
  }
  remote = String(targetPort(service, pod, number))
  return local === remote ? remote : `${local}:${remote}`
}

function targetPort(service: Service, pod: Pod, number: number): number {
  const port = service.spec?.ports?.find((each) => each.port === number)
  if (!port) throw new CliError(`Service ${service.metadata.name} does not have a service port ${number}`)
  if (service.spec?.clusterIP === 'None') return number
  if (typeof port.targetPort === 'string') return containerPortNamed(pod, port.targetPort)
  return port.targetPort || number
}

function servicePortNamed(service: Service, name: string): number {
  const port = service.spec?.ports?.find((each) => each.name === name)
  if (!port) throw new CliError(`Service '${service.metadata.name}' does not have a named port '${name}'`)
  return port.port
}

function containerPortNamed(pod: Pod, name: string): number {
  const ports = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')].flatMap((container) => container.ports ?? [])
  const port = ports.find((each) => each.name === name)
  if (!port) throw new CliError(`Pod '${pod.metadata.name}' does not have a named port '${name}'`)
  return port.containerPort
}

function udpOnlyPorts(service: Service | undefined, pod: Pod): ReadonlySet<number> {
  const ports = service
    ? (service.spec?.ports ?? []).map(({ port, protocol }) => ({ port, protocol }))
    : (pod.spec?.containers ?? []).flatMap((container) => (container.ports ?? []).map(({ containerPort, protocol }) => ({ port: containerPort, protocol })))
  const tcp = new Set(ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port))
  return new Set(ports.filter(({ port, protocol }) => protocol === 'UDP' && !tcp.has(port)).map(({ port }) => port))
}

function parse(text: string): ForwardedPort {
  const parts = text.split(':')
  if (parts.length > 2) throw new CliError(`invalid port format '${text}'`)
  const [first = '', second] = parts
  const local = second !== undefined && first === '' ? 0 : unsigned(first, 'local')
  const remote = second === undefined ? local : unsigned(second, 'remote')
  if (remote === 0) throw new CliError('remote port must be > 0')
  return { local, remote }
}

function unsigned(text: string, which: string): number {
  const problem = !/^\d+$/.test(text) ? 'invalid syntax' : Number(text) > 65_535 ? 'value out of range' : undefined
  if (problem) throw new CliError(`error parsing ${which} port '${text}': strconv.ParseUint: parsing ${quote(text)}: ${problem}`)
  return Number(text)
}
