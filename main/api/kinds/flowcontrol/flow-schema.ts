import type { FlowSchema, FlowSchemaCondition } from '../../generated/types.ts'
import { conditionOf } from '../../machinery/conditions.ts'
import { compareBytes } from '../../machinery/go-text.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { ageColumn, column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { validateFlowSchema, validateFlowSchemaStatus } from './flow-schema-validation.ts'

const spec = 'io.k8s.api.flowcontrol.v1.FlowSchemaSpec'
const defaultPrecedence = 1000

/** Whether the level that the schema names is missing; undefined while nobody has looked. */
function danglingOf({ status }: FlowSchema): FlowSchemaCondition | undefined {
  return conditionOf(status?.conditions as (FlowSchemaCondition & { type: string })[] | undefined, 'Dangling')
}

export const flowSchemaKind = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  schema: 'io.k8s.api.flowcontrol.v1.FlowSchema',
  storagePrefix: 'flowschemas',
  strategy: {
    validateName: isDns1123Subdomain,
    defaultPropagation: 'Background',
    generationOf: (schema) => schema.spec,
    defaults(schema) {
      if (schema.spec && !schema.spec.matchingPrecedence) schema.spec.matchingPrecedence = defaultPrecedence
    },
    prepareForCreate(schema) {
      schema.status = {}
    },
    prepareForUpdate: keepStatus,
    validate: validateFlowSchema,
    validateUpdate: validateFlowSchema,
  },
  subresources: [statusSubresource(validateFlowSchemaStatus)],
  columns: [
    nameColumn(),
    column('PriorityLevel', ['io.k8s.api.flowcontrol.v1.PriorityLevelConfigurationReference', 'name'], (schema) => schema.spec?.priorityLevelConfiguration?.name ?? ''),
    column('MatchingPrecedence', [spec, 'matchingPrecedence'], (schema) => schema.spec?.matchingPrecedence ?? 0),
    column('DistinguisherMethod', 'What tells the flows of the schema apart.', (schema) => schema.spec?.distinguisherMethod?.type ?? '<none>'),
    ageColumn(),
    column('MissingPL', 'references a broken or non-existent PriorityLevelConfiguration', (schema) => danglingOf(schema)?.status ?? '?'),
  ],
  rowOrder: (a, b) => (a.spec?.matchingPrecedence ?? 0) - (b.spec?.matchingPrecedence ?? 0) || compareBytes(a.metadata.name, b.metadata.name),
  health(schema) {
    const dangling = danglingOf(schema)
    if (dangling?.status === 'True') return { mark: 'failed', sentence: `there is no priority level ${schema.spec?.priorityLevelConfiguration?.name ?? ''}` }
    return { mark: dangling ? 'running' : 'pending', sentence: `its requests have the priority level ${schema.spec?.priorityLevelConfiguration?.name ?? ''}` }
  },
  relations(schema) {
    const name = schema.spec?.priorityLevelConfiguration?.name
    return name ? [{ role: 'priority level', group: 'flowcontrol.apiserver.k8s.io', kind: 'PriorityLevelConfiguration', name }] : []
  },
})
