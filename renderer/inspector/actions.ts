import { resourceName, type Resource } from '../api/discovery.ts'
import type { ApiObject } from '../api/object.ts'
import { containersOf } from './containers.ts'

/** Something to do with an object: always the command that does it; `run` says that the window may do it itself. */
export interface Action {
  readonly title: string
  readonly command: string
  /** Follow-ups that end in a container, opened as a terminal of their own. */
  readonly terminal?: { readonly namespace: string; readonly pod: string; readonly container?: string }
  readonly run?: 'delete' | 'cordon' | 'uncordon'
  readonly danger?: boolean
}

const restartable = new Set(['apps/Deployment', 'apps/DaemonSet', 'apps/StatefulSet'])

const longWord = 14

/** What people type for the kind: its name, a long one's short name; what is not Kubernetes' own with its group, to be sure. */
function wordFor(resource: Resource): string {
  const isOwn = !resource.group.includes('.') || resource.group.endsWith('.k8s.io')
  if (!isOwn || (resource.group !== '' && resource.plural === 'events')) return resourceName(resource)
  const word = resource.singular || resource.plural
  return word.length > longWord ? (resource.shortNames[0] ?? word) : word
}

/** What may be done with the object, by what its resource offers. */
export function actionsFor(object: ApiObject, resource: Resource): Action[] {
  const name = object.metadata.name
  const where = object.metadata.namespace ? ` -n ${object.metadata.namespace}` : ''
  const target = `${wordFor(resource)} ${name}${where}`
  const actions: Action[] = [{ title: 'Describe', command: `kubectl describe ${target}` }]
  if (resource.group === '' && resource.kind === 'Node') {
    const cordoned = (object.spec as { unschedulable?: boolean } | undefined)?.unschedulable === true
    actions.push(
      cordoned ? { title: 'Uncordon', command: `kubectl uncordon ${name}`, run: 'uncordon' } : { title: 'Cordon', command: `kubectl cordon ${name}`, run: 'cordon' },
      { title: 'Drain', command: `kubectl drain ${name} --ignore-daemonsets --delete-emptydir-data` },
    )
  }
  if (resource.subresources.includes('log')) {
    actions.push({ title: 'Follow logs', command: `kubectl logs -f ${name}${where}${containersOf(object).length > 1 ? ` -c ${containersOf(object)[0]}` : ''}` })
  }
  if (resource.subresources.includes('exec')) {
    const container = containersOf(object)[0]
    actions.push({ title: 'Open a shell in it', command: `kubectl exec -it ${name}${where} -- sh`, terminal: { namespace: object.metadata.namespace ?? '', pod: name, ...(container && { container }) } })
  }
  if (resource.subresources.includes('scale')) {
    const replicas = (object.spec as { replicas?: number } | undefined)?.replicas ?? 1
    actions.push({ title: 'Scale', command: `kubectl scale ${target} --replicas=${replicas + 1}` })
  }
  if (restartable.has(`${resource.group}/${resource.kind}`)) {
    const short = `${resource.singular || resource.plural}/${name}${where}`
    actions.push({ title: 'Restart', command: `kubectl rollout restart ${short}` }, { title: 'Undo', command: `kubectl rollout undo ${short}` })
  }
  actions.push({ title: 'As YAML', command: `kubectl get ${target} -o yaml` })
  if (resource.verbs.includes('delete')) actions.push({ title: 'Delete', command: `kubectl delete ${target}`, run: 'delete', danger: true })
  return actions
}
