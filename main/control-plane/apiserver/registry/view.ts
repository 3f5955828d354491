import type { Kind } from '../../../api/kinds/kind.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'

/** How a kind sees what is stored: as it is, or converted when the objects are kept in another kind's form. Conversions of
 *  shared objects are remembered, so that everybody gets the same one. */
export class View {
  readonly kind: Kind
  readonly #converted = new WeakMap<KubeObject, KubeObject>()

  constructor(kind: Kind) {
    this.kind = kind
  }

  /** Whether stored objects are served as they are. */
  get same(): boolean {
    return this.kind.storedAs === undefined
  }

  fromStored(object: KubeObject): KubeObject {
    const storedAs = this.kind.storedAs ?? this.kind.custom
    if (!storedAs) return object
    let converted = this.#converted.get(object)
    if (!converted) this.#converted.set(object, (converted = storedAs.fromStored(object)))
    return converted
  }

  toStored(object: KubeObject): KubeObject {
    return this.kind.storedAs ? this.kind.storedAs.toStored(object) : object
  }

  /** Has to be awaited, where it answers a promise, before `fromStored` of these objects. */
  prepare(objects: readonly KubeObject[]): Promise<void> | undefined {
    if (!this.kind.custom?.prepareFromStored) return undefined
    const unknown = objects.filter((object) => !this.#converted.has(object))
    return unknown.length === 0 ? undefined : this.kind.custom.prepareFromStored(unknown)
  }

  /** Whether objects may have to be prepared before they can be seen. */
  get needsPreparing(): boolean {
    return this.kind.custom?.prepareFromStored !== undefined
  }

  /** The text of a selectable field of an object in this kind's form; undefined for a field that can't be selected. */
  fieldText(object: KubeObject, field: string): string | undefined {
    if (field === 'metadata.name') return object.metadata.name
    if (field === 'metadata.namespace' && this.kind.namespaced) return object.metadata.namespace ?? ''
    return Object.hasOwn(this.kind.selectableFields, field) ? this.kind.selectableFields[field]!(object) : undefined
  }

  /** Whether a field may be selected. */
  selectable(field: string): boolean {
    return field === 'metadata.name' || (field === 'metadata.namespace' && this.kind.namespaced) || Object.hasOwn(this.kind.selectableFields, field)
  }
}
