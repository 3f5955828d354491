import type { PolicyRule } from '../../../api/generated/types.ts'
import { nodeRules } from '../../../api/kinds/rbac/system-roles.ts'
import { nodeNameOf } from '../authn/user.ts'
import type { Resources } from '../registry/resources.ts'
import type { Attributes, Authorizer, Judgement } from './attributes.ts'
import { NodeGraph } from './node-graph.ts'
import { ruleAllows } from './rbac-rules.ts'

const noOpinion: Judgement = { decision: 'no-opinion', reason: '' }
const allow: Judgement = { decision: 'allow', reason: '' }
const ownLease = 'kube-node-lease'
const changing: ReadonlySet<string> = new Set(['get', 'create', 'update', 'patch', 'delete'])

type Judge = (attributes: Attributes, node: string) => Judgement

/** Lets a kubelet read only what its own pods refer to, and touch only its own node, lease, CSINode and slices. What it may do of other things
 *  its rules say. Follows upstream's node authorizer with selectors; never denies, so that others may allow. */
export class NodeAuthorizer implements Authorizer {
  readonly #graph: NodeGraph
  readonly #judges: Readonly<Record<string, Judge>>
  #rules: readonly PolicyRule[] | undefined

  constructor(resources: Resources) {
    this.#graph = new NodeGraph(resources)
    const related: Judge = (attributes, node) => this.#related(attributes, node)
    const gettable: Judge = (attributes, node) => this.#gettable(attributes, node)
    const readable: Judge = (attributes, node) => {
      if (!['get', 'list', 'watch'].includes(attributes.verb)) return refused('can only read resources of this type')
      if (attributes.subresource !== '') return refused('cannot read subresource')
      return attributes.namespace === '' ? refused('can only read namespaced object of this type') : related(attributes, node)
    }
    this.#judges = {
      '/secrets': readable,
      '/configmaps': readable,
      '/persistentvolumeclaims': (attributes, node) => (attributes.subresource === 'status' ? this.#claimStatus(attributes, node) : gettable(attributes, node)),
      '/persistentvolumes': gettable,
      '/serviceaccounts': (attributes, node) => {
        if (attributes.verb === 'get' && attributes.subresource === '') return related(attributes, node)
        if (attributes.verb !== 'create' || attributes.name === '') return refused('can only create tokens for individual service accounts')
        return attributes.subresource === 'token' ? related(attributes, node) : refused('can only create token subresource of serviceaccount')
      },
      '/nodes': judgeNode,
      '/pods': (attributes, node) => this.#pod(attributes, node),
      'resource.k8s.io/resourceclaims': gettable,
      'resource.k8s.io/resourceslices': (attributes, node) => this.#slice(attributes, node),
      'storage.k8s.io/volumeattachments': gettable,
      'storage.k8s.io/csinodes': (attributes, node) => {
        if (!changing.has(attributes.verb)) return refused('can only get, create, update, patch, or delete a CSINode')
        if (attributes.subresource !== '') return refused('cannot authorize CSINode subresources')
        return attributes.verb !== 'create' && attributes.name !== node ? refused('can only access CSINode with the same name as the requesting node') : allow
      },
      'coordination.k8s.io/leases': (attributes, node) => {
        if (!changing.has(attributes.verb)) return refused('can only get, create, update, patch, or delete a node lease')
        if (attributes.namespace !== ownLease) return refused(`can only access leases in the "${ownLease}" system namespace`)
        // Admission looks at the name of a lease that is being made.
        return attributes.verb !== 'create' && attributes.name !== node ? refused('can only access node lease with the same name as the requesting node') : allow
      },
    }
  }

  authorize(attributes: Attributes): Judgement {
    const node = nodeNameOf(attributes.user)
    if (node === undefined) return noOpinion
    const key = `${attributes.group}/${attributes.resource}`
    if (attributes.isResource && Object.hasOwn(this.#judges, key)) return this.#judges[key]!(attributes, node)
    this.#rules ??= nodeRules()
    return this.#rules.some((rule) => ruleAllows(attributes, rule)) ? allow : noOpinion
  }

  #gettable(attributes: Attributes, node: string): Judgement {
    if (attributes.verb !== 'get') return refused('can only get individual resources of this type')
    return attributes.subresource === '' ? this.#related(attributes, node) : refused('cannot get subresource')
  }

  #claimStatus(attributes: Attributes, node: string): Judgement {
    return ['get', 'update', 'patch'].includes(attributes.verb) ? this.#related(attributes, node) : refused('can only get/update/patch this type')
  }

  #related({ resource, namespace, name }: Attributes, node: string): Judgement {
    if (name === '') return refused('No Object name found')
    return this.#graph.leadsTo(node, resource, namespace, name) ? allow : refused(`no relationship found between node '${node}' and this object`)
  }

  #pod(attributes: Attributes, node: string): Judgement {
    const { verb, subresource } = attributes
    if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : noOpinion
    if (subresource === 'eviction') return verb === 'create' ? allow : noOpinion
    if (subresource !== '') return noOpinion
    switch (verb) {
      case 'get':
        return this.#gettable(attributes, node)
      case 'list':
      case 'watch':
        return selects(attributes, 'spec.nodeName', node) ? allow : refused('can only list/watch pods with spec.nodeName field selector')
      // Mirror pods: admission looks closer.
      case 'create':
      case 'delete':
        return allow
      default:
        return noOpinion
    }
  }

  #slice(attributes: Attributes, node: string): Judgement {
    if (attributes.subresource !== '') return refused('cannot authorize ResourceSlice subresources')
    switch (attributes.verb) {
      case 'create':
        return allow
      case 'get':
      case 'update':
      case 'patch':
      case 'delete':
        return this.#related(attributes, node)
      case 'list':
      case 'watch':
      case 'deletecollection':
        return selects(attributes, 'spec.nodeName', node) ? allow : refused('can only list/watch/deletecollection resourceslices with nodeName field selector')
      default:
        return refused('only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection')
    }
  }
}

function judgeNode({ verb, subresource, name }: Attributes, node: string): Judgement {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : noOpinion
  if (subresource !== '') return noOpinion
  // Admission keeps a node to its own object.
  if (verb === 'create' || verb === 'update' || verb === 'patch') return allow
  if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return noOpinion
  if (name === node) return allow
  return refused(name === '' ? `node '${node}' cannot read all nodes, only its own Node object` : `node '${node}' cannot read '${name}', only its own Node object`)
}

function selects({ fieldSelector }: Attributes, field: string, value: string): boolean {
  return fieldSelector?.some((term) => term.field === field && term.equals && term.value === value) ?? false
}

function refused(reason: string): Judgement {
  return { decision: 'no-opinion', reason }
}
