import type { Kind } from '../../../api/kinds/kind.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { forbidden } from '../../../api/machinery/status-error.ts'
import type { StatusError } from '../../../api/machinery/status-error.ts'
import type { RequestContext } from '../request-context.ts'
import { AdmissionMetrics } from './admission-metrics.ts'
import { placeOf } from './order.ts'
import type { AdmissionPluginName } from './order.ts'

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
  /** The kind of the endpoint that the client used, where the objects are kept in the form of another. */
  readonly served?: Kind
  /** CreateOptions, UpdateOptions or DeleteOptions of the request, for those who are told of them. */
  readonly options?: object
}

/** What the plugins of one mutating pass know of each other: a webhook that changed the object has those before it look again, once. */
export class Reinvocation {
  /** Whether this is the second pass. */
  repeated = false
  /** Set by a plugin that changed the object in a way that the others have not seen. */
  wanted = false
  /** What a plugin remembers between the passes, under its name. */
  readonly memory = new Map<AdmissionPluginName, unknown>()
}

/** A step that may change or refuse a write. Refusals are thrown StatusErrors. */
export interface AdmissionPlugin {
  /** Upstream's name; it decides when the plugin runs. */
  readonly name: AdmissionPluginName
  handles(attributes: AdmissionAttributes): boolean
  /** May change `attributes.object`. Runs twice when a later plugin wants it (see Reinvocation). */
  admit?(attributes: AdmissionAttributes, reinvocation: Reinvocation): void | Promise<void>
  /** May not change anything. */
  validate?(attributes: AdmissionAttributes): void | Promise<void>
}

/** All plugins in upstream's order; the changing ones run first. */
export class Admission {
  readonly metrics = new AdmissionMetrics()
  readonly #plugins: AdmissionPlugin[] = []

  /** Puts plugins in their places: they are made of pieces that are made of this. One of the same name goes. */
  use(plugins: readonly AdmissionPlugin[]): void {
    for (const plugin of plugins) {
      const at = this.#plugins.findIndex((other) => placeOf(other.name) >= placeOf(plugin.name))
      if (at < 0) this.#plugins.push(plugin)
      else this.#plugins.splice(at, this.#plugins[at]!.name === plugin.name ? 1 : 0, plugin)
    }
  }

  async admit(attributes: AdmissionAttributes): Promise<void> {
    const reinvocation = new Reinvocation()
    await this.#pass(attributes, reinvocation)
    if (!reinvocation.wanted) return
    reinvocation.repeated = true
    await this.#pass(attributes, reinvocation)
  }

  async #pass(attributes: AdmissionAttributes, reinvocation: Reinvocation): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.admit || !plugin.handles(attributes)) continue
      const pending = this.#step(plugin.name, 'admit', attributes, () => plugin.admit!(attributes, reinvocation))
      if (pending) await pending
    }
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin.validate || !plugin.handles(attributes)) continue
      const pending = this.#step(plugin.name, 'validate', attributes, () => plugin.validate!(attributes))
      if (pending) await pending
    }
  }

  #step(name: string, type: 'admit' | 'validate', { operation, context }: AdmissionAttributes, run: () => void | Promise<void>): void | Promise<void> {
    const { clock } = context.process
    const begun = clock.now()
    const count = (rejected: boolean): void => this.metrics.add(name, type, operation, rejected, (clock.now() - begun) / 1000)
    try {
      const pending = run()
      if (pending) return pending.then(() => count(false), (error: unknown) => {
        count(true)
        throw error
      })
      count(false)
    } catch (error) {
      count(true)
      throw error
    }
  }
}

/** What a plugin's refusal is answered. */
export function refused(attributes: AdmissionAttributes, message: string): StatusError {
  const { kind, name, object } = attributes
  return forbidden({ group: kind.group, resource: kind.plural }, name || object?.metadata.name || (object?.metadata.generateName ? object.metadata.generateName : '') || 'Unknown', message)
}

/** Notes something about the request for the audit log, under `<plugin's prefix>/<key>`. */
export function annotate({ context }: AdmissionAttributes, key: string, value: string): void {
  context.annotate?.(key, value)
}

/** Whether the attributes are about a kind's main resource or the given subresource. */
export function isAbout(attributes: AdmissionAttributes, group: string, plural: string, subresource = ''): boolean {
  return attributes.kind.plural === plural && attributes.kind.group === group && attributes.subresource === subresource
}
