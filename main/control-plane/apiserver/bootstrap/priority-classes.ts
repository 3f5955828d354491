import type { PriorityClass } from '../../../api/generated/types.ts'
import { priorityClassKind, systemPriorityClasses } from '../../../api/kinds/scheduling/priority-class.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { OwnObjects } from './own-objects.ts'

/** The two classes for what a cluster cannot do without. */
export async function ensurePriorityClasses(own: OwnObjects): Promise<void> {
  await Promise.all(
    systemPriorityClasses.map(({ name, value, description }) =>
      own.ensure(priorityClassKind as unknown as Kind, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value, description, preemptionPolicy: 'PreemptLowerPriority' } as PriorityClass)),
  )
}
