import type { Container, Pod } from '../../api/generated/types.ts'
import { cpuMillis, quantityValue } from '../../api/machinery/quantity.ts'

/** What the downward API needs of the node. */
export interface NodeFacts {
  readonly nodeName: string
  readonly hostIps: readonly string[]
  readonly podIps: readonly string[]
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly ephemeralStorageBytes: number
}

/** The value of a downward API field (`metadata.name`, `status.podIP`, `metadata.labels['x']` …). Throws upstream's text. */
export function podFieldValue(pod: Pod, fieldPath: string, facts: NodeFacts): string {
  const subscript = /^(metadata\.annotations|metadata\.labels)\['(.*)'\]$/.exec(fieldPath)
  if (subscript) {
    const map = subscript[1] === 'metadata.labels' ? pod.metadata.labels : pod.metadata.annotations
    return map?.[subscript[2]!] ?? ''
  }
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata.name
    case 'metadata.namespace':
      return pod.metadata.namespace ?? ''
    case 'metadata.uid':
      return pod.metadata.uid ?? ''
    case 'metadata.labels':
      return mapLines(pod.metadata.labels)
    case 'metadata.annotations':
      return mapLines(pod.metadata.annotations)
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? ''
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? ''
    case 'status.hostIP':
      return facts.hostIps[0] ?? ''
    case 'status.hostIPs':
      return facts.hostIps.join(',')
    case 'status.podIP':
      return facts.podIps[0] ?? ''
    case 'status.podIPs':
      return facts.podIps.join(',')
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`)
  }
}

function mapLines(map: { [key: string]: string } | undefined): string {
  return Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map![key])}`)
    .join('\n')
}

/** The value of a container resource (`limits.cpu`, `requests.memory` …) divided by `divisor` and rounded up; limits that
 *  are not set are what the node can give. */
export function resourceFieldValue(container: Container, resource: string, divisorText: string | undefined, facts: NodeFacts): string {
  const [list, name] = splitOnce(resource)
  const given = list === 'limits' ? container.resources?.limits : list === 'requests' ? container.resources?.requests : undefined
  if (list !== 'limits' && list !== 'requests') throw new Error(`unsupported container resource : ${resource}`)
  const divisor = divisorText === undefined || divisorText === '0' ? '1' : divisorText
  const text = given?.[name]
  if (name === 'cpu') {
    const millis = text !== undefined ? cpuMillis(text) : list === 'limits' ? facts.cpuMillis : 0
    return String(Math.ceil(millis / cpuMillis(divisor)))
  }
  let bytes = text !== undefined ? quantityValue(text) : 0
  if (text === undefined && list === 'limits') bytes = name === 'memory' ? facts.memoryBytes : name === 'ephemeral-storage' ? facts.ephemeralStorageBytes : 0
  return String(Math.ceil(bytes / quantityValue(divisor)))
}

function splitOnce(text: string): [string, string] {
  const dot = text.indexOf('.')
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)]
}
