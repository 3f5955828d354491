import type { ClusterEvent, ClusterEventName } from './cluster-event.ts'
import type { CycleState } from './cycle-state.ts'
import type { NodeInfo } from './node-info.ts'
import { isFresh, NodeMemo, type MemoEntry } from './node-memo.ts'
import type { ClusterView, FrameworkHandle, NodeScore, NodeVerdicts, Plugin, PostFilterResult, QueuedPod } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import { failed, messageOf, unresolvable, type Status } from './status.ts'

/** A plugin as a profile uses it. */
export interface EnabledPlugin {
  readonly plugin: Plugin
  /** How much its scores count. */
  readonly weight: number
}

/** What PreFilter plugins agreed on. */
export interface PreFiltered {
  readonly status: Status | undefined
  readonly nodeNames: ReadonlySet<string> | undefined
  /** Who narrowed the nodes down. */
  readonly by: readonly string[]
  /** What each plugin said, for people to look at. */
  readonly answers: readonly PreFilterAnswer[]
}

export interface PreFilterAnswer {
  readonly plugin: string
  readonly status: Status | undefined
  readonly nodeNames: ReadonlySet<string> | undefined
}

/** One score plugin's opinion of every feasible node. */
export interface PluginScores {
  readonly plugin: string
  readonly weight: number
  readonly raw: readonly number[]
  readonly normalized: readonly number[]
}

export interface Scored {
  readonly status: Status | undefined
  readonly byPlugin: readonly PluginScores[]
  readonly totals: readonly number[]
}

/** Remembered answers for the pod of one attempt. */
export type PodMemo = Map<string, MemoEntry>

/** Runs the plugins of one profile at each extension point, in their order, with upstream's rules for what a status means there. */
export class Framework {
  readonly profileName: string
  readonly plugins: readonly EnabledPlugin[]
  readonly #handle: Pick<FrameworkHandle, 'nominatedTo'>
  readonly #memo = new NodeMemo()
  readonly #localFilters: readonly Plugin[]
  readonly #globalFilters: readonly Plugin[]
  readonly #filters: readonly Plugin[]
  readonly #sort: Plugin

  constructor(profileName: string, plugins: readonly EnabledPlugin[], handle: Pick<FrameworkHandle, 'nominatedTo'>) {
    this.profileName = profileName
    this.plugins = plugins
    this.#handle = handle
    this.#filters = plugins.map(({ plugin }) => plugin).filter((plugin) => plugin.filter)
    const firstGlobal = this.#filters.findIndex((plugin) => !plugin.nodeLocal)
    const local = firstGlobal < 0 ? this.#filters.length : firstGlobal
    // The memo answers for a leading run of node-local filters, so that the first to reject is the same with and without it.
    this.#localFilters = this.#filters.slice(0, local)
    this.#globalFilters = this.#filters.slice(local)
    const sorts = plugins.filter(({ plugin }) => plugin.less)
    if (sorts.length !== 1) throw new Error(`profile ${profileName} needs one queue sort plugin, has ${sorts.length}`)
    this.#sort = sorts[0]!.plugin
  }

  less(a: QueuedPod, b: QueuedPod): boolean {
    return this.#sort.less!(a, b)
  }

  preEnqueue(pod: PodInfo): Status | undefined {
    for (const { plugin } of this.plugins) {
      const status = plugin.preEnqueue?.(pod)
      if (status) return { ...status, plugin: plugin.name }
    }
    return undefined
  }

  /** Whether the event may help a pod that `plugin` turned down. */
  worthRetrying(pluginName: string, pod: PodInfo, event: ClusterEvent): boolean {
    const plugin = this.plugins.find((enabled) => enabled.plugin.name === pluginName)?.plugin
    for (const interest of plugin?.interests ?? []) {
      if (interest.events.includes(event.name) && (!interest.hint || interest.hint(pod, event) === 'queue')) return true
    }
    return false
  }

  /** The events that may help a pod that these plugins turned down. */
  wakesFor(plugins: Iterable<string>): readonly { readonly plugin: string; readonly events: readonly ClusterEventName[] }[] {
    return [...plugins].map((name) => ({ plugin: name, events: [...new Set(this.plugins.find(({ plugin }) => plugin.name === name)?.plugin.interests?.flatMap(({ events }) => events) ?? [])] }))
  }

  preFilter(state: CycleState, pod: PodInfo, view: ClusterView): PreFiltered {
    let nodeNames: ReadonlySet<string> | undefined
    const by: string[] = []
    const answers: PreFilterAnswer[] = []
    for (const { plugin } of this.plugins) {
      if (!plugin.preFilter) continue
      const result = plugin.preFilter(state, pod, view)
      const status = result?.status
      answers.push({ plugin: plugin.name, status, nodeNames: result?.nodeNames })
      if (status?.code === 'Skip') {
        state.skippedFilters.add(plugin.name)
        continue
      }
      if (status) return { status: { ...status, plugin: plugin.name }, nodeNames, by, answers }
      if (!result?.nodeNames) continue
      by.push(plugin.name)
      const wanted = result.nodeNames
      nodeNames = nodeNames ? new Set([...nodeNames].filter((name) => wanted.has(name))) : wanted
      if (nodeNames.size === 0) {
        const reason = by.length === 1 ? `node(s) didn't satisfy plugin ${by[0]}` : `node(s) didn't satisfy plugin(s) [${by.join(' ')}] simultaneously`
        return { status: { ...unresolvable(reason), plugin: plugin.name }, nodeNames, by, answers }
      }
    }
    return { status: undefined, nodeNames, by, answers }
  }

  memoFor(pod: PodInfo): PodMemo {
    return this.#memo.for(pod)
  }

  forgetNode(node: string): void {
    this.#memo.forget(node)
  }

  /** All filters on one node, pods nominated to it considered. */
  filterNode(state: CycleState, pod: PodInfo, node: NodeInfo, memo: PodMemo, imageEpoch: number): Status | undefined {
    if (this.#handle.nominatedTo(node.name).length > 0) return this.filterWithNominated(state, pod, node)
    const entry = this.#entry(state, pod, node, memo, imageEpoch)
    return entry.verdict ?? runFilters(this.#globalFilters, state, pod, node)
  }

  /** The pod has to fit with the nominated pods of its own or a higher priority there, and also without them, since they may
   *  never come (affinity to a pod that never comes would be a mistake). */
  filterWithNominated(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined {
    const nominated = this.#handle.nominatedTo(node.name).filter((other) => other.priority >= pod.priority && other.uid !== pod.uid && !node.pods.has(other.uid))
    if (nominated.length > 0) {
      const trialState = state.clone()
      const trialNode = node.clone()
      for (const other of nominated) {
        trialNode.addPod(other)
        this.addPodInTrial(trialState, pod, other, trialNode)
      }
      const status = runFilters(this.#filters, trialState, pod, trialNode)
      if (status) return status
    }
    return runFilters(this.#filters, state, pod, node)
  }

  addPodInTrial(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void {
    for (const { plugin } of this.plugins) if (!state.skippedFilters.has(plugin.name)) plugin.addPod?.(state, pod, added, node)
  }

  removePodInTrial(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void {
    for (const { plugin } of this.plugins) if (!state.skippedFilters.has(plugin.name)) plugin.removePod?.(state, pod, removed, node)
  }

  /** The first plugin that makes room wins; the others' reasons are put together. */
  postFilter(state: CycleState, pod: PodInfo, verdicts: NodeVerdicts): PostFilterResult {
    const reasons: string[] = []
    let nominatedNode: string | undefined
    let rejectedBy: string | undefined
    let trials: PostFilterResult['trials']
    for (const { plugin } of this.plugins) {
      if (!plugin.postFilter) continue
      const result = plugin.postFilter(state, pod, verdicts)
      trials = result.trials ?? trials
      if (!result.status) return result
      if (result.status.code === 'UnschedulableAndUnresolvable' || result.status.code === 'Error') return { ...result, status: { ...result.status, plugin: plugin.name } }
      reasons.push(...result.status.reasons)
      rejectedBy ??= plugin.name
      if (result.nominatedNode !== undefined) nominatedNode = result.nominatedNode
    }
    const status: Status = { code: 'Unschedulable', reasons, ...(rejectedBy && { plugin: rejectedBy }) }
    return { status, ...(nominatedNode !== undefined && { nominatedNode }), ...(trials && { trials }) }
  }

  /** Scores the feasible nodes. */
  score(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], view: ClusterView, memo: PodMemo): Scored {
    for (const { plugin } of this.plugins) {
      const status = plugin.preScore?.(state, pod, nodes, view)
      if (status?.code === 'Skip') state.skippedScores.add(plugin.name)
      else if (status) return { status: { ...status, plugin: plugin.name }, byPlugin: [], totals: [] }
    }
    const byPlugin: PluginScores[] = []
    const totals = new Array<number>(nodes.length).fill(0)
    const entries = nodes.map((node) => freshEntry(memo, node, view.imageEpoch))
    for (const [place, { plugin, weight }] of this.plugins.entries()) {
      if (!plugin.score || state.skippedScores.has(plugin.name)) continue
      const raw = plugin.nodeLocal ? rememberedScores(plugin, place, state, pod, nodes, entries) : nodes.map((node) => plugin.score!(state, pod, node))
      const normalized = plugin.normalize ? normalizedScores(plugin, state, pod, nodes, raw) : raw
      for (let index = 0; index < normalized.length; index++) totals[index]! += normalized[index]! * weight
      byPlugin.push({ plugin: plugin.name, weight, raw, normalized })
    }
    return { status: undefined, byPlugin, totals }
  }

  reserve(state: CycleState, pod: PodInfo, node: string): Status | undefined {
    for (const { plugin } of this.plugins) {
      const status = plugin.reserve?.(state, pod, node)
      if (status) return said(plugin, 'Reserve', status)
    }
    return undefined
  }

  unreserve(state: CycleState, pod: PodInfo, node: string): void {
    for (const { plugin } of [...this.plugins].reverse()) plugin.unreserve?.(state, pod, node)
  }

  /** Which plugins make the pod wait, with how long; or the status of the first that turns it down. */
  permit(state: CycleState, pod: PodInfo, node: string): { readonly status: Status | undefined; readonly waits: ReadonlyMap<string, number> } {
    const waits = new Map<string, number>()
    for (const { plugin } of this.plugins) {
      const answer = plugin.permit?.(state, pod, node)
      if (!answer?.status) continue
      if (answer.status.code !== 'Wait') return { status: { ...answer.status, plugin: plugin.name }, waits }
      waits.set(plugin.name, Math.min(answer.timeoutMs ?? permitTimeoutMaxMs, permitTimeoutMaxMs))
    }
    return { status: undefined, waits }
  }

  async preBind(state: CycleState, pod: PodInfo, node: string): Promise<Status | undefined> {
    for (const { plugin } of this.plugins) {
      const status = await plugin.preBind?.(state, pod, node)
      if (status) return said(plugin, 'PreBind', status)
    }
    return undefined
  }

  async bind(state: CycleState, pod: PodInfo, node: string): Promise<Status | undefined> {
    for (const { plugin } of this.plugins) {
      if (!plugin.bind) continue
      const status = await plugin.bind(state, pod, node)
      if (status?.code === 'Skip') continue
      return status && said(plugin, 'Bind', status)
    }
    return failed(`no bind plugin of profile ${this.profileName} took the pod`)
  }

  postBind(state: CycleState, pod: PodInfo, node: string): void {
    for (const { plugin } of this.plugins) plugin.postBind?.(state, pod, node)
  }

  #entry(state: CycleState, pod: PodInfo, node: NodeInfo, memo: PodMemo, imageEpoch: number): MemoEntry {
    const known = memo.get(node.name)
    if (isFresh(known, node, imageEpoch)) return known
    const entry: MemoEntry = { generation: node.generation, imageEpoch, verdict: runFilters(this.#localFilters, state, pod, node), scores: [] }
    memo.set(node.name, entry)
    return entry
  }
}

function freshEntry(memo: PodMemo, node: NodeInfo, imageEpoch: number): MemoEntry | undefined {
  const entry = memo.get(node.name)
  return isFresh(entry, node, imageEpoch) ? entry : undefined
}

function rememberedScores(plugin: Plugin, place: number, state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], entries: readonly (MemoEntry | undefined)[]): number[] {
  const raw = new Array<number>(nodes.length)
  for (let index = 0; index < nodes.length; index++) {
    const scores = entries[index]?.scores
    let score = scores?.[place]
    if (score === undefined) {
      score = plugin.score!(state, pod, nodes[index]!)
      if (scores) scores[place] = score
    }
    raw[index] = score
  }
  return raw
}

function normalizedScores(plugin: Plugin, state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], raw: readonly number[]): number[] {
  const scores: NodeScore[] = nodes.map((node, index) => ({ node: node.name, score: raw[index]! }))
  plugin.normalize!(state, pod, scores)
  return scores.map(({ score }) => score)
}

/** How long a plugin may make a pod wait (upstream's maxTimeout). */
const permitTimeoutMaxMs = 15 * 60_000

/** A plugin's status with its name; one that broke says at which point. */
function said(plugin: Plugin, point: 'Reserve' | 'PreBind' | 'Bind', status: Status): Status {
  if (status.code !== 'Error') return { ...status, plugin: plugin.name }
  return { ...status, plugin: plugin.name, reasons: [`running ${point} plugin "${plugin.name}": ${messageOf(status)}`] }
}

function runFilters(filters: readonly Plugin[], state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined {
  for (const plugin of filters) {
    if (state.skippedFilters.has(plugin.name)) continue
    const status = plugin.filter!(state, pod, node)
    if (status) return { ...status, plugin: plugin.name }
  }
  return undefined
}
