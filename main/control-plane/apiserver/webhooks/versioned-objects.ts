/** The objects of a request in the form that a webhook or policy asked for, and back into the form that the registry works on. */
import type { Kind } from '../../../api/kinds/kind.ts'
import { DecodeError } from '../../../api/machinery/codec/json.ts'
import { decodeTyped } from '../../../api/machinery/codec/typed.ts'
import { cloneJson, setOwn } from '../../../api/machinery/json-value.ts'
import type { JsonObject } from '../../../api/machinery/json-value.ts'
import type { GroupVersionKind, KubeObject } from '../../../api/machinery/object.ts'
import { schemaOf } from '../../../api/machinery/schema.ts'
import { decodeManagedFields } from '../../../api/machinery/server-side-apply/managed-fields.ts'
import { internalError } from '../../../api/machinery/status-error.ts'
import type { AdmissionAttributes } from '../admission/admission.ts'

/** What a request's objects are, at one endpoint. */
export interface Form extends GroupVersionKind {
  /** Name of the definition; '' where there is none. */
  readonly schema: string
  /** Absent for what has no kind of its own here: the body of a subresource. */
  readonly own?: Kind
}

const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale', schema: 'io.k8s.api.autoscaling.v1.Scale' }

/** The form of what an endpoint is given: the kind itself, or the body of a subresource. */
export function formOf(kind: Kind, subresource: string, body: KubeObject | undefined): Form {
  const own: Form = { group: kind.group, version: kind.version, kind: kind.kind, schema: kind.schema, own: kind }
  if (subresource === '' || subresource === 'status') return own
  const found = kind.subresources.find((each) => (each.type === 'named' ? each.name : each.type) === subresource)
  if (found?.type === 'scale') return scale
  if (found?.type !== 'named') return own
  if (found.body) return found.body
  if (body?.kind === undefined || body.kind === kind.kind) return own
  // The options of a connection.
  return { group: '', version: 'v1', kind: body.kind, schema: `io.k8s.api.core.v1.${body.kind}` }
}

/** One form of a request's objects. */
export interface Versioned {
  readonly form: Form
  /** The endpoint that was matched. */
  readonly kind: Kind
  /** Private: whoever changes the object puts another in its place. */
  object: KubeObject | undefined
  readonly oldObject: KubeObject | undefined
  /** Whether `object` is not what the attributes hold. */
  dirty: boolean
}

/** Makes the forms of one request's objects. Throws internal errors where a conversion fails. */
export class VersionedObjects {
  readonly #attributes: AdmissionAttributes
  readonly #known = new Map<Kind, Versioned>()

  constructor(attributes: AdmissionAttributes) {
    this.#attributes = attributes
  }

  /** The objects as the endpoint `kind` has them. */
  async as(kind: Kind): Promise<Versioned> {
    const known = this.#known.get(kind)
    if (known) return known
    const { object, oldObject, subresource } = this.#attributes
    const form = formOf(kind, subresource, object)
    const made: Versioned = { form, kind, dirty: false, object: object && (form.own ? await this.#convert(object, kind) : object), oldObject: oldObject && (form.own ? await this.#convert(oldObject, kind) : oldObject) }
    this.#known.set(kind, made)
    return made
  }

  /** Puts a changed form back into the attributes' object; other forms are made anew when they are asked for. */
  async keep(changed: Versioned): Promise<void> {
    const { object } = this.#attributes
    if (!changed.dirty || !object || !changed.object) return
    replaceContents(object, changed.form.own ? await this.#back(changed.object, changed.kind) : changed.object)
    for (const [kind, each] of this.#known) if (each !== changed) this.#known.delete(kind)
  }

  async #convert(object: KubeObject, kind: Kind): Promise<KubeObject> {
    const from = this.#attributes.kind
    if (kind === from || (kind.group === from.group && kind.version === from.version && kind.kind === from.kind)) return object
    if (kind.storedAs) return kind.storedAs.fromStored(object)
    if (!from.custom || !kind.custom) return object
    // Conversions are remembered per object, and this one may still change.
    const source = cloneJson(object)
    await from.custom.prepareToStored?.(source)
    const stored = from.custom.toStored(source)
    await kind.custom.prepareFromStored?.([stored])
    return kind.custom.fromStored(stored)
  }

  async #back(object: KubeObject, kind: Kind): Promise<KubeObject> {
    const to = this.#attributes.kind
    if (kind === to || (kind.group === to.group && kind.version === to.version && kind.kind === to.kind)) return object
    if (kind.storedAs) return kind.storedAs.toStored(object)
    if (!kind.custom || !to.custom) return object
    const source = cloneJson(object)
    await kind.custom.prepareToStored?.(source)
    const stored = kind.custom.toStored(source)
    await to.custom.prepareFromStored?.([stored])
    return cloneJson(to.custom.fromStored(stored))
  }
}

/** A changed object, read as its form is read from clients, with its defaults. Unknown fields go. Throws internal errors. */
export function readAs(value: JsonObject, { own, schema, group, version, kind }: Form): KubeObject {
  try {
    if (own?.custom) return cloneJson(own.custom.decode(value).object) as unknown as KubeObject
    const definition = schemaOf(schema)
    const object = cloneJson(definition ? decodeTyped<KubeObject>(value, definition).object : (value as unknown as KubeObject))
    object.apiVersion = group === '' ? version : `${group}/${version}`
    object.kind = kind
    own?.strategy.defaults?.(object)
    return object
  } catch (error) {
    if (error instanceof DecodeError) throw internalError(error.message)
    throw error
  }
}

/** Puts managedFields back that can't be read any more: no plugin may break them, though any may take them away. */
function withReadableOwners(source: KubeObject, before: KubeObject): KubeObject {
  const { managedFields } = source.metadata
  if (!managedFields || managedFields === before.metadata.managedFields) return source
  try {
    decodeManagedFields(managedFields)
    return source
  } catch {
    return { ...source, metadata: { ...source.metadata, managedFields: before.metadata.managedFields ?? [] } }
  }
}

/** Makes an object what another is, keeping its identity and that of its metadata: others hold on to both. */
export function replaceContents(target: KubeObject, source: KubeObject): void {
  // The options of a connection have no metadata.
  const metadata = target.metadata as KubeObject['metadata'] | undefined
  if (metadata) become(metadata as unknown as JsonObject, (source.metadata ? withReadableOwners(source, target).metadata : {}) as unknown as JsonObject)
  become(target as unknown as JsonObject, (metadata ? { ...source, metadata } : source) as unknown as JsonObject)
}

function become(target: JsonObject, source: JsonObject): void {
  if (target === source) return
  for (const key of Object.keys(target)) if (!(key in source)) delete target[key]
  for (const key of Object.keys(source)) setOwn(target, key, source[key])
}
