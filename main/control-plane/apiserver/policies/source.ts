/** Policies with their bindings, compiled once each, from the server's own caches. A policy without bindings is not in force. */
import type { MatchResources, ParamKind, ParamRef } from '../../../api/generated/types.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import type { WatchCache } from '../storage/watch-cache.ts'

/** What both kinds of policies have. */
export interface Policy extends KubeObject {
  readonly spec?: { readonly failurePolicy?: string; readonly paramKind?: ParamKind; readonly matchConstraints?: MatchResources }
}

/** What both kinds of bindings have. */
export interface Binding extends KubeObject {
  readonly spec?: { readonly policyName?: string; readonly paramRef?: ParamRef; readonly matchResources?: MatchResources }
}

export interface PolicyHook<P extends Policy, B extends Binding, E> {
  readonly policy: P
  /** In the order of their names. */
  readonly bindings: readonly B[]
  readonly evaluator: E
}

export class PolicySource<P extends Policy, B extends Binding, E> {
  readonly #policies: WatchCache
  readonly #bindings: WatchCache
  readonly #compile: (policy: P) => E
  readonly #compiled = new WeakMap<P, E>()
  #hooks: readonly PolicyHook<P, B, E>[] | undefined

  constructor(policies: WatchCache, bindings: WatchCache, compile: (policy: P) => E) {
    this.#policies = policies
    this.#bindings = bindings
    this.#compile = compile
    for (const cache of [policies, bindings]) cache.onChange(() => (this.#hooks = undefined))
  }

  /** In the order of the policies' names. */
  get hooks(): readonly PolicyHook<P, B, E>[] {
    if (this.#hooks) return this.#hooks
    const byPolicy = new Map<string, B[]>()
    this.#bindings.scan(undefined, (object) => {
      const name = (object as B).spec?.policyName ?? ''
      const known = byPolicy.get(name)
      if (known) known.push(object as B)
      else byPolicy.set(name, [object as B])
      return true
    })
    const hooks: PolicyHook<P, B, E>[] = []
    for (const name of [...byPolicy.keys()].sort()) {
      const policy = this.#policies.get(name) as P | undefined
      if (policy) hooks.push({ policy, bindings: byPolicy.get(name)!, evaluator: this.#evaluatorOf(policy) })
    }
    return (this.#hooks = hooks)
  }

  #evaluatorOf(policy: P): E {
    let evaluator = this.#compiled.get(policy)
    if (evaluator === undefined) this.#compiled.set(policy, (evaluator = this.#compile(policy)))
    return evaluator
  }
}
