import type { CronJob, DaemonSet, Deployment, Job, Pod, PodDisruptionBudget, PodTemplateSpec, ReplicaSet, ReplicationController, StatefulSet, V2HorizontalPodAutoscaler } from '../../../../api/generated/types.ts'
import { daemonSetKind } from '../../../../api/kinds/apps/daemon-set.ts'
import { deploymentKind } from '../../../../api/kinds/apps/deployment.ts'
import { replicaSetKind } from '../../../../api/kinds/apps/replica-set.ts'
import { statefulSetKind } from '../../../../api/kinds/apps/stateful-set.ts'
import { horizontalPodAutoscalerKind } from '../../../../api/kinds/autoscaling/horizontal-pod-autoscaler.ts'
import { cronJobKind } from '../../../../api/kinds/batch/cron-job.ts'
import { jobKind } from '../../../../api/kinds/batch/job.ts'
import { podKind } from '../../../../api/kinds/core/pod.ts'
import { replicationControllerKind } from '../../../../api/kinds/core/replication-controller.ts'
import { podDisruptionBudgetKind } from '../../../../api/kinds/policy/pod-disruption-budget.ts'
import { controllerReference } from '../../../../api/machinery/object.ts'
import { isPodActive } from '../../../../api/machinery/pod.ts'
import { formatTime } from '../../../../api/machinery/time.ts'
import { cronJobController } from '../../cron-job/cron-job-controller.ts'
import { daemonSetController } from '../../daemon-set/daemon-set-controller.ts'
import { deploymentController } from '../../deployment/deployment-controller.ts'
import { disruptionController } from '../../disruption/disruption-controller.ts'
import { horizontalPodAutoscalerController } from '../../horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts'
import { jobController } from '../../job/job-controller.ts'
import { replicaSetController } from '../../replica-set/replica-set-controller.ts'
import { replicationControllerController } from '../../replica-set/replication-controller-controller.ts'
import { statefulSetController } from '../../stateful-set/stateful-set-controller.ts'
import { playNodes, readyStatus, seedNode, testNode, type ControllerBench } from '../controller-bench.ts'
import { ttlAfterFinishedController } from '../../ttl-after-finished/ttl-after-finished-controller.ts'
import type { FaultScenario } from './scenario.ts'

const labels = { app: 'web' }
const templateOf = (image: string, restartPolicy?: string): PodTemplateSpec => ({ metadata: { labels }, spec: { containers: [{ name: 'main', image }], ...(restartPolicy ? { restartPolicy } : {}) } })
const named = { name: 'web', namespace: 'default' }

/** What of pods is the same in every run: nodes and addresses are given out in turn. */
const podsOf = (b: ControllerBench): string[] => b.api.stored(podKind).filter(isPodActive).map((pod) => `${pod.metadata.generateName ?? pod.metadata.name} ${pod.spec!.containers[0]!.image} ${pod.metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`).join()} ${pod.metadata.finalizers?.join() ?? ''}`).sort()

const conditionsOf = (status: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[] } | undefined): string[] => (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason ?? ''}`).sort()

/** Pods end well a second after they came, or as `phaseOf` says. */
function playEnds(b: ControllerBench): void {
  const seen = new Set<string>()
  b.api.watch<Pod>(podKind, { resourceVersion: '0' }, (events) => {
    for (const { object } of events) {
      const { name, namespace, uid } = object.metadata
      if (seen.has(uid!)) continue
      seen.add(uid!)
      b.process.clock.after(1000, () => {
        if (b.api.peek<Pod>(podKind, namespace, name)?.metadata.uid !== uid) return
        const time = formatTime(b.kernel.now())
        b.api.mutate<Pod>(podKind, namespace, name, (copy) => void (copy.status = { phase: 'Succeeded', startTime: time, containerStatuses: [{ name: 'main', image: 'i', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 0, finishedAt: time } } }] }))
      })
    }
  }, () => {})
}

export const workloadScenarios: readonly FaultScenario[] = [
  {
    controllers: [deploymentController, replicaSetController],
    story: 'a Deployment rolls out and back',
    run: async (b) => {
      playNodes(b)
      const change = (act: (copy: Deployment) => void): void => void b.api.mutate<Deployment>(deploymentKind, 'default', 'web', act)
      b.api.seed<Deployment>(deploymentKind, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: named, spec: { replicas: 1, selector: { matchLabels: labels }, template: templateOf('web:1') } })
      await b.settle()
      change((copy) => void (copy.spec!.template.spec!.containers[0]!.image = 'web:2'))
      await b.settle()
      change((copy) => void (copy.spec!.template.spec!.containers[0]!.image = 'web:1'))
      await b.settle()
    },
    outcome: (b) => {
      const { status, metadata } = b.api.peek<Deployment>(deploymentKind, 'default', 'web')!
      return [podsOf(b), status?.replicas, status?.readyReplicas, status?.updatedReplicas, status?.observedGeneration === metadata.generation, metadata.annotations, conditionsOf(status), b.api.stored<ReplicaSet>(replicaSetKind).map((set) => [set.metadata.name, set.spec?.replicas, set.metadata.annotations?.['deployment.kubernetes.io/revision'], set.status?.availableReplicas])]
    },
  },
  {
    controllers: [replicationControllerController],
    story: 'a ReplicationController adopts, releases and scales down',
    run: async (b) => {
      playNodes(b)
      b.api.seed<Pod>(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'orphan', namespace: 'default', labels }, spec: templateOf('web:1').spec! })
      b.api.seed<ReplicationController>(replicationControllerKind, { apiVersion: 'v1', kind: 'ReplicationController', metadata: named, spec: { replicas: 3, selector: labels, template: templateOf('web:1') } })
      await b.settle()
      b.api.mutate<Pod>(podKind, 'default', 'orphan', (copy) => void (copy.metadata.labels = { app: 'other' }))
      await b.settle()
      b.api.mutate<ReplicationController>(replicationControllerKind, 'default', 'web', (copy) => void (copy.spec!.replicas = 2))
      await b.settle()
    },
    outcome: (b) => [podsOf(b), b.api.peek<ReplicationController>(replicationControllerKind, 'default', 'web')!.status?.readyReplicas],
  },
  {
    controllers: [statefulSetController],
    story: 'a StatefulSet grows, is updated and shrinks',
    run: async (b) => {
      playNodes(b)
      const change = (act: (copy: StatefulSet) => void): void => void b.api.mutate<StatefulSet>(statefulSetKind, 'default', 'web', act)
      b.api.seed<StatefulSet>(statefulSetKind, { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: named, spec: { replicas: 2, serviceName: 'web', selector: { matchLabels: labels }, template: templateOf('web:1'), volumeClaimTemplates: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }], persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Retain' } } })
      await b.settle()
      change((copy) => void (copy.spec!.template.spec!.containers[0]!.image = 'web:2'))
      await b.settle()
      change((copy) => void (copy.spec!.replicas = 1))
      await b.settle()
    },
    outcome: (b) => {
      const { status, metadata } = b.api.peek<StatefulSet>(statefulSetKind, 'default', 'web')!
      return [podsOf(b), status?.replicas, status?.readyReplicas, status?.updatedReplicas, status?.currentRevision === status?.updateRevision, status?.observedGeneration === metadata.generation]
    },
  },
  {
    controllers: [daemonSetController],
    story: 'a DaemonSet follows its nodes and its template',
    before: (api) => {
      for (const name of ['worker-1', 'worker-2']) seedNode(api, testNode(name))
    },
    run: async (b) => {
      playNodes(b)
      b.api.seed<DaemonSet>(daemonSetKind, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: named, spec: { selector: { matchLabels: labels }, template: templateOf('web:1'), updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } })
      await b.settle()
      seedNode(b.api, testNode('worker-3'))
      await b.settle()
      b.api.mutate<DaemonSet>(daemonSetKind, 'default', 'web', (copy) => void (copy.spec!.template.spec!.containers[0]!.image = 'web:2'))
      await b.settle()
    },
    outcome: (b) => {
      const { status } = b.api.peek<DaemonSet>(daemonSetKind, 'default', 'web')!
      return [podsOf(b), status?.numberAvailable, status?.updatedNumberScheduled, status?.desiredNumberScheduled]
    },
  },
  {
    controllers: [jobController, ttlAfterFinishedController],
    story: 'an indexed Job completes and goes',
    run: async (b) => {
      playEnds(b)
      b.api.seed<Job>(jobKind, { apiVersion: 'batch/v1', kind: 'Job', metadata: named, spec: { completions: 3, parallelism: 2, completionMode: 'Indexed', template: templateOf('work:1', 'Never') } })
      b.api.seed<Job>(jobKind, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'short', namespace: 'default' }, spec: { ttlSecondsAfterFinished: 30, completions: 1, completionMode: 'Indexed', template: templateOf('work:1', 'Never') } })
      await b.kernel.runFor(90_000)
      // Nobody collects here; foreground deletion waits for somebody who does.
      for (const job of b.api.stored<Job>(jobKind)) if (job.metadata.deletionTimestamp) b.api.mutate<Job>(jobKind, 'default', job.metadata.name, (copy) => void delete copy.metadata.finalizers)
      await b.kernel.runFor(5_000)
    },
    outcome: (b) => [b.api.stored<Job>(jobKind).map(({ metadata, status }) => [metadata.name, status?.completedIndexes, conditionsOf(status), status?.active, status?.uncountedTerminatedPods]), b.api.stored(podKind).flatMap((pod) => pod.metadata.finalizers ?? [])],
  },
  {
    controllers: [cronJobController],
    story: 'a CronJob starts its runs and keeps its history short',
    run: async (b) => {
      b.api.seed<CronJob>(cronJobKind, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: named, spec: { schedule: '* * * * *', successfulJobsHistoryLimit: 1, jobTemplate: { spec: { template: templateOf('work:1', 'Never') } } } })
      const seen = new Set<string>()
      b.api.watch<Job>(jobKind, { resourceVersion: '0' }, (events) => {
        for (const { object } of events) {
          const { uid, name } = object.metadata
          if (seen.has(uid!)) continue
          seen.add(uid!)
          b.process.clock.after(1000, () => {
            const time = formatTime(b.kernel.now())
            if (b.api.peek(jobKind, 'default', name)) b.api.mutate<Job>(jobKind, 'default', name, (copy) => void (copy.status = { succeeded: 1, completionTime: time, startTime: time, conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: time }] }))
          })
        }
      }, () => {})
      await b.kernel.runFor(210_000)
    },
    // Deletions wait for the collector of the pods in life; here they are the Job's alone.
    outcome: (b) => {
      const { status } = b.api.peek<CronJob>(cronJobKind, 'default', 'web')!
      return [b.api.stored<Job>(jobKind).map(({ metadata }) => metadata.name), status?.active ?? [], status?.lastScheduleTime]
    },
  },
  {
    controllers: [disruptionController],
    story: 'a budget follows the pods that it counts',
    run: async (b) => {
      const set = b.api.seed<ReplicaSet>(replicaSetKind, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: named, spec: { replicas: 2, selector: { matchLabels: labels }, template: templateOf('web:1') } })
      for (const name of ['a', 'b']) {
        b.api.seed<Pod>(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels, ownerReferences: [controllerReference(set)] }, spec: templateOf('web:1').spec! })
        b.api.mutate<Pod>(podKind, 'default', name, (copy) => void (copy.status = readyStatus(b.kernel.now())))
      }
      b.api.seed<PodDisruptionBudget>(podDisruptionBudgetKind, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: named, spec: { minAvailable: 1, selector: { matchLabels: labels } } })
      await b.settle()
      b.api.remove(podKind, 'default', 'b', { gracePeriodSeconds: 0 })
      await b.settle()
    },
  },
  {
    controllers: [horizontalPodAutoscalerController],
    story: 'an autoscaler scales up and tells of it',
    run: async (b) => {
      const raw = b.api.raw.bind(b.api)
      b.api.raw = (method, path, body) => (path.startsWith('/apis/metrics.k8s.io/') ? Promise.resolve({ status: 200, headers: {}, body: { items: b.api.stored<Pod>(podKind).map(({ metadata }) => ({ metadata, timestamp: formatTime(b.kernel.now()), window: '30s', containers: [{ name: 'main', usage: { cpu: '100m' } }] })) } }) : raw(method, path, body))
      b.api.seed<Deployment>(deploymentKind, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: named, spec: { replicas: 1, selector: { matchLabels: labels }, template: templateOf('web:1') } })
      b.api.mutate<Deployment>(deploymentKind, 'default', 'web', (copy) => void (copy.status = { replicas: 1 }))
      b.api.seed<Pod>(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'default', labels }, spec: { containers: [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '50m' } } }] } })
      b.api.mutate<Pod>(podKind, 'default', 'a', (copy) => void (copy.status = readyStatus(b.kernel.now() - 600_000)))
      b.api.seed<V2HorizontalPodAutoscaler>(horizontalPodAutoscalerKind, { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: named, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 1, maxReplicas: 4, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 100 } } }] } })
      await b.kernel.runFor(100_000)
    },
    outcome: (b) => [b.api.peek<Deployment>(deploymentKind, 'default', 'web')!.spec?.replicas, b.api.peek<V2HorizontalPodAutoscaler>(horizontalPodAutoscalerKind, 'default', 'web')!.status?.desiredReplicas],
  },
]
