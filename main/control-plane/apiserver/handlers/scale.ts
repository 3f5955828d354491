/** The scale subresource of any kind that declares where its replicas are. */
import type { Subresource } from '../../../api/kinds/kind.ts'
import { apiVersionOf, defineKind } from '../../../api/kinds/kind.ts'
import { fieldInvalid, mustNotBeNegative } from '../../../api/machinery/field-error.ts'
import { cloneJson, isObject } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { trackUpdate } from '../../../api/machinery/server-side-apply/field-manager.ts'
import { badRequest, conflict, internalError, invalid, unsupportedMediaType } from '../../../api/machinery/status-error.ts'
import { negotiateOutput } from '../negotiation/output.ts'
import { decodeObject } from '../negotiation/request-body.ts'
import { mergeTypeFor } from '../registry/field-management.ts'
import type { ServedResource } from '../registry/resources.ts'
import { parentEntries, scaleEntries } from '../registry/scale-fields.ts'
import { View } from '../registry/view.ts'
import { answer } from './answer.ts'
import { withNameChecked } from './names.ts'
import { writeQueryOf } from './options.ts'
import { patchTypeOf, patchTypes, readPatch } from './patch.ts'
import { storedOf } from './read.ts'
import type { ApiRequest } from './request.ts'

type ScaleSubresource = Extract<Subresource<KubeObject>, { type: 'scale' }>

/** autoscaling/v1 Scale, as a kind that is never stored. */
export const scaleKind = defineKind<KubeObject>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  plural: 'scales',
  namespaced: true,
  schema: 'io.k8s.api.autoscaling.v1.Scale',
  strategy: { validateName: () => [] },
})

interface Scale extends KubeObject {
  spec?: { replicas?: number }
  status?: { replicas: number; selector?: string }
}

const scaleResource: ServedResource = { kind: scaleKind, view: new View(scaleKind), stored: undefined }

export async function readScale(request: ApiRequest, resource: ServedResource, subresource: ScaleSubresource): Promise<void> {
  const { info, exchange } = request
  const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: ['Table', 'PartialObjectMetadata'] })
  const object = await storedOf(resource).reader.get(info.namespace, info.name, info.query.get('resourceVersion'))
  if (subresource.requires !== undefined && valueAt(object, subresource.specReplicas) === undefined) throw internalError(`the spec replicas field ${JSON.stringify(subresource.requires)} does not exist`)
  answer(request, 200, form, scaleKind, scaleOf(object, subresource))
}

export async function writeScale(request: ApiRequest, resource: ServedResource, subresource: ScaleSubresource): Promise<void> {
  const { info, exchange, context } = request
  const { store } = storedOf(resource)
  const form = negotiateOutput(exchange.request.headers, info.query, { byReference: exchange.byReference, transforms: ['Table', 'PartialObjectMetadata'] })
  const type = info.verb === 'patch' ? patchTypeOf(exchange.request) : undefined
  if (info.verb === 'patch' && !type) throw unsupportedMediaType(Object.keys(patchTypes))
  const query = writeQueryOf(info.query, type ? 'PatchOptions' : 'UpdateOptions', context.userAgent, type === 'apply')
  const replicasField = { apiVersion: apiVersionOf(resource.kind), path: subresource.specReplicas }
  let wanted: (current: Scale) => Scale
  if (type) {
    const patch = readPatch(exchange.request, type, scaleResource, { subresource: 'scale' }, { ...query, warnings: context.warnings, name: info.name, namespace: info.namespace, timestamp: context.timestamp })
    wanted = (current) => patch(current) as Scale
  } else {
    const given = decodeObject(exchange.request, scaleKind, { validation: query.fieldValidation, warnings: context.warnings }) as Scale
    withNameChecked(given, info.name, info.namespace)
    wanted = () => given
  }
  const updated = await store.update(context, info.namespace, info.name, {
    subresource: 'scale',
    mayCreate: false,
    reviewed: {
      of: (object) => scaleOf(object, subresource),
      into: (body, object) => setAt(object as unknown as JsonObject, subresource.specReplicas, (body as Scale).spec?.replicas ?? 0),
    },
    transform: (current) => {
      const object = cloneJson(current!)
      const live = scaleOf(current!, subresource)
      const owners = scaleEntries(current!.metadata.managedFields, replicasField)
      if (owners) live.metadata.managedFields = owners
      const made = wanted(live)
      const scale = type === 'apply' ? made : trackUpdate({ live, updated: made, manager: query.fieldManager, subresource: 'scale', type: mergeTypeFor(scaleKind), timestamp: context.timestamp })
      if (scale.metadata.uid && scale.metadata.uid !== current!.metadata.uid) throw conflict({ group: resource.kind.group, resource: `${resource.kind.plural}/scale` }, info.name, `Precondition failed: UID in precondition: ${scale.metadata.uid}, UID in object meta: ${current!.metadata.uid}`)
      if (scale.metadata.resourceVersion && scale.metadata.resourceVersion !== current!.metadata.resourceVersion) throw conflict(store.groupResource, info.name)
      const replicas = scale.spec?.replicas ?? 0
      if (typeof replicas !== 'number' || !Number.isInteger(replicas)) throw badRequest('Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32')
      if (replicas < 0) throw invalid({ group: 'autoscaling', kind: 'Scale' }, info.name, [fieldInvalid('spec.replicas', replicas, mustNotBeNegative)])
      setAt(object as unknown as JsonObject, subresource.specReplicas, replicas)
      const entries = parentEntries(current!.metadata.managedFields, scale.metadata.managedFields, replicasField)
      if (entries) object.metadata.managedFields = entries
      else delete object.metadata.managedFields
      return object
    },
  }, { ...query, managed: true })
  answer(request, 200, form, scaleKind, scaleOf(updated.object, subresource))
}

function scaleOf(object: KubeObject, subresource: ScaleSubresource): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = subresource.selector(object)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace ? { namespace } : {}), uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, subresource.specReplicas) },
    status: { replicas: numberAt(object, subresource.statusReplicas), ...(selector === '' ? {} : { selector }) },
  }
}

function numberAt(object: KubeObject, path: string): number {
  const value = valueAt(object, path)
  return typeof value === 'number' ? value : 0
}

function valueAt(object: KubeObject, path: string): unknown {
  let value: unknown = object
  for (const name of steps(path)) value = isObject(value) ? value[name] : undefined
  return value
}

function setAt(object: JsonObject, path: string, value: number): void {
  const names = steps(path)
  let at = object
  for (const name of names.slice(0, -1)) {
    if (!isObject(at[name])) at[name] = {}
    at = at[name] as JsonObject
  }
  at[names[names.length - 1]!] = value
}

/** `spec.replicas`, or `.spec.replicas` as custom resources write it. */
function steps(path: string): string[] {
  return path.split('.').filter((step) => step !== '')
}
