import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import type { Flag } from '../flags.ts'
import { lastAppliedAnnotation } from '../last-applied.ts'
import { klogWarning } from '../settings.ts'
import { listObjects } from './objects.ts'
import type { Info } from './visit.ts'
import { groupVersionOf, type ApiResource } from './mapper.ts'

export const pruneFlags: readonly Flag[] = [
  { name: 'prune', type: 'bool', help: 'Delete what was applied once and is not among the given files any more. Goes with --all or a selector.' },
  { name: 'prune-allowlist', type: 'array', help: 'The types that may be deleted, group/version/Kind, in place of the usual ones.' },
]

interface Type {
  readonly apiVersion: string
  readonly kind: string
}

const usualTypes: readonly Type[] = [
  ...['ConfigMap', 'Endpoints', 'Namespace', 'PersistentVolumeClaim', 'PersistentVolume', 'Pod', 'ReplicationController', 'Secret', 'Service'].map((kind) => ({ apiVersion: 'v1', kind })),
  ...['Job', 'CronJob'].map((kind) => ({ apiVersion: 'batch/v1', kind })),
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
  ...['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'].map((kind) => ({ apiVersion: 'apps/v1', kind })),
]

/** The types of --prune-allowlist. Throws CliError for one that the server does not have. */
export async function allowedTypes({ flags, factory }: CommandContext): Promise<Type[]> {
  const types = flags.list('prune-allowlist').map((text) => {
    const [group, version, kind, ...more] = text.split('/')
    if (kind === undefined || more.length > 0) throw new CliError(`invalid GroupVersionKind format: ${text}, please follow <group/version/kind>`)
    return { apiVersion: group === 'core' ? version! : `${group}/${version}`, kind }
  })
  const all = types.length > 0 ? await factory.mapper().all() : []
  for (const { apiVersion, kind } of types) {
    if (!all.some((resource) => groupVersionOf(resource) === apiVersion && resource.kind === kind)) throw new CliError(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`)
  }
  return types
}

export interface Kept {
  /** Objects of these uids stay. */
  readonly uids: ReadonlySet<string>
  /** Namespaces of what was applied: only there is anything deleted. */
  readonly namespaces: readonly string[]
}

/** Calls `act` with every object that was applied once, fits the selector and is not among those kept. */
export async function visitPruned(context: CommandContext, allowed: readonly Type[], { uids, namespaces }: Kept, act: (info: Info) => Promise<void>): Promise<void> {
  const { flags, factory, streams, environment } = context
  if (allowed.length === 0) streams.err(klogWarning(environment.now(), 'prune.go:71', 'Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.'))
  const resources: ApiResource[] = []
  for (const { apiVersion, kind } of allowed.length > 0 ? allowed : usualTypes) {
    const found = await factory.mapper().byKind(apiVersion, kind).catch((error: unknown) => {
      if (!(error instanceof CliError)) throw error
      return undefined
    })
    if (found) resources.push(found)
  }
  const visit = async (resource: ApiResource, namespace: string | undefined): Promise<void> => {
    const objects = await listObjects<KubeObject & Record<string, unknown>>(context, resource, namespace, flags.text('selector') ? { labelSelector: flags.text('selector') } : {})
    for (const object of objects) {
      const { annotations, uid = '', name = '', namespace: own } = object.metadata
      if (annotations?.[lastAppliedAnnotation] === undefined || uids.has(uid)) continue
      await act({ resource, name, namespace: own, object, source: '' })
    }
  }
  for (const namespace of namespaces) for (const resource of resources) if (resource.namespaced) await visit(resource, namespace)
  for (const resource of resources) if (!resource.namespaced) await visit(resource, undefined)
}
