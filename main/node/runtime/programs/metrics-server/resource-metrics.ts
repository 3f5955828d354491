/** What a kubelet says under /metrics/resource, and what two such answers together say. */

/** A reading of a counter of CPU time and a gauge of memory. */
export interface Reading {
  /** ms since the epoch. */
  readonly time: number
  /** ms since the epoch; 0 when it is not known. */
  readonly startTime: number
  /** Cumulative. */
  readonly cpuSeconds: number
  readonly memoryBytes: number
}

/** One answer of one kubelet. */
export interface Scrape {
  readonly node: Reading | undefined
  /** By `namespace/name` of the pod, then by container. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Reading>>
}

/** How something has been used lately. */
export interface Usage {
  readonly time: number
  readonly windowMs: number
  readonly cpuCores: number
  readonly memoryBytes: number
}

const line = /^([a-z_]+)(?:\{([^}]*)\})? (\S+)(?: (\d+))?$/
/** A container this young is not judged by the one reading that there is of it. */
const freshMsMin = 10_000

interface Draft {
  time: number
  startTime: number
  cpuSeconds: number | undefined
  memoryBytes: number | undefined
}

/** Parses the text; samples without a time count as of `now`. */
export function parseScrape(text: string, now: number): Scrape {
  const node: Draft = { time: now, startTime: 0, cpuSeconds: undefined, memoryBytes: undefined }
  const pods = new Map<string, Map<string, Draft>>()
  const draftOf = (labels: string): Draft | undefined => {
    const label = (name: string): string | undefined => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1]
    const container = label('container')
    const pod = label('pod')
    if (container === undefined || pod === undefined) return undefined
    const key = `${label('namespace') ?? ''}/${pod}`
    let containers = pods.get(key)
    if (!containers) pods.set(key, (containers = new Map<string, Draft>()))
    let draft = containers.get(container)
    if (!draft) containers.set(container, (draft = { time: now, startTime: 0, cpuSeconds: undefined, memoryBytes: undefined }))
    return draft
  }
  for (const each of text.split('\n')) {
    if (each === '' || each.startsWith('#')) continue
    const [, name = '', labels = '', value = '', time] = line.exec(each) ?? []
    const draft = name.startsWith('node_') ? node : name.startsWith('container_') ? draftOf(labels) : undefined
    if (!draft) continue
    if (name.endsWith('_cpu_usage_seconds_total')) {
      draft.cpuSeconds = Number(value)
      if (time !== undefined) draft.time = Number(time)
    } else if (name.endsWith('_memory_working_set_bytes')) draft.memoryBytes = Number(value)
    else if (name === 'container_start_time_seconds') draft.startTime = Number(value) * 1000
  }
  return { node: readingOf(node), pods: new Map([...pods].map(([key, containers]) => [key, complete(containers)])) }
}

function readingOf({ time, startTime, cpuSeconds, memoryBytes }: Draft): Reading | undefined {
  return cpuSeconds === undefined || memoryBytes === undefined ? undefined : { time, startTime, cpuSeconds, memoryBytes }
}

function complete(drafts: ReadonlyMap<string, Draft>): ReadonlyMap<string, Reading> {
  const found = new Map<string, Reading>()
  for (const [name, draft] of drafts) {
    const reading = readingOf(draft)
    if (reading) found.set(name, reading)
  }
  return found
}

/** The usage between two readings. A container that started between them is judged from its start, if that is long enough ago. */
export function usageBetween(last: Reading, previous: Reading | undefined, resolutionMs: number): Usage | undefined {
  if (previous && previous.startTime === last.startTime && previous.cpuSeconds <= last.cpuSeconds && previous.time < last.time) return usage(last, previous.time, previous.cpuSeconds)
  const ageMs = last.time - last.startTime
  if (last.startTime === 0 || ageMs < freshMsMin || (!previous && ageMs >= resolutionMs)) return undefined
  return usage(last, last.startTime, 0)
}

function usage(last: Reading, since: number, cpuSeconds: number): Usage {
  const windowMs = last.time - since
  return { time: last.time, windowMs, cpuCores: ((last.cpuSeconds - cpuSeconds) * 1000) / windowMs, memoryBytes: last.memoryBytes }
}
