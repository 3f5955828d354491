import type { HealthMark } from '../../main/api/kinds/kind.ts'
import type { PacketPart, PacketRequest, PacketTrace } from '../../preload/contract/packet.ts'
import type { ApiObject } from '../api/object.ts'

/** A place that a packet can start from, as a person names it: a node's name, or `namespace/pod`. */
export interface PacketSource {
  readonly label: string
  readonly machine: string
  /** Absent for a node, and for a pod that shares its node's network. */
  readonly pod?: string
}

/** Pods with an address first (those of the system after all others), then the nodes. */
export function packetSources(nodes: readonly ApiObject[], pods: readonly ApiObject[]): PacketSource[] {
  const found = pods.flatMap((pod): PacketSource[] => {
    const { nodeName, hostNetwork } = (pod.spec ?? {}) as { nodeName?: string; hostNetwork?: boolean }
    const { phase, podIP } = (pod.status ?? {}) as { phase?: string; podIP?: string }
    if (!nodeName || !podIP || phase !== 'Running') return []
    const label = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`
    return [{ label, machine: nodeName, ...(hostNetwork ? {} : { pod: label }) }]
  })
  const isSystem = ({ label }: PacketSource): boolean => label.startsWith('kube-')
  const byLabel = (a: PacketSource, b: PacketSource): number => Number(isSystem(a)) - Number(isSystem(b)) || (a.label < b.label ? -1 : 1)
  return [...found.sort(byLabel), ...nodes.map(({ metadata }) => ({ label: metadata.name, machine: metadata.name })).sort(byLabel)]
}

export const partTitles: Readonly<Record<PacketPart, string>> = {
  lookup: 'Name lookup', open: 'Sent', rule: 'Rule', backend: 'Backend', policy: 'Policy', arrival: 'Crosses', listener: 'Received', reply: 'Reply', failure: 'Ends',
}

/** The mark of a step: what stops the packet is marked as failed. */
export function stepMark(part: PacketPart, text: string): HealthMark {
  if (part === 'failure' || /^(dropped|rejected):/.test(text)) return 'failed'
  if (part === 'lookup' && !/: NOERROR \S/.test(text)) return 'unknown'
  return part === 'listener' || part === 'reply' ? 'completed' : 'running'
}

/** How it ends, in one sentence. */
export function outcomeSentence({ outcome, steps }: PacketTrace): string {
  const stopped = steps.findLast(({ part, text }) => part === 'policy' && text.startsWith('dropped')) ? 'a NetworkPolicy does not allow it' : steps.findLast(({ part, text }) => part === 'rule' && /^(dropped|rejected)/.test(text)) ? 'the service’s rules turn it away' : undefined
  switch (outcome) {
    case 'connected':
      return 'It arrives, and the reply comes back.'
    case 'refused':
      return `It is refused at once: ${stopped ?? 'nothing listens there'}.`
    case 'timeout':
      return `Nobody answers and it times out: ${stopped ?? 'the other end is off, or the path is cut'}.`
    case 'unreachable':
      return 'It has nowhere to go: nobody has this address.'
    case 'no-such-name':
      return 'It is never sent: the name has no address.'
  }
}

/** The node command that shows the same. */
export function packetCommand({ machine, pod, name, port, protocol }: PacketRequest): string {
  return `ssh ${machine} packet-trace ${protocol === 'udp' ? '-u ' : ''}${pod === undefined ? '' : `--from ${pod} `}${name} ${port}`
}
