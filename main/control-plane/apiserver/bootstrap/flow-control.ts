import type { FlowSchema, FlowSchemaCondition, PriorityLevelConfiguration } from '../../../api/generated/types.ts'
import { autoUpdateAnnotation, flowControlObjects } from '../../../api/kinds/flowcontrol/bootstrap.ts'
import { flowSchemaKind } from '../../../api/kinds/flowcontrol/flow-schema.ts'
import { priorityLevelConfigurationKind } from '../../../api/kinds/flowcontrol/priority-level-configuration.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { semanticEqual } from '../../../api/machinery/equality.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { statusOf } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Resources } from '../registry/resources.ts'
import type { OwnObjects } from './own-objects.ts'

const producer = 'api-priority-and-fairness-config-producer-v1'
const consumer = 'api-priority-and-fairness-config-consumer-v1'
const ensureMs = 60_000

type Configuration = FlowSchema | PriorityLevelConfiguration

/** Writes the mandatory and the suggested objects of priority and fairness, or puts their specs back. Mandatory ones are always kept;
 *  suggested ones as long as their annotation says so, or says nothing and nobody has changed them. */
export async function ensureFlowControl(own: OwnObjects): Promise<void> {
  const { mandatory, suggested } = flowControlObjects()
  const all = <T extends Configuration>(kind: Kind<T>, objects: readonly T[], isMandatory: boolean): Promise<unknown> =>
    Promise.all(objects.map((wanted) => own.reconcile(kind, wanted, (current) => restored(current, wanted, isMandatory), producer)))
  await Promise.all([
    all(priorityLevelConfigurationKind, mandatory.levels, true),
    all(flowSchemaKind, mandatory.schemas, true),
    all(priorityLevelConfigurationKind, suggested.levels, false),
    all(flowSchemaKind, suggested.schemas, false),
  ])
}

/** The object as it should be; undefined: it is, or is none of ours. */
function restored<T extends Configuration>(current: T, wanted: T, isMandatory: boolean): T | undefined {
  const said = current.metadata.annotations?.[autoUpdateAnnotation]
  const isOurs = isMandatory || said === 'true' || (said !== 'false' && current.metadata.generation === 1)
  if (!isOurs) return undefined
  // The shares of the exempt level are the administrator's.
  const spec = isMandatory && 'exempt' in (wanted.spec ?? {}) ? { ...wanted.spec, exempt: (current as PriorityLevelConfiguration).spec?.exempt } : wanted.spec
  if (said === 'true' && semanticEqual(current.spec, spec)) return undefined
  return { ...current, metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, [autoUpdateAnnotation]: 'true' } }, spec }
}

/** Keeps those objects from now on, and says of every FlowSchema whether its level exists. */
export function keepFlowControl(process: Process, own: OwnObjects, resources: Resources): void {
  const schemas = resources.storeOf(flowSchemaKind.group, flowSchemaKind.plural)
  const levels = resources.storeOf(priorityLevelConfigurationKind.group, priorityLevelConfigurationKind.plural)
  const failed = (error: unknown): void => {
    if (!process.scope.closed) process.journal.error('APF bootstrap ensurer failed', { err: statusOf(error).message })
  }
  const ensure = (): void => {
    void ensureFlowControl(own).catch(failed)
    process.clock.afterUncaused(ensureMs, ensure)
  }
  process.clock.afterUncaused(ensureMs, ensure)
  let isDue = false
  const judge = async (): Promise<void> => {
    isDue = false
    const found: FlowSchema[] = []
    schemas.cache.scan(undefined, (object) => {
      found.push(object as FlowSchema)
      return true
    })
    for (const schema of found) {
      const change = (current: FlowSchema): FlowSchema['status'] | undefined => {
        const name = current.spec?.priorityLevelConfiguration.name ?? ''
        return withDangling(current, name, levels.store.cached('', name) !== undefined, formatTime(process.clock.now()))
      }
      if (change(schema) !== undefined) await own.updateStatus(flowSchemaKind, schema.metadata.name, change, consumer)
    }
  }
  const changed = (): void => {
    if (isDue) return
    isDue = true
    process.clock.afterUncaused(0, () => void judge().catch(failed))
  }
  for (const { cache } of [schemas, levels]) cache.onChange(changed)
  changed()
}

/** The status with the right Dangling condition; undefined when it has it. */
function withDangling({ status }: FlowSchema, name: string, exists: boolean, timestamp: string): FlowSchema['status'] | undefined {
  const conditions = status?.conditions ?? []
  const old = conditions.find(({ type }) => type === 'Dangling')
  const condition: FlowSchemaCondition = exists
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `This FlowSchema references the PriorityLevelConfiguration object named ${quote(name)} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `This FlowSchema references the PriorityLevelConfiguration object named ${quote(name)} but there is no such object` }
  if (old && old.status === condition.status && old.reason === condition.reason && old.message === condition.message) return undefined
  condition.lastTransitionTime = old && old.status === condition.status ? (old.lastTransitionTime ?? timestamp) : timestamp
  return { ...status, conditions: [...conditions.filter(({ type }) => type !== 'Dangling'), condition] }
}
