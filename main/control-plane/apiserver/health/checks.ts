import type { EtcdClient } from '../../etcd/client.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Resources } from '../registry/resources.ts'
import type { Feed } from '../storage/feed.ts'
import type { HealthCheck } from './health.ts'

const everywhere = ['livez', 'readyz', 'healthz'] as const

/** What upstream runs once after the start, in its order, and the kind of which a server without it has no such work. */
const startHooks: readonly (readonly [name: string, group?: string, plural?: string])[] = [
  ['start-apiserver-admission-initializer'],
  ['generic-apiserver-start-informers'],
  ['priority-and-fairness-config-consumer', 'flowcontrol.apiserver.k8s.io', 'flowschemas'],
  ['priority-and-fairness-filter'],
  ['start-apiextensions-informers', 'apiextensions.k8s.io', 'customresourcedefinitions'],
  ['start-apiextensions-controllers', 'apiextensions.k8s.io', 'customresourcedefinitions'],
  ['crd-informer-synced', 'apiextensions.k8s.io', 'customresourcedefinitions'],
  ['start-system-namespaces-controller'],
  ['start-kube-apiserver-identity-lease-controller', 'coordination.k8s.io', 'leases'],
  ['start-service-ip-repair-controllers'],
  ['rbac/bootstrap-roles'],
  ['scheduling/bootstrap-system-priority-classes'],
  ['priority-and-fairness-config-producer', 'flowcontrol.apiserver.k8s.io', 'flowschemas'],
  ['bootstrap-controller'],
  ['start-kubernetes-service-cidr-controller', 'networking.k8s.io', 'servicecidrs'],
  ['apiservice-registration-controller', 'apiregistration.k8s.io', 'apiservices'],
  ['kube-apiserver-autoregistration', 'apiregistration.k8s.io', 'apiservices'],
]

/** How long etcd may take to answer (upstream's --etcd-healthcheck-timeout). */
const etcdTimeoutMs = 2_000

export interface CheckParts {
  readonly process: Process
  readonly feed: Feed
  readonly etcd: EtcdClient
  readonly resources: Resources
  readonly isReady: () => boolean
  readonly isStopping: () => boolean
}

/** The server's checks. Of upstream's start hooks those are listed whose work is done here. */
export function healthChecks({ process, feed, etcd, resources, isReady, isStopping }: CheckParts): readonly HealthCheck[] {
  const etcdProblem = (): Promise<string | undefined> =>
    Promise.race([
      etcd.range({ key: '/registry/health' }).then(
        () => undefined,
        (error: unknown) => `error getting data from etcd: ${error instanceof Error ? error.message : String(error)}`,
      ),
      process.clock.sleep(etcdTimeoutMs).then(() => 'error getting data from etcd: context deadline exceeded'),
    ])
  const hooks = startHooks.filter(([, group, plural]) => plural === undefined || resources.ofGroup(group!, plural) !== undefined)
  return [
    { name: 'ping', endpoints: everywhere, problem: () => undefined },
    { name: 'log', endpoints: everywhere, problem: () => undefined },
    { name: 'etcd', endpoints: everywhere, problem: etcdProblem },
    { name: 'etcd-readiness', endpoints: ['readyz'], problem: etcdProblem },
    { name: 'informer-sync', endpoints: ['readyz'], problem: () => (feed.ready ? undefined : 'informers not started yet') },
    ...hooks.map(([hook]): HealthCheck => ({ name: `poststarthook/${hook}`, endpoints: everywhere, problem: () => (isReady() ? undefined : 'not finished') })),
    { name: 'shutdown', endpoints: ['readyz'], problem: () => (isStopping() ? 'process is shutting down' : undefined) },
  ]
}
