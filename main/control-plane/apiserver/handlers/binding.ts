import type { Binding, Pod } from '../../../api/generated/types.ts'
import { fieldNotSupported, fieldRequired, fieldPath } from '../../../api/machinery/field-error.ts'
import type { FieldError } from '../../../api/machinery/field-error.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { cloneJson } from '../../../api/machinery/json-value.ts'
import { badRequest, conflict, invalid } from '../../../api/machinery/status-error.ts'
import { formatTime } from '../../../api/machinery/time.ts'
import { bindingKind } from '../../../api/kinds/core/binding.ts'
import type { Kind } from '../../../api/kinds/kind.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import { decodeObject } from '../negotiation/request-body.ts'
import type { Parts } from '../parts.ts'
import { respondWith } from './answer.ts'
import { createOptions, writeQueryOf } from './options.ts'
import type { ApiRequest } from './request.ts'
import { checkNamespace } from './names.ts'

/** Assigns a pod to a node: what the scheduler does. Serves `pods/binding`, and the older `bindings`. */
export function bindPod({ resources, process, admission }: Parts): (request: ApiRequest) => Promise<void> {
  const { store } = resources.storeOf('', 'pods')
  const podKind = store.kind
  return async (request) => {
    const { info, exchange, context } = request
    const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: [] })
    const query = writeQueryOf(info.query, 'CreateOptions', context.userAgent)
    const binding = decodeObject(exchange.request, bindingKind as unknown as Kind, { validation: query.fieldValidation, warnings: context.warnings }) as unknown as Binding
    checkNamespace(binding, info.namespace)
    binding.metadata.name ||= info.name
    const { name } = binding.metadata
    if (info.name !== '' && name !== info.name) throw badRequest(`name in URL does not match name in Binding object`)
    const errors = bindingErrors(binding)
    if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, name, errors)
    const resource = { group: '', resource: 'pods/binding' }
    const attributes: AdmissionAttributes = { operation: 'CREATE', kind: podKind, subresource: 'binding', name, namespace: info.namespace, object: binding, oldObject: undefined, dryRun: query.dryRun, context, options: createOptions(query) }
    await admission.admit(attributes)
    await admission.validate(attributes)
    await store.update(context, info.namespace, name, {
      subresource: 'binding',
      keepsGeneration: true,
      mayCreate: false,
      reviewed: 'done',
      strategy: {},
      transform: (current) => {
        const pod = cloneJson(current as Pod)
        const refuse = (message: string): Error => conflict(resource, name, message)
        if (binding.metadata.uid && binding.metadata.uid !== pod.metadata.uid) throw refuse(`Precondition failed: UID in precondition: ${binding.metadata.uid}, UID in object meta: ${pod.metadata.uid}`)
        if (binding.metadata.resourceVersion && binding.metadata.resourceVersion !== pod.metadata.resourceVersion) throw conflict(resource, name)
        if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
        if (pod.spec?.nodeName) throw refuse(`pod ${name} is already assigned to node ${quote(pod.spec.nodeName)}`)
        if (pod.spec?.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
        pod.spec!.nodeName = binding.target.name
        if (binding.metadata.labels) pod.metadata.labels = { ...pod.metadata.labels, ...binding.metadata.labels }
        if (binding.metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations }
        const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled')
        pod.status = { ...pod.status, conditions: [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime: formatTime(process.clock.now()), ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }) }] }
        return pod
      },
      // Upstream writes bindings past the field manager: nobody comes to own spec.nodeName.
    }, { ...query, managed: true })
    respondWith(request, 201, form, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
  }
}

function bindingErrors({ target }: Binding): FieldError[] {
  const errors: FieldError[] = []
  if (target?.kind && target.kind !== 'Node') errors.push(fieldNotSupported(fieldPath('target', 'kind'), target.kind, ['Node', '<empty>']))
  if (!target?.name) errors.push(fieldRequired(fieldPath('target', 'name')))
  return errors
}
