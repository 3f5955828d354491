import type { ResourceQuota } from '../../../api/generated/types.ts'
import { addAmounts, amountsText, maskAmounts, namesAbove, negativeNames, subtractDownToZero, withoutZeros } from '../../../api/kinds/quota/amounts.ts'
import type { Amounts } from '../../../api/kinds/quota/amounts.ts'
import { quotaEvaluator, quotaMatches } from '../../../api/kinds/quota/evaluator.ts'
import type { QuotaEvaluator } from '../../../api/kinds/quota/evaluator.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { isNotFound } from '../../../api/machinery/status-error.ts'
import type { RequestContext } from '../request-context.ts'
import type { Store } from '../registry/store.ts'
import { refused } from './admission.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'

export interface ResourceQuotaParts {
  /** The quotas' store, when they are served. */
  readonly quotas: () => Store | undefined
  /** The server's own context, in which usage is written. */
  readonly context: () => RequestContext
  /** Virtual ms since the epoch. */
  readonly now: () => number
}

/** Kinds that quotas say nothing of, as nothing would end with them or they are never stored. */
const ignored: ReadonlySet<string> = new Set(['events.', 'events.events.k8s.io', 'namespaces.', 'localsubjectaccessreviews.authorization.k8s.io'])

/** Refuses what a namespace's quotas do not leave room for, and charges what they do before it is written. What is freed is found by the
 *  quota controller. Follows upstream's ResourceQuota admission; concurrent charges meet in the quota's resourceVersion. */
export function resourceQuotaAdmission(parts: ResourceQuotaParts): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    handles: ({ kind, operation, subresource, namespace }) =>
      namespace !== '' && (operation === 'CREATE' || operation === 'UPDATE') && !ignored.has(`${kind.plural}.${kind.group}`) && quotaEvaluator(kind.group, kind.plural).handles(operation, subresource),
    validate(attributes) {
      const store = parts.quotas()
      if (!store || store.cache.count(attributes.namespace) === 0) return undefined
      const quotas: ResourceQuota[] = []
      store.cache.scan(attributes.namespace, (object) => quotas.push(object as ResourceQuota) > 0)
      return charge(attributes, store, quotas)
    },
  }

  async function charge(attributes: AdmissionAttributes, store: Store, quotas: readonly ResourceQuota[]): Promise<void> {
    const evaluator = quotaEvaluator(attributes.kind.group, attributes.kind.plural)
    // Nothing is charged before every quota was asked.
    const concerned = quotas.filter((quota) => chargeFor(attributes, evaluator, quota) !== undefined)
    if (attributes.dryRun) return
    for (const { metadata } of concerned) {
      try {
        await store.update(parts.context(), metadata.namespace ?? '', metadata.name, {
          subresource: 'status',
          keepsGeneration: true,
          mayCreate: false,
          strategy: {},
          transform(current) {
            const quota = current as ResourceQuota
            const used = chargeFor(attributes, evaluator, quota)
            return { ...quota, metadata: { ...quota.metadata }, ...(used ? { status: { ...quota.status, used } } : {}) } as KubeObject
          },
        }, { dryRun: false, fieldManager: 'kube-apiserver', managed: true })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  }

  /** What a quota's usage becomes; undefined when it is not about the object. Throws Forbidden when it has no room. */
  function chargeFor(attributes: AdmissionAttributes, evaluator: QuotaEvaluator, quota: ResourceQuota): Amounts | undefined {
    const { object, oldObject, operation } = attributes
    if (!object || !quotaMatches(quota, evaluator, object)) return undefined
    const { name } = quota.metadata
    const { hard = {}, used = {} } = quota.status ?? {}
    const restricted = evaluator.matching(Object.keys(hard))
    const constraint = evaluator.constraint?.(restricted, object)
    if (constraint !== undefined) throw refused(attributes, `failed quota: ${name}: ${constraint}`)
    if (restricted.some((resource) => used[resource] === undefined)) throw refused(attributes, `status unknown for quota: ${name}, resources: ${restricted.sort(compareBytes).join(',')}`)
    const usage = evaluator.usage(object, parts.now())
    const negative = negativeNames(usage)
    if (negative.length > 0) throw refused(attributes, `quota usage is negative for resource(s): ${negative.sort(compareBytes).join(',')}`)
    const before = operation === 'UPDATE' && oldObject && quotaMatches(quota, evaluator, oldObject) ? evaluator.usage(oldObject, parts.now()) : {}
    const requested = maskAmounts(withoutZeros(operation === 'UPDATE' ? subtractDownToZero(usage, before) : usage), Object.keys(hard))
    if (Object.keys(requested).length === 0) return undefined
    const charged = addAmounts(used, requested)
    const exceeded = namesAbove(maskAmounts(charged, Object.keys(requested)), hard)
    if (exceeded.length > 0) {
      const of = (amounts: Amounts): string => amountsText(maskAmounts(amounts, exceeded))
      throw refused(attributes, `exceeded quota: ${name}, requested: ${of(requested)}, used: ${of(used)}, limited: ${of(hard)}`)
    }
    return charged
  }
}
