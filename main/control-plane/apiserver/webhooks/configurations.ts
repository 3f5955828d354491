/** The webhooks of all configurations of one kind, in upstream's order: by the configuration's name, then as written. */
import type { MutatingWebhook, ValidatingWebhook } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import { compilerOf } from '../policies/expressions.ts'
import type { Expression } from '../policies/expressions.ts'

export interface Hook<W extends ValidatingWebhook | MutatingWebhook> {
  readonly webhook: W
  readonly configuration: string
  /** Tells webhooks apart, also those of the same name. */
  readonly uid: string
  /** Compiled when first asked for. */
  readonly conditions: readonly Expression[]
}

class ConfiguredHook<W extends ValidatingWebhook | MutatingWebhook> implements Hook<W> {
  readonly webhook: W
  readonly configuration: string
  readonly uid: string
  #conditions: readonly Expression[] | undefined

  constructor(webhook: W, configuration: string, uid: string) {
    this.webhook = webhook
    this.configuration = configuration
    this.uid = uid
  }

  get conditions(): readonly Expression[] {
    if (!this.#conditions) {
      const list = this.webhook.matchConditions ?? []
      const compiler = list.length === 0 ? undefined : compilerOf({ hasParams: false }, undefined)
      this.#conditions = list.map(({ expression }) => compiler!.compile(expression.trim(), 'match condition'))
    }
    return this.#conditions
  }
}

/** Follows the cache of a configuration kind. */
export class Configurations<W extends ValidatingWebhook | MutatingWebhook> {
  readonly #cache: WatchCache
  #hooks: readonly Hook<W>[] | undefined

  constructor(cache: WatchCache) {
    this.#cache = cache
    cache.onChange(() => (this.#hooks = undefined))
  }

  get hooks(): readonly Hook<W>[] {
    if (this.#hooks) return this.#hooks
    const hooks: Hook<W>[] = []
    // The cache is in the order of names.
    this.#cache.scan(undefined, (object) => {
      const { metadata, webhooks = [] } = object as KubeObject & { webhooks?: readonly W[] }
      const seen = new Map<string, number>()
      for (const webhook of webhooks) {
        const count = seen.get(webhook.name) ?? 0
        seen.set(webhook.name, count + 1)
        hooks.push(new ConfiguredHook(webhook, metadata.name, `${metadata.name}/${webhook.name}/${count}`))
      }
      return true
    })
    return (this.#hooks = hooks)
  }
}
