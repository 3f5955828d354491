import type { Pod, PriorityClass } from '../../../api/generated/types.ts'
import { systemPriorityClasses } from '../../../api/kinds/scheduling/priority-class.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import { isAbout, refused } from './admission.ts'
import type { AdmissionPlugin } from './admission.ts'

/** Turns a pod's priority class into its number, keeps clients from choosing the number themselves, and lets only one class be the
 *  default. Follows upstream's Priority. */
export function priorityAdmission(classes: WatchCache): AdmissionPlugin {
  const find = (name: string): PriorityClass | undefined => classes.get(name) as PriorityClass | undefined
  return {
    name: 'Priority',
    handles: (attributes) => (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE') && (isAbout(attributes, '', 'pods') || isAbout(attributes, 'scheduling.k8s.io', 'priorityclasses')),
    validate(attributes) {
      if (attributes.kind.plural !== 'priorityclasses' || !(attributes.object as PriorityClass).globalDefault) return
      const standard = defaultClass(classes)
      if (standard && (attributes.operation === 'CREATE' || standard.metadata.name !== attributes.name)) throw refused(attributes, `PriorityClass ${standard.metadata.name} is already marked as default. Only one default can exist`)
    },
    admit(attributes) {
      if (attributes.kind.plural !== 'pods') return
      const { spec } = attributes.object as Pod
      if (!spec) return
      if (attributes.operation === 'UPDATE') {
        const old = (attributes.oldObject as Pod).spec
        if (spec.priority === undefined && old?.priority !== undefined) spec.priority = old.priority
        if (spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) spec.preemptionPolicy = old.preemptionPolicy
        return
      }
      let priority = 0
      let policy = 'PreemptLowerPriority'
      if (!spec.priorityClassName) {
        const standard = defaultClass(classes)
        if (standard) {
          spec.priorityClassName = standard.metadata.name
          priority = standard.value ?? 0
          policy = standard.preemptionPolicy ?? policy
        }
      } else {
        const system = systemPriorityClasses.find((each) => each.name === spec.priorityClassName)
        const found = find(spec.priorityClassName)
        if (!found && !system) throw refused(attributes, `no PriorityClass with name ${spec.priorityClassName} was found`)
        priority = found?.value ?? system?.value ?? 0
        policy = found?.preemptionPolicy ?? policy
      }
      if (spec.priority !== undefined && spec.priority !== priority) {
        throw refused(attributes, `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`)
      }
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
        throw refused(attributes, `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`)
      }
      spec.priority = priority
      spec.preemptionPolicy = policy
    },
  }
}

/** The class marked as the default; of several, the one with the lowest value. */
function defaultClass(classes: WatchCache): PriorityClass | undefined {
  let found: PriorityClass | undefined
  classes.scan(undefined, (object) => {
    const each = object as PriorityClass
    if (each.globalDefault && (!found || (each.value ?? 0) < (found.value ?? 0))) found = each
    return true
  })
  return found
}
