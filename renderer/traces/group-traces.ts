import type { TraceSummary } from '../../preload/contract/observe.ts'

/** What one run of a command asked of the API server. */
export interface TraceGroup {
  /** Of its newest request: stable while older ones are forgotten. */
  readonly key: number
  /** `kubectl apply`, or the client's name. */
  readonly title: string
  readonly startedAt: number
  /** The requests worth a line, oldest first: those that changed something, else those that read objects. */
  readonly shown: readonly TraceSummary[]
  /** What came with them: discovery, schemas, reads before writes. Oldest first. */
  readonly besides: readonly TraceSummary[]
}

/** Clients that name no session: their requests belong together when they follow one another so closely. */
const togetherMs = 400

/** Traces (newest first) by the command that asked, groups newest first. */
export function groupTraces(traces: readonly TraceSummary[]): TraceGroup[] {
  const groups: TraceSummary[][] = []
  const bySession = new Map<string, TraceSummary[]>()
  const lastOf = new Map<string, TraceSummary[]>()
  for (const trace of traces) {
    const session = textOf(trace, 'session')
    const agent = agentOf(trace)
    const near = lastOf.get(agent)
    const known = session !== '' ? bySession.get(session) : near && textOf(near[0]!, 'session') === '' && isOutside(trace) && near.at(-1)!.root.start - trace.root.start <= togetherMs ? near : undefined
    if (known) known.push(trace)
    else {
      const group = [trace]
      groups.push(group)
      if (session !== '') bySession.set(session, group)
      lastOf.set(agent, group)
    }
  }
  return groups.map(groupOf)
}

function groupOf(newestFirst: readonly TraceSummary[]): TraceGroup {
  const traces = [...newestFirst].reverse()
  const writes = traces.filter((trace) => !isRead(trace))
  const reads = traces.filter((trace) => isRead(trace) && !isAboutKinds(trace))
  const shown = writes.length > 0 ? writes : reads.length > 0 ? reads : traces.slice(-1)
  return {
    key: newestFirst[0]!.root.id,
    title: textOf(traces[0]!, 'command') || agentOf(traces[0]!),
    startedAt: traces[0]!.root.start,
    shown,
    besides: traces.filter((trace) => !shown.includes(trace)),
  }
}

function isRead(trace: TraceSummary): boolean {
  const method = textOf(trace, 'method')
  return method === 'GET' || method === 'HEAD' || (method === '' && /(^|: )GET /.test(trace.root.name))
}

/** Which kinds there are and how they look: asked before anything else. */
function isAboutKinds(trace: TraceSummary): boolean {
  const path = (textOf(trace, 'path') || trace.root.name.replace(/^.*?[A-Z]+ /, '')).split('?')[0]!
  return /^\/(api|apis|version|openapi\/.*)?$/.test(path) || /^\/(api\/v\d\w*|apis\/[^/]+(\/[^/]+)?)$/.test(path)
}

/** From outside the cluster comes what has the client's name before its request. */
function isOutside(trace: TraceSummary): boolean {
  return trace.root.where.endsWith('@outside')
}

function agentOf(trace: TraceSummary): string {
  return trace.root.where.slice(0, trace.root.where.lastIndexOf('@'))
}

function textOf(trace: TraceSummary, attribute: string): string {
  const value = trace.root.attributes[attribute]
  return typeof value === 'string' ? value : ''
}
