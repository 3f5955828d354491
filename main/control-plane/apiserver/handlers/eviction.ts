import type { Eviction, Pod, PodDisruptionBudget } from '../../../api/generated/types.ts'
import { withCondition } from '../../../api/machinery/conditions.ts'
import { listText } from '../../../api/machinery/go-text.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import { matchesSelector, selectorOf } from '../../../api/machinery/labels.ts'
import { badRequest, conflict, failure, isConflict, StatusError } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import { decodeObject } from '../negotiation/request-body.ts'
import type { Parts } from '../parts.ts'
import type { DeleteOptions } from '../registry/delete-options.ts'
import type { ServedResource } from '../registry/resources.ts'
import { respondWith } from './answer.ts'
import { goesUncounted, mayBecomeReady, needsNoBudget, spend, stillProcessed } from './eviction-budget.ts'
import { createOptions, writeQueryOf } from './options.ts'
import type { ApiRequest } from './request.ts'
import { checkNamespace } from './names.ts'

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction', schema: 'io.k8s.api.policy.v1.Eviction' }
const attemptsMax = 20
const retryMs = 500
const podResource = { group: '', resource: 'Pod' }

/** Deletes a pod if the disruption budget that covers it allows it; 429 when it does not, 500 when there are several. */
export function evictPod({ resources, process, admission }: Parts): (request: ApiRequest, resource: ServedResource) => Promise<void> {
  const pods = resources.storeOf('', 'pods').store
  return async (request, { kind }) => {
    const { info, exchange, context } = request
    const { namespace, name } = info
    const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: [] })
    const query = writeQueryOf(info.query, 'CreateOptions', context.userAgent)
    const eviction = decodeObject(exchange.request, evictionKind, { validation: query.fieldValidation, warnings: context.warnings }) as Eviction
    checkNamespace(eviction, namespace)
    if (eviction.metadata.name !== name) throw badRequest('name in URL does not match name in Eviction object')
    const attributes: AdmissionAttributes = { operation: 'CREATE', kind, subresource: 'eviction', name, namespace, object: eviction, oldObject: undefined, dryRun: query.dryRun, context, options: createOptions(query) }
    await admission.admit(attributes)
    const options = optionsOf(eviction, query.dryRun)
    const dryRun = (options.dryRun?.length ?? 0) > 0
    await admission.validate(attributes)
    const pod = await evictAtOnce()
    if (pod) await evictWithinBudget(pod)
    respondWith(request, 201, form, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })

    /** Deletes a pod that no budget counts; answers any other. */
    async function evictAtOnce(): Promise<Pod | undefined> {
      for (let attempt = 1; ; attempt++) {
        const found = (await pods.get(namespace, name)) as Pod
        if (!needsNoBudget(found)) return found
        try {
          await markAndDelete(mayBecomeReady(found) ? unlessChanged(options, found) : options)
          return undefined
        } catch (error) {
          if (!isConflict(error) || options.preconditions?.resourceVersion || attempt >= attemptsMax) throw error
          await process.clock.sleep(retryMs)
        }
      }
    }

    async function evictWithinBudget(evicted: Pod): Promise<void> {
      const budget = budgetOf(evicted)
      if (!budget) return markAndDelete(options)
      if (!goesUncounted(evicted, budget)) {
        await spendOf(budget)
        return markAndDelete(options)
      }
      try {
        await markAndDelete(unlessChanged(options, evicted))
      } catch (error) {
        // It became ready meanwhile, perhaps: the client shall ask again.
        throw isConflict(error) && !options.preconditions?.resourceVersion ? stillProcessed(budget.metadata.name) : error
      }
    }

    /** The one budget that covers the pod. */
    function budgetOf(evicted: Pod): PodDisruptionBudget | undefined {
      const covering: PodDisruptionBudget[] = []
      resources.ofGroup('policy', 'poddisruptionbudgets')?.stored?.cache.scan(namespace, (object) => {
        const budget = object as PodDisruptionBudget
        if (matchesSelector(selectorOf(budget.spec?.selector), evicted.metadata.labels)) covering.push(budget)
        return true
      })
      if (covering.length > 1) throw new StatusError(failure(500, '', 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'))
      return covering[0]
    }

    async function spendOf(budget: PodDisruptionBudget): Promise<void> {
      const timestamp = formatTime(process.clock.now())
      if (dryRun) {
        spend(cloneJson(budget), name, timestamp)
        return
      }
      await resources.storeOf('policy', 'poddisruptionbudgets').store.update(
        context,
        namespace,
        budget.metadata.name,
        { subresource: 'status', keepsGeneration: true, mayCreate: false, strategy: {}, transform: (current) => spend(cloneJson(current as PodDisruptionBudget), name, timestamp) },
        { dryRun: false, fieldManager: 'kube-apiserver' },
      )
    }

    /** Says on the pod why it goes, then deletes it; a precondition on its version goes on to the version that says so. */
    async function markAndDelete(given: DeleteOptions): Promise<void> {
      let deletion = given
      if (!dryRun) {
        const { object } = await pods.update(
          context,
          namespace,
          name,
          { subresource: 'status', keepsGeneration: true, mayCreate: false, strategy: {}, transform: (current) => marked(current as Pod, given) },
          // Upstream writes past the field manager here.
          { dryRun: false, fieldManager: query.fieldManager, managed: true },
        )
        if (given.preconditions?.resourceVersion) deletion = unlessChanged(given, object as Pod)
      }
      await pods.delete(context, namespace, name, deletion)
    }
  }

  function marked(current: Pod, { preconditions }: DeleteOptions): Pod {
    const { uid = '', resourceVersion = '' } = current.metadata
    const refuse = (message: string): StatusError => conflict(podResource, current.metadata.name, message)
    if (preconditions?.uid && preconditions.uid !== uid) throw refuse(`the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`)
    if (preconditions?.resourceVersion && preconditions.resourceVersion !== resourceVersion) {
      throw refuse(`the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`)
    }
    const pod = cloneJson(current)
    const condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }
    pod.status = { ...pod.status, conditions: withCondition(pod.status?.conditions, condition, formatTime(process.clock.now())) }
    return pod
  }
}

/** The options of the deletion. `dryRun` may stand in the request or in the body; in both it must be the same. */
function optionsOf({ deleteOptions }: Eviction, dryRun: boolean): DeleteOptions {
  const options = (deleteOptions ?? {}) as DeleteOptions
  if (!dryRun) return options
  const inBody = options.dryRun ?? []
  if (inBody.length > 0 && (inBody.length !== 1 || inBody[0] !== 'All')) throw new StatusError(failure(500, '', `Non-matching dry-run options in request and content: [All] and ${listText(inBody)}`))
  return { ...options, dryRun: ['All'] }
}

/** The same options, for this version of the pod only. A version that the client named stays. */
function unlessChanged(options: DeleteOptions, { metadata }: Pod): DeleteOptions {
  return { ...options, preconditions: { ...options.preconditions, resourceVersion: metadata.resourceVersion ?? '' } }
}
