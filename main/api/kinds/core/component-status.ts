import type { ComponentStatus } from '../../generated/types.ts'
import { isPathSegmentName } from '../../machinery/names.ts'
import { column, nameColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'

function healthy(component: ComponentStatus): NonNullable<ComponentStatus['conditions']>[number] | undefined {
  return component.conditions?.find((condition) => condition.type === 'Healthy')
}

/** How the parts of the control plane do. Never stored: each answer is made by asking them. */
export const componentStatusKind = defineKind<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  shortNames: ['cs'],
  verbs: ['get', 'list'],
  namespaced: false,
  schema: 'io.k8s.api.core.v1.ComponentStatus',
  strategy: { validateName: isPathSegmentName },
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  columns: [
    nameColumn(),
    column('Status', 'Status of the component conditions', (component) => {
      const condition = healthy(component)
      return condition ? (condition.status === 'True' ? 'Healthy' : 'Unhealthy') : 'Unknown'
    }),
    column('Message', 'Message of the component conditions', (component) => healthy(component)?.message ?? ''),
    column('Error', 'Error of the component conditions', (component) => healthy(component)?.error ?? ''),
  ],
  health(component) {
    const condition = healthy(component)
    if (condition?.status === 'True') return { mark: 'running', sentence: 'it says that it is well' }
    return { mark: condition ? 'failed' : 'unknown', sentence: condition?.message || 'it did not answer' }
  },
})
