import type { KubeObject } from '../../../api/machinery/object.ts'
import type { Describer } from './describer.ts'

type Loader = () => Promise<Describer>

/** Describers by group and kind, each loaded when it is needed. */
const loaders: Readonly<Record<string, Loader>> = {
  '/Pod': of(() => import('./pod.ts').then((module) => module.describePod)),
  '/ReplicationController': of(() => import('./workloads.ts').then((module) => module.describeReplicationController)),
  '/Secret': of(() => import('./configuration.ts').then((module) => module.describeSecret)),
  '/Service': of(() => import('./network.ts').then((module) => module.describeService)),
  '/ServiceAccount': of(() => import('./configuration.ts').then((module) => module.describeServiceAccount)),
  '/Node': of(() => import('./node.ts').then((module) => module.describeNode)),
  '/LimitRange': of(() => import('./namespace.ts').then((module) => module.describeLimitRange)),
  '/ResourceQuota': of(() => import('./namespace.ts').then((module) => module.describeResourceQuota)),
  '/Namespace': of(() => import('./namespace.ts').then((module) => module.describeNamespace)),
  '/Endpoints': of(() => import('./network.ts').then((module) => module.describeEndpoints)),
  '/ConfigMap': of(() => import('./configuration.ts').then((module) => module.describeConfigMap)),
  'discovery.k8s.io/EndpointSlice': of(() => import('./network.ts').then((module) => module.describeEndpointSlice)),
  'apps/StatefulSet': of(() => import('./workloads.ts').then((module) => module.describeStatefulSet)),
  'apps/Deployment': of(() => import('./workloads.ts').then((module) => module.describeDeployment)),
  'apps/DaemonSet': of(() => import('./workloads.ts').then((module) => module.describeDaemonSet)),
  'apps/ReplicaSet': of(() => import('./workloads.ts').then((module) => module.describeReplicaSet)),
  '/PersistentVolume': of(() => import('./storage.ts').then((module) => module.describePersistentVolume)),
  '/PersistentVolumeClaim': of(() => import('./storage.ts').then((module) => module.describePersistentVolumeClaim)),
  'storage.k8s.io/StorageClass': of(() => import('./storage.ts').then((module) => module.describeStorageClass)),
  'batch/Job': of(() => import('./batch.ts').then((module) => module.describeJob)),
  'batch/CronJob': of(() => import('./batch.ts').then((module) => module.describeCronJob)),
  'networking.k8s.io/Ingress': of(() => import('./ingress.ts').then((module) => module.describeIngress)),
  'networking.k8s.io/IngressClass': of(() => import('./ingress.ts').then((module) => module.describeIngressClass)),
  'networking.k8s.io/NetworkPolicy': of(() => import('./ingress.ts').then((module) => module.describeNetworkPolicy)),
  'policy/PodDisruptionBudget': of(() => import('./disruption-budget.ts').then((module) => module.describePodDisruptionBudget)),
  'rbac.authorization.k8s.io/Role': of(() => import('./roles.ts').then((module) => module.describeRole)),
  'rbac.authorization.k8s.io/ClusterRole': of(() => import('./roles.ts').then((module) => module.describeRole)),
  'rbac.authorization.k8s.io/RoleBinding': of(() => import('./roles.ts').then((module) => module.describeRoleBinding)),
  'rbac.authorization.k8s.io/ClusterRoleBinding': of(() => import('./roles.ts').then((module) => module.describeRoleBinding)),
  'scheduling.k8s.io/PriorityClass': of(() => import('./priority-class.ts').then((module) => module.describePriorityClass)),
}

/** What describes a kind; kinds that upstream has no words for are described field by field. */
export async function describerFor(group: string, kind: string): Promise<Describer> {
  const load = loaders[`${group}/${kind}`]
  return load ? load() : (await import('./generic.ts')).describeGeneric
}

/** A describer of one kind is only asked about objects of that kind. */
function of<T extends KubeObject>(load: () => Promise<Describer<T>>): Loader {
  return load as unknown as Loader
}
