import type { APIService } from '../../../api/generated/types.ts'
import { apiServiceKind } from '../../../api/kinds/apiregistration/api-service.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import { statusOf } from '../../../api/machinery/status-error.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Resources } from '../registry/resources.ts'
import type { OwnObjects } from './own-objects.ts'

/** Who keeps an APIService: the server for its own groups (`onstart`), or for those of custom resources (`true`). */
export const automanagedLabel = 'kube-aggregator.kubernetes.io/automanaged'

/** Priorities of the server's own groups and versions in discovery, as upstream has them. What is not named (the aggregator's own
 *  group) gets no APIService. */
const priorities: Readonly<Record<string, readonly [group: number, version: number]>> = {
  '/v1': [18_000, 1],
  'apps/v1': [17_800, 15],
  'events.k8s.io/v1': [17_750, 15],
  'authentication.k8s.io/v1': [17_700, 15],
  'authorization.k8s.io/v1': [17_600, 15],
  'autoscaling/v1': [17_500, 15],
  'autoscaling/v2': [17_500, 30],
  'batch/v1': [17_400, 15],
  'certificates.k8s.io/v1': [17_300, 15],
  'networking.k8s.io/v1': [17_200, 15],
  'policy/v1': [17_100, 15],
  'rbac.authorization.k8s.io/v1': [17_000, 15],
  'storage.k8s.io/v1': [16_800, 15],
  'apiextensions.k8s.io/v1': [16_700, 15],
  'admissionregistration.k8s.io/v1': [16_700, 15],
  'scheduling.k8s.io/v1': [16_600, 15],
  'coordination.k8s.io/v1': [16_500, 15],
  'node.k8s.io/v1': [16_300, 15],
  'discovery.k8s.io/v1': [16_200, 15],
  'flowcontrol.apiserver.k8s.io/v1': [16_100, 21],
  'resource.k8s.io/v1': [15_900, 20],
}
const customPriorities = [1_000, 100] as const

function localService(group: string, version: string, [groupPriorityMinimum, versionPriority]: readonly [number, number], managed: 'onstart' | 'true'): APIService {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [automanagedLabel]: managed } },
    spec: { ...(group === '' ? {} : { group }), version, groupPriorityMinimum, versionPriority },
  }
}

/** The APIServices that this server should have at present, by name; of custom resources only, or all. */
function wantedServices(resources: Resources, customOnly: boolean): Map<string, APIService> {
  const wanted = new Map<string, APIService>()
  for (const { kind: { group, version, custom } } of resources.all()) {
    const name = `${version}.${group}`
    const known = Object.hasOwn(priorities, `${group}/${version}`) ? priorities[`${group}/${version}`] : undefined
    if (known && !customOnly) wanted.set(name, localService(group, version, known, 'onstart'))
    else if (!known && custom && !wanted.has(name)) wanted.set(name, localService(group, version, customPriorities, 'true'))
  }
  return wanted
}

/** Writes the APIServices of everything that the server answers itself, and takes away those of custom resources that are gone.
 *  An APIService that somebody has taken over (its label is gone, or says something else) is left alone. */
export async function reconcileApiServices(own: OwnObjects, resources: Resources, customOnly = false): Promise<void> {
  const { cache } = resources.storeOf(apiServiceKind.group, apiServiceKind.plural)
  const wanted = wantedServices(resources, customOnly)
  const stale: string[] = []
  cache.scan(undefined, ({ metadata }) => {
    if (metadata.labels?.[automanagedLabel] === 'true' && !wanted.has(metadata.name)) stale.push(metadata.name)
    return true
  })
  await Promise.all([
    ...[...wanted.values()].map((service) => own.reconcile(apiServiceKind, service, (current) => {
      const managed = current.metadata.labels?.[automanagedLabel]
      if (managed !== 'onstart' && managed !== 'true') return undefined
      const spec = { ...service.spec! }
      return jsonEqual(current.spec, spec) && managed === service.metadata.labels![automanagedLabel] ? undefined : { ...current, metadata: { ...current.metadata, labels: { ...current.metadata.labels, ...service.metadata.labels } }, spec }
    })),
    ...stale.map((name) => own.remove(apiServiceKind as unknown as Kind, name)),
  ])
}

/** Does so again for custom resources whenever kinds come or go, or somebody deletes an APIService of theirs. Those of the server's own
 *  groups come back when it starts again, as upstream. */
export function keepApiServices(process: Process, own: OwnObjects, resources: Resources): void {
  let isDue = false
  const changed = (): void => {
    if (isDue) return
    isDue = true
    process.clock.after(0, () => {
      isDue = false
      void reconcileApiServices(own, resources, true).catch((error: unknown) => {
        if (!process.scope.closed) process.journal.error('Unable to register API services', { err: statusOf(error).message })
      })
    })
  }
  resources.onChange(changed)
  resources.storeOf(apiServiceKind.group, apiServiceKind.plural).cache.onChange((event) => {
    if (event?.type === 'DELETED' && event.object.metadata.labels?.[automanagedLabel] === 'true') changed()
  })
}
