import type { ClusterRole, ClusterRoleBinding, PolicyRule, RbacSubject, Role, RoleBinding } from '../../../api/generated/types.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { serviceAccountName } from '../authn/user.ts'
import type { User } from '../authn/user.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import type { Attributes, Authorizer, Judgement } from './attributes.ts'
import { ruleAllows } from './rbac-rules.ts'

/** The four caches that RBAC lives from. */
export interface RbacCaches {
  readonly roles: WatchCache
  readonly roleBindings: WatchCache
  readonly clusterRoles: WatchCache
  readonly clusterRoleBindings: WatchCache
}

interface Binding {
  readonly text: string
  /** '' for a cluster role binding. */
  readonly namespace: string
  readonly roleKind: string
  readonly roleName: string
}

const noOpinion: Judgement = { decision: 'no-opinion', reason: '' }
const decisionsMax = 20_000
const keyMax = 2_000

/** Role-based access control from the server's own caches: bindings are indexed by subject, decisions remembered until any
 *  RBAC object changes. */
export class RbacAuthorizer implements Authorizer {
  readonly #caches: RbacCaches
  #bySubject: Map<string, Binding[]> | undefined
  readonly #decisions = new Map<string, Judgement>()

  constructor(caches: RbacCaches) {
    this.#caches = caches
    const forget = (): void => this.#decisions.clear()
    const forgetBindings = (): void => {
      this.#bySubject = undefined
      this.#decisions.clear()
    }
    caches.roles.onChange(forget)
    caches.clusterRoles.onChange(forget)
    caches.roleBindings.onChange(forgetBindings)
    caches.clusterRoleBindings.onChange(forgetBindings)
  }

  authorize(attributes: Attributes): Judgement {
    const { user } = attributes
    const key = `${user.name}\n${user.groups.join(',')}\n${attributes.verb}\n${attributes.isResource ? `${attributes.group}/${attributes.resource}/${attributes.subresource}\n${attributes.namespace}\n${attributes.name}` : attributes.path}`
    let known = this.#decisions.get(key)
    if (!known) {
      known = this.#judge(attributes)
      // A question as long as a stranger likes is not worth keeping.
      if (key.length > keyMax) return known
      this.#decisions.set(key, known)
      if (this.#decisions.size > decisionsMax) this.#decisions.delete(this.#decisions.keys().next().value!)
    }
    return known
  }

  /** All rules that hold for a user in a namespace ('' for the cluster), and what could not be resolved. */
  rulesFor(user: User, namespace: string): { readonly rules: readonly PolicyRule[]; readonly errors: readonly string[] } {
    const rules: PolicyRule[] = []
    const errors: string[] = []
    for (const binding of this.#bindingsOf(user)) {
      if (binding.namespace !== '' && binding.namespace !== namespace) continue
      const found = this.#rulesOf(binding)
      if (typeof found === 'string') errors.push(found)
      else rules.push(...found)
    }
    return { rules, errors }
  }

  /** The rules of one role, or undefined when there is none. */
  rulesOfRole(kind: string, namespace: string, name: string): readonly PolicyRule[] | undefined {
    const rules = this.#rulesOf({ text: '', namespace, roleKind: kind, roleName: name })
    return typeof rules === 'string' ? undefined : rules
  }

  #judge(attributes: Attributes): Judgement {
    const errors: string[] = []
    for (const binding of this.#bindingsOf(attributes.user)) {
      if (binding.namespace !== '' && binding.namespace !== attributes.namespace) continue
      const rules = this.#rulesOf(binding)
      if (typeof rules === 'string') errors.push(rules)
      else if (rules.some((rule) => ruleAllows(attributes, rule))) return { decision: 'allow', reason: `RBAC: allowed by ${binding.text}` }
    }
    return errors.length === 0 ? noOpinion : { decision: 'no-opinion', reason: `RBAC: ${errors.length === 1 ? errors[0] : `[${errors.join(', ')}]`}` }
  }

  *#bindingsOf(user: User): Iterable<Binding> {
    const index = (this.#bySubject ??= this.#indexed())
    yield* index.get(`User:${user.name}`) ?? []
    for (const group of user.groups) yield* index.get(`Group:${group}`) ?? []
  }

  #rulesOf(binding: Binding): readonly PolicyRule[] | string {
    const role = binding.roleKind === 'Role' ? this.#caches.roles.get(`${binding.namespace}/${binding.roleName}`) : this.#caches.clusterRoles.get(binding.roleName)
    if (role) return (role as Role | ClusterRole).rules ?? []
    return `${binding.roleKind.toLowerCase()}.rbac.authorization.k8s.io ${quote(binding.roleName)} not found`
  }

  #indexed(): Map<string, Binding[]> {
    const index = new Map<string, Binding[]>()
    const add = (subject: RbacSubject, namespace: string, binding: Binding): void => {
      const key = subject.kind === 'ServiceAccount' ? `User:${serviceAccountName(subject.namespace || namespace, subject.name)}` : `${subject.kind}:${subject.name}`
      const list = index.get(key)
      if (list) list.push(binding)
      else index.set(key, [binding])
    }
    this.#caches.clusterRoleBindings.scan(undefined, (object) => {
      const { metadata, roleRef, subjects } = object as ClusterRoleBinding
      for (const subject of subjects ?? []) {
        add(subject, '', { text: `ClusterRoleBinding ${quote(metadata.name ?? '')} of ClusterRole ${quote(roleRef.name)} to ${subjectText(subject)}`, namespace: '', roleKind: 'ClusterRole', roleName: roleRef.name })
      }
      return true
    })
    this.#caches.roleBindings.scan(undefined, (object) => {
      const { metadata, roleRef, subjects } = object as RoleBinding
      const namespace = metadata.namespace ?? ''
      for (const subject of subjects ?? []) {
        add(subject, namespace, { text: `RoleBinding ${quote(`${metadata.name}/${namespace}`)} of ${roleRef.kind} ${quote(roleRef.name)} to ${subjectText(subject)}`, namespace, roleKind: roleRef.kind, roleName: roleRef.name })
      }
      return true
    })
    return index
  }
}

function subjectText({ kind, name, namespace }: RbacSubject): string {
  return `${kind} ${quote(kind === 'ServiceAccount' ? `${name}/${namespace ?? ''}` : name)}`
}
