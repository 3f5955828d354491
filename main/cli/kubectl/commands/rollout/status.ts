import type { KubeObject } from '../../../../api/machinery/object.ts'
import { CliError } from '../../cli-error.ts'

export interface Workload extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly generation?: number }
  readonly spec?: { readonly replicas?: number; readonly paused?: boolean; readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } }; readonly template?: object; readonly selector?: { readonly matchLabels?: Record<string, string> } }
  readonly status?: Readonly<Record<string, number | string | undefined>> & { readonly conditions?: never }
}

/** How far a rollout is: the sentence to print and whether it is done. Follows polymorphichelpers' status viewers. */
export function rolloutStatus(object: Workload, revision = 0): { text: string; done: boolean } {
  const name = JSON.stringify(object.metadata?.name)
  const { spec, status } = object
  const number = (field: string): number => (status?.[field] as number | undefined) ?? 0
  const observed = (object.metadata.generation ?? 0) <= number('observedGeneration')
  switch (object.kind) {
    case 'Deployment': {
      if (revision > 0) {
        const current = Number(object.metadata?.annotations?.['deployment.kubernetes.io/revision'] ?? 0)
        if (revision !== current) throw new CliError(`desired revision (${revision}) is different from the running revision (${current})`)
      }
      if (!observed) return { text: 'Waiting for deployment spec update to be observed...\n', done: false }
      const conditions = (status?.conditions ?? []) as readonly { type: string; reason?: string }[]
      if (conditions.some((condition) => condition.type === 'Progressing' && condition.reason === 'ProgressDeadlineExceeded')) throw new CliError(`deployment ${name} exceeded its progress deadline`)
      const waiting = `Waiting for deployment ${name} rollout to finish:`
      if (spec?.replicas !== undefined && number('updatedReplicas') < spec.replicas) return { text: `${waiting} ${number('updatedReplicas')} out of ${spec.replicas} new replicas have been updated...\n`, done: false }
      if (number('replicas') > number('updatedReplicas')) return { text: `${waiting} ${number('replicas') - number('updatedReplicas')} old replicas are pending termination...\n`, done: false }
      if (number('availableReplicas') < number('updatedReplicas')) return { text: `${waiting} ${number('availableReplicas')} of ${number('updatedReplicas')} updated replicas are available...\n`, done: false }
      return { text: `deployment ${name} successfully rolled out\n`, done: true }
    }
    case 'DaemonSet': {
      if (spec?.updateStrategy?.type !== 'RollingUpdate') throw new CliError('rollout status is only available for RollingUpdate strategy type')
      if (!observed) return { text: 'Waiting for daemon set spec update to be observed...\n', done: false }
      const desired = number('desiredNumberScheduled')
      const waiting = `Waiting for daemon set ${name} rollout to finish:`
      if (number('updatedNumberScheduled') < desired) return { text: `${waiting} ${number('updatedNumberScheduled')} out of ${desired} new pods have been updated...\n`, done: false }
      if (number('numberAvailable') < desired) return { text: `${waiting} ${number('numberAvailable')} of ${desired} updated pods are available...\n`, done: false }
      return { text: `daemon set ${name} successfully rolled out\n`, done: true }
    }
    case 'StatefulSet': {
      if (spec?.updateStrategy?.type !== 'RollingUpdate') throw new CliError('rollout status is only available for RollingUpdate strategy type')
      if (number('observedGeneration') === 0 || !observed) return { text: 'Waiting for statefulset spec update to be observed...\n', done: false }
      const replicas = spec?.replicas ?? 0
      if (number('readyReplicas') < replicas) return { text: `Waiting for ${replicas - number('readyReplicas')} pods to be ready...\n`, done: false }
      const partition = spec?.updateStrategy?.rollingUpdate?.partition
      if (partition !== undefined) {
        if (number('updatedReplicas') < replicas - partition) return { text: `Waiting for partitioned roll out to finish: ${number('updatedReplicas')} out of ${replicas - partition} new pods have been updated...\n`, done: false }
        return { text: `partitioned roll out complete: ${number('updatedReplicas')} new pods have been updated...\n`, done: true }
      }
      if (status?.updateRevision !== status?.currentRevision) return { text: `waiting for statefulset rolling update to complete ${number('updatedReplicas')} pods at revision ${String(status?.updateRevision)}...\n`, done: false }
      return { text: `statefulset rolling update complete ${number('currentReplicas')} pods at revision ${String(status?.currentRevision)}...\n`, done: true }
    }
    default:
      throw new CliError(`no status viewer has been implemented for ${object.kind}`)
  }
}
