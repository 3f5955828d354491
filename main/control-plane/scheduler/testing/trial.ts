import type { Node, Pod } from '../../../api/generated/types.ts'
import type { Labels, Selector } from '../../../api/machinery/labels.ts'
import { SchedulerCache } from '../cache/cache.ts'
import { CycleState } from '../framework/cycle-state.ts'
import type { Plugin } from '../framework/plugin.ts'
import { podInfoOf } from '../framework/pod-info.ts'
import type { Status } from '../framework/status.ts'

/** What one plugin makes of a pod on some nodes. */
export interface Trial {
  /** By node: the reasons of its rejection, or undefined. */
  readonly verdicts: Readonly<Record<string, Status | undefined>>
  readonly raw: Readonly<Record<string, number>>
  readonly scores: Readonly<Record<string, number>>
  /** Said by PreFilter or PreScore. */
  readonly preFilter: Status | undefined
  readonly preScore: Status | undefined
  readonly nodeNames: readonly string[] | undefined
}

export interface TrialOptions {
  readonly nodes: readonly Node[]
  /** Pods that are there already, with spec.nodeName. */
  readonly existing?: readonly Pod[]
  readonly namespaces?: Readonly<Record<string, Labels>>
  readonly spreadingSelector?: Selector
}

/** Runs the pure extension points of one plugin for a pod. `make` gets the view that the plugin looks at. */
export function tryPlugin(make: (view: SchedulerCache) => Plugin, pod: Pod, options: TrialOptions): Trial {
  const cache = new SchedulerCache({ namespaceLabels: (name) => options.namespaces?.[name], spreadingSelector: () => options.spreadingSelector })
  for (const node of options.nodes) cache.setNode(node)
  for (const other of options.existing ?? []) cache.setPod(other)
  const plugin = make(cache)
  const info = podInfoOf(pod)
  const state = new CycleState()
  const preFiltered = plugin.preFilter?.(state, info, cache)
  const skipsFilter = preFiltered?.status !== undefined
  const verdicts = Object.fromEntries(cache.nodes.map((node) => [node.name, skipsFilter ? undefined : plugin.filter?.(state, info, node)]))
  const preScore = plugin.preScore?.(state, info, cache.nodes, cache)
  const scores = plugin.score && !preScore ? cache.nodes.map((node) => ({ node: node.name, score: plugin.score!(state, info, node) })) : []
  const raw = Object.fromEntries(scores.map(({ node, score }) => [node, score]))
  if (scores.length > 0) plugin.normalize?.(state, info, scores)
  return {
    verdicts,
    raw,
    scores: Object.fromEntries(scores.map(({ node, score }) => [node, score])),
    preFilter: preFiltered?.status,
    preScore,
    nodeNames: preFiltered?.nodeNames && [...preFiltered.nodeNames],
  }
}

/** The nodes that pass, by name. */
export function passing(trial: Trial): string[] {
  return Object.entries(trial.verdicts).filter(([, status]) => !status).map(([node]) => node)
}
