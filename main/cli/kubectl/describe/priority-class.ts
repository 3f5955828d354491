import type { PriorityClass } from '../../../api/generated/types.ts'
import { Description } from './description.ts'
import type { Surroundings } from './describer.ts'
import { describeEvents, eventsOf } from './events.ts'
import { labelLine } from './labels.ts'

export async function describePriorityClass(priorityClass: PriorityClass, around: Surroundings): Promise<string> {
  const events = await eventsOf(priorityClass, around)
  const out = new Description()
  out.write(0, `Name:\t${priorityClass.metadata.name}\n`)
  out.write(0, `Value:\t${priorityClass.value ?? 0}\n`)
  out.write(0, `GlobalDefault:\t${priorityClass.globalDefault ?? false}\n`)
  out.write(0, `PreemptionPolicy:\t${priorityClass.preemptionPolicy ?? ''}\n`)
  out.write(0, `Description:\t${priorityClass.description ?? ''}\n`)
  out.write(0, `Annotations:\t${labelLine(priorityClass.metadata.annotations)}\n`)
  describeEvents(out, events, around.now)
  return out.toString()
}
