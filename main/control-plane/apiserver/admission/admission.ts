import type { Kind } from '../../../api/kinds/kind.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { forbidden } from '../../../api/machinery/status-error.ts'
import type { StatusError } from '../../../api/machinery/status-error.ts'
import type { RequestContext } from '../request-context.ts'

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** What is about to happen, as admission plugins see it. */
export interface AdmissionAttributes {
  readonly operation: Operation
  readonly kind: Kind
  readonly subresource: string
  readonly name: string
  readonly namespace: string
  /** The new object (or the body of a subresource): plugins may change it in `admit`, never in `validate`. */
  readonly object: KubeObject | undefined
  readonly oldObject: KubeObject | undefined
  readonly dryRun: boolean
  readonly context: RequestContext
}

/** A step that may change or refuse a write. Refusals are thrown StatusErrors. */
export interface AdmissionPlugin {
  /** Upstream's name: `NamespaceLifecycle`. */
  readonly name: string
  handles(attributes: AdmissionAttributes): boolean
  /** May change `attributes.object`. */
  admit?(attributes: AdmissionAttributes): void | Promise<void>
  /** May not change anything. */
  validate?(attributes: AdmissionAttributes): void | Promise<void>
}

/** All plugins in upstream's order; the changing ones run first, in one pass. */
export class Admission {
  #plugins: readonly AdmissionPlugin[] = []

  /** Sets the plugins: they are made of pieces that are made of this. */
  use(plugins: readonly AdmissionPlugin[]): void {
    this.#plugins = plugins
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.admit || !plugin.handles(attributes)) continue
      const pending = plugin.admit(attributes)
      if (pending) await pending
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.validate || !plugin.handles(attributes)) continue
      const pending = plugin.validate(attributes)
      if (pending) await pending
    }
  }
}

/** What a plugin's refusal is answered. */
export function refused(attributes: AdmissionAttributes, message: string): StatusError {
  const { kind, name, object } = attributes
  return forbidden({ group: kind.group, resource: kind.plural }, name || object?.metadata.name || (object?.metadata.generateName ? object.metadata.generateName : '') || 'Unknown', message)
}

/** Whether the attributes are about a kind's main resource or the given subresource. */
export function isAbout(attributes: AdmissionAttributes, group: string, plural: string, subresource = ''): boolean {
  return attributes.kind.plural === plural && attributes.kind.group === group && attributes.subresource === subresource
}
