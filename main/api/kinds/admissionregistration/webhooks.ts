/** What both webhook configurations show of themselves. */
import type { MutatingWebhook, ValidatingWebhook } from '../../generated/types.ts'
import type { KubeObject } from '../../machinery/object.ts'
import { ageColumn, integerColumn, nameColumn } from '../columns.ts'
import type { Column, Health, Relation } from '../kind.ts'

type Configuration = KubeObject & { webhooks?: readonly (ValidatingWebhook | MutatingWebhook)[] }

export function webhookColumns<T extends Configuration>(): Column<T>[] {
  return [
    nameColumn(),
    integerColumn('Webhooks', 'Webhooks indicates the number of webhooks registered in this configuration', ({ webhooks }) => webhooks?.length ?? 0),
    ageColumn(),
  ]
}

export function webhookHealth({ webhooks = [] }: Configuration): Health {
  return { mark: 'running', sentence: webhooks.length === 1 ? 'one webhook is asked' : `${webhooks.length} webhooks are asked` }
}

/** The Services that are asked. */
export function webhookRelations({ webhooks = [] }: Configuration): Relation[] {
  const found = new Map<string, Relation>()
  for (const { clientConfig } of webhooks) {
    const service = clientConfig?.service
    if (service) found.set(`${service.namespace}/${service.name}`, { role: 'service', group: '', kind: 'Service', name: service.name, namespace: service.namespace })
  }
  return [...found.values()]
}
