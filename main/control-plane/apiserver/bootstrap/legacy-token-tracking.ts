import type { ConfigMap } from '../../../api/generated/types.ts'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { isNotFound, statusOf } from '../../../api/machinery/status-error.ts'
import { formatTime, parseTime } from '../../../api/machinery/time.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Resources } from '../registry/resources.ts'
import type { OwnObjects } from './own-objects.ts'

const name = 'kube-apiserver-legacy-service-account-token-tracking'
const namespace = 'kube-system'

/** Says in a ConfigMap since which day the use of service accounts' Secret tokens is noted; a text that is no day becomes today. Follows
 *  pkg/controlplane/controller/legacytokentracking. */
export async function reconcileLegacyTokenTracking(process: Process, own: OwnObjects): Promise<void> {
  const since = formatTime(process.clock.now()).slice(0, 10)
  const initial: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { since } }
  await own.reconcile<ConfigMap>(configMapKind, initial, (current) => (isDay(current.data?.['since'] ?? '') ? undefined : { ...current, data: { ...current.data, since } }))
}

/** Writes the day again when somebody takes it away. */
export function keepLegacyTokenTracking(process: Process, own: OwnObjects, resources: Resources): void {
  let isDue = false
  resources.storeOf(configMapKind.group, configMapKind.plural).cache.onChange((event) => {
    if (isDue || (event && (event.object.metadata.name !== name || event.object.metadata.namespace !== namespace))) return
    isDue = true
    process.clock.after(0, () => {
      isDue = false
      void reconcileLegacyTokenTracking(process, own).catch((error: unknown) => {
        if (!isNotFound(error) && !process.scope.closed) process.journal.error('Error syncing ConfigMap', { configMap: `${namespace}/${name}`, err: statusOf(error).message })
      })
    })
  })
}

function isDay(text: string): boolean {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? parseTime(`${text}T00:00:00Z`) : undefined
  return at !== undefined && formatTime(at).slice(0, 10) === text
}
