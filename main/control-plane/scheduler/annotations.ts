import type { Pod } from '../../api/generated/types.ts'
import type { Decision } from './decisions.ts'
import type { EnabledPlugin } from './framework/framework.ts'

const prefix = 'kube-scheduler-simulator.sigs.k8s.io/'
/** The API server takes 256 KiB of annotations in all: older results go first. */
const historyBytesMax = 64 * 1024
const nodesMax = 40

/** A decision as annotations of its pod, under the keys and in the shapes that kube-scheduler-simulator made known; what was there before
 *  is kept in `result-history`. */
export function decisionAnnotations(pod: Pod, decision: Decision, plugins: readonly EnabledPlugin[]): Record<string, string> {
  const filter: Record<string, Record<string, string>> = {}
  for (const { node, verdicts } of decision.explained.slice(0, nodesMax)) {
    // As the framework would: whoever comes after the first to turn the node down is not asked.
    const results: Record<string, string> = (filter[node] = {})
    for (const { plugin, verdict, reasons } of verdicts) {
      if (verdict === 'skipped') continue
      results[plugin] = verdict === 'passed' ? 'passed' : reasons.join(', ')
      if (verdict === 'rejected') break
    }
  }
  const scores = (of: (plugin: Decision['scored'][number]['plugins'][number]) => number): Record<string, Record<string, string>> =>
    Object.fromEntries(decision.scored.filter(({ plugins }) => plugins.length > 0).map(({ node, plugins }) => [node, Object.fromEntries(plugins.map((each) => [each.plugin, String(of(each))]))]))
  const victims = Object.fromEntries((decision.preemption ?? []).filter(({ node, victims: gone }) => gone.length > 0 && node === decision.nominatedNode).map(({ node }) => [node, { DefaultPreemption: 'preemption victim' }]))
  // A pod is bound when all of them agreed.
  const succeeded = (point: 'reserve' | 'preBind' | 'bind'): Record<string, string> =>
    decision.outcome === 'bound' ? Object.fromEntries(plugins.filter(({ plugin }) => plugin[point]).map(({ plugin }) => [plugin.name, 'success'])) : {}
  const results: Record<string, unknown> = {
    'prefilter-result': Object.fromEntries(decision.preFilter.filter(({ nodes }) => nodes).map(({ plugin, nodes }) => [plugin, nodes])),
    'prefilter-result-status': Object.fromEntries(decision.preFilter.map(({ plugin, status }) => [plugin, status])),
    'filter-result': filter,
    'postfilter-result': victims,
    'prescore-result': Object.fromEntries((decision.scored[0]?.plugins ?? []).map(({ plugin }) => [plugin, 'success'])),
    'score-result': scores(({ raw }) => raw),
    'finalscore-result': scores(({ weighted }) => weighted),
    'reserve-result': succeeded('reserve'),
    'permit-result': {},
    'permit-result-timeout': {},
    'prebind-result': succeeded('preBind'),
    'bind-result': succeeded('bind'),
  }
  const annotations = Object.fromEntries(Object.entries(results).map(([key, value]) => [prefix + key, JSON.stringify(value)]))
  annotations[`${prefix}selected-node`] = decision.node
  annotations[`${prefix}result-history`] = historyWith(pod.metadata.annotations?.[`${prefix}result-history`], annotations)
  return annotations
}

function historyWith(before: string | undefined, results: Readonly<Record<string, string>>): string {
  let history: unknown[] = []
  try {
    const known: unknown = before === undefined ? [] : JSON.parse(before)
    if (Array.isArray(known)) history = known
  } catch {
    // Somebody else wrote there: it is written anew.
  }
  const all = [...history, results]
  while (all.length > 1 && JSON.stringify(all).length > historyBytesMax) all.shift()
  return JSON.stringify(all)
}
