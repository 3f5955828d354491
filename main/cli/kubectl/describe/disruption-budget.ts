import type { PodDisruptionBudget } from '../../../api/generated/types.ts'
import { formatLabelSelector } from '../../../api/machinery/labels.ts'
import { Description } from './description.ts'
import type { Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'

export async function describePodDisruptionBudget(budget: PodDisruptionBudget, around: Surroundings): Promise<string> {
  const { metadata, spec, status } = budget
  const events = await eventsOf(budget, around)
  const out = new Description()
  out.write(0, `Name:\t${metadata.name}\n`)
  out.write(0, `Namespace:\t${metadata.namespace ?? ''}\n`)
  if (spec?.minAvailable !== undefined) out.write(0, `Min available:\t${spec.minAvailable}\n`)
  else if (spec?.maxUnavailable !== undefined) out.write(0, `Max unavailable:\t${spec.maxUnavailable}\n`)
  out.write(0, `Selector:\t${spec?.selector ? formatLabelSelector(spec.selector) : '<unset>'}\n`)
  out.write(0, 'Status:\n')
  out.write(2, `Allowed disruptions:\t${status?.disruptionsAllowed ?? 0}\n`)
  out.write(2, `Current:\t${status?.currentHealthy ?? 0}\n`)
  out.write(2, `Desired:\t${status?.desiredHealthy ?? 0}\n`)
  out.write(2, `Total:\t${status?.expectedPods ?? 0}\n`)
  describeEvents(out, events, around.now)
  return out.toString()
}
