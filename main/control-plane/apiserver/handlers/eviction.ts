import type { Eviction, Pod, PodDisruptionBudget } from '../../../api/generated/types.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import { matchesSelector, selectorOf } from '../../../api/machinery/labels.ts'
import { badRequest, internalError, tooManyRequests } from '../../../api/machinery/status-error.ts'
import { formatTime, parseTime } from '../../../api/machinery/time.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import { decodeObject } from '../negotiation/request-body.ts'
import type { Parts } from '../parts.ts'
import type { DeleteOptions } from '../registry/delete-options.ts'
import { respondWith } from './answer.ts'
import { writeQueryOf } from './options.ts'
import type { ApiRequest } from './request.ts'
import { checkNamespace } from './write.ts'

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction', schema: 'io.k8s.api.policy.v1.Eviction' }

/** Deletes a pod if the disruption budgets that cover it allow it; 429 when they do not. */
export function evictPod({ resources, process }: Parts): (request: ApiRequest) => Promise<void> {
  const pods = resources.storeOf('', 'pods').store
  return async (request) => {
    const { info, exchange, context } = request
    const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: [] })
    const query = writeQueryOf(info.query, 'CreateOptions', context.userAgent)
    const eviction = decodeObject(exchange.request, evictionKind, { validation: query.fieldValidation, warnings: context.warnings }) as Eviction
    checkNamespace(eviction, info.namespace)
    if (eviction.metadata.name && eviction.metadata.name !== info.name) throw badRequest('name in URL does not match name in Eviction object')
    const pod = (await pods.get(info.namespace, info.name)) as Pod
    const options: DeleteOptions = { ...(eviction.deleteOptions as DeleteOptions | undefined), ...(query.dryRun ? { dryRun: ['All'] } : {}) }
    if (!canIgnoreBudgets(pod)) await spendBudget(pod, options)
    await pods.delete(context, info.namespace, info.name, options)
    respondWith(request, 201, form, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })

    async function spendBudget(evicted: Pod, { dryRun }: DeleteOptions): Promise<void> {
      const served = resources.ofGroup('policy', 'poddisruptionbudgets')?.stored
      if (!served) return
      const covering: PodDisruptionBudget[] = []
      served.cache.scan(info.namespace, (object) => {
        const budget = object as PodDisruptionBudget
        if (matchesSelector(selectorOf(budget.spec?.selector), evicted.metadata.labels)) covering.push(budget)
        return true
      })
      if (covering.length === 0) return
      if (covering.length > 1) throw internalError('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.')
      const { name } = covering[0]!.metadata
      await served.store.update(context, info.namespace, name, {
        subresource: 'status',
        keepsGeneration: true,
        mayCreate: false,
        strategy: {},
        transform: (current) => {
          const budget = cloneJson(current as PodDisruptionBudget)
          const status = (budget.status ??= { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 })
          if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
            throw tooManyRequests('Cannot evict pod as it would violate the pod\'s disruption budget.', 10, [{ reason: 'DisruptionBudget', message: `The disruption budget ${name} is still being processed by the server.` }])
          }
          const allowed = status.disruptionsAllowed ?? 0
          if (allowed <= 0) {
            throw tooManyRequests('Cannot evict pod as it would violate the pod\'s disruption budget.', 0, [{ reason: 'DisruptionBudget', message: `The disruption budget ${name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently` }])
          }
          status.disruptionsAllowed = allowed - 1
          if (!dryRun?.length) status.disruptedPods = { ...recent(status.disruptedPods), [info.name]: formatTime(process.clock.now()) }
          return budget
        },
      }, { dryRun: (dryRun?.length ?? 0) > 0, fieldManager: query.fieldManager })
    }
  }

  function recent(disrupted: Readonly<Record<string, string>> | undefined): Record<string, string> {
    const since = process.clock.now() - 120_000
    return Object.fromEntries(Object.entries(disrupted ?? {}).filter(([, time]) => (parseTime(time) ?? 0) > since))
  }
}

/** Pods that have ended, have not begun, or are going anyway disturb nobody. */
function canIgnoreBudgets({ status, metadata }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed' || status?.phase === 'Pending' || metadata.deletionTimestamp !== undefined
}
