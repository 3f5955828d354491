import type { MessageFlow, PathEnd, TrafficKind } from '../../preload/contract/observe.ts'

/** Who it must be on a machine, for messages whose end nobody named: only the API server talks to etcd, only the kubelet calls the
 *  runtime, probes pods and serves their logs. */
function missing(kind: TrafficKind, other: PathEnd): string {
  switch (kind) {
    case 'storage':
      return 'kube-apiserver'
    case 'cri':
      return other.process === 'kubelet' ? 'containerd' : 'kubelet'
    case 'probe':
    case 'log':
    case 'stream':
      return 'kubelet'
    default:
      return ''
  }
}

/** The flow with its unnamed ends named as far as its kind tells. */
export function nameEnds(flow: MessageFlow): MessageFlow {
  const from = nameEnd(flow.from, flow.kind, flow.to)
  const to = nameEnd(flow.to, flow.kind, flow.from)
  return from === flow.from && to === flow.to ? flow : { ...flow, from, to }
}

function nameEnd(end: PathEnd, kind: TrafficKind, other: PathEnd): PathEnd {
  if (end.process !== '' || end.pod !== undefined || end.machine === '') return end
  const process = missing(kind, other)
  return process === '' ? end : { ...end, process }
}
