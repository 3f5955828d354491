import { defineController } from '../../../api/client/controller.ts'
import type { Informer } from '../../../api/client/contract.ts'
import type { ResourceQuota } from '../../../api/generated/types.ts'
import { resourceQuotaKind } from '../../../api/kinds/core/resource-quota.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import { quotaEvaluator } from '../../../api/kinds/quota/evaluator.ts'
import { builtInKinds } from '../../../api/kinds/registry.ts'
import { jsonEqual } from '../../../api/machinery/equality.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { keyOf, splitKey } from '../../../api/machinery/object.ts'
import type { CountedResource } from './recount.ts'
import { recount, resourcesOf } from './recount.ts'

/** --resource-quota-sync-period: everything is counted again, for what no watch tells. */
const syncPeriodMs = 5 * 60_000
const notYetMs = 50

/** Counts what a quota's namespace uses, when the quota is made or changed, when something goes, and every five minutes: admission only ever
 *  adds. Follows pkg/controller/resourcequota; a kind is watched once a quota names it; custom resources are counted by listing. */
export const resourceQuotaController = defineController({
  name: 'resourcequota-controller',
  noun: 'resourcequota',
  workers: 5,
  setUp({ client, informers, process }, queue) {
    const quotas = informers.of(resourceQuotaKind)
    const watched = new Map<string, Informer<KubeObject>>()
    quotas.onChange({
      added: (quota) => queue.add(keyOf(quota)),
      updated: (quota, old) => {
        if (!jsonEqual(quota.spec, old.spec)) queue.add(keyOf(quota))
      },
    })

    /** Those quotas of the namespace that limit what the object uses. */
    const replenish = ({ group, plural }: CountedResource, namespace: string): void => {
      for (const quota of quotas.list(namespace)) if (resourcesOf(quota.spec?.hard ?? {}).some((each) => each.group === group && each.plural === plural)) queue.add(keyOf(quota))
    }
    const watch = (resource: CountedResource): Informer<KubeObject> | undefined => {
      const key = `${resource.plural}.${resource.group}`
      const known = watched.get(key)
      if (known) return known
      const kind = builtInKinds.find((each: Kind) => each.group === resource.group && each.plural === resource.plural && each.namespaced && each.storagePrefix !== undefined)
      if (!kind) return undefined
      const informer = informers.of(kind)
      watched.set(key, informer)
      const evaluator = quotaEvaluator(resource.group, resource.plural)
      informer.onChange({
        deleted: ({ metadata }) => replenish(resource, metadata.namespace ?? ''),
        updated(object, old) {
          if (quotas.list(object.metadata.namespace).length === 0) return
          const now = process.clock.now()
          if (!jsonEqual(evaluator.usage(object, now), evaluator.usage(old, now))) replenish(resource, object.metadata.namespace ?? '')
        },
      })
      informers.start()
      return informer
    }

    return async (key) => {
      const { namespace, name } = splitKey(key)
      const quota = quotas.get(namespace, name)
      if (!quota) return undefined
      const lists = new Map<CountedResource, readonly KubeObject[] | undefined>()
      const resources = resourcesOf(quota.spec?.hard ?? {})
      for (const resource of resources) {
        const informer = watch(resource)
        if (informer && !informer.synced) return { againAfterMs: notYetMs }
        lists.set(resource, informer ? informer.list(namespace) : await listed(resource, namespace))
      }
      const status = recount(quota, ({ group, plural }) => lists.get(resources.find((each) => each.group === group && each.plural === plural)!), process.clock.now())
      if (status) await client.update<ResourceQuota>(resourceQuotaKind, { ...quota, status }, { subresource: 'status' })
      return { againAfterMs: syncPeriodMs }
    }

    /** All objects of a resource that is no built-in kind; undefined when there is no such resource. */
    async function listed({ group, plural }: CountedResource, namespace: string): Promise<readonly KubeObject[] | undefined> {
      if (group === '') return undefined
      const found = await client.raw('GET', `/apis/${group}`).catch(() => undefined)
      const version = found?.status === 200 ? (bodyOf(found.body) as { preferredVersion?: { version?: string } }).preferredVersion?.version : undefined
      if (version === undefined) return undefined
      const list = await client.raw('GET', `/apis/${group}/${version}/namespaces/${namespace}/${plural}`).catch(() => undefined)
      return list?.status === 200 ? (bodyOf(list.body) as { items?: KubeObject[] }).items : undefined
    }
  },
})

function bodyOf(body: unknown): unknown {
  return body instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(body)) : body
}
