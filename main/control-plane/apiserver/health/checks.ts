import type { Feed } from '../storage/feed.ts'
import type { EtcdClient } from '../../etcd/client.ts'
import type { HealthCheck } from './health.ts'

const everywhere = ['livez', 'readyz', 'healthz'] as const

/** What runs once after the start, as upstream names it, in its order. */
const startHooks = [
  'start-apiserver-admission-initializer', 'generic-apiserver-start-informers', 'priority-and-fairness-config-consumer', 'priority-and-fairness-filter', 'storage-object-count-tracker-hook',
  'start-apiextensions-informers', 'start-apiextensions-controllers', 'crd-informer-synced', 'start-system-namespaces-controller', 'start-cluster-authentication-info-controller',
  'start-kube-apiserver-identity-lease-controller', 'start-kube-apiserver-identity-lease-garbage-collector', 'start-legacy-token-tracking-controller', 'start-service-ip-repair-controllers',
  'rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes', 'priority-and-fairness-config-producer', 'bootstrap-controller', 'start-kubernetes-service-cidr-controller',
  'aggregator-reload-proxy-client-cert', 'start-kube-aggregator-informers', 'apiservice-status-local-available-controller', 'apiservice-status-remote-available-controller',
  'apiservice-registration-controller', 'apiservice-discovery-controller', 'kube-apiserver-autoregistration',
] as const

/** The server's checks. Of upstream's start hooks those are listed whose work is done here. */
export function healthChecks(parts: { readonly feed: Feed; readonly etcd: EtcdClient; readonly isReady: () => boolean; readonly isDraining: () => boolean }): readonly HealthCheck[] {
  const { feed, etcd, isReady, isDraining } = parts
  const doneHere = new Set<string>(['start-apiserver-admission-initializer', 'generic-apiserver-start-informers', 'start-system-namespaces-controller', 'start-kube-apiserver-identity-lease-controller', 'start-kube-apiserver-identity-lease-garbage-collector', 'start-service-ip-repair-controllers', 'rbac/bootstrap-roles', 'scheduling/bootstrap-system-priority-classes', 'bootstrap-controller'])
  const reachesEtcd = async (): Promise<boolean> => {
    await etcd.range({ key: '/registry/health' })
    return true
  }
  return [
    { name: 'ping', endpoints: everywhere, isWell: () => true },
    { name: 'log', endpoints: everywhere, isWell: () => true },
    { name: 'etcd', endpoints: everywhere, isWell: reachesEtcd },
    { name: 'etcd-readiness', endpoints: ['readyz'], isWell: reachesEtcd },
    { name: 'informer-sync', endpoints: ['readyz'], isWell: () => feed.ready },
    ...startHooks.filter((hook) => doneHere.has(hook)).map((hook): HealthCheck => ({ name: `poststarthook/${hook}`, endpoints: everywhere, isWell: isReady })),
    { name: 'shutdown', endpoints: ['readyz'], isWell: () => !isDraining() },
  ]
}
