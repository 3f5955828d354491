import { describe, expect, it } from 'vitest'
import type { Deployment, DeploymentSpec } from '../../generated/types.ts'
import { fieldErrorText } from '../../machinery/field-error.ts'
import { rowOf } from '../testing/row-of.ts'
import { deploymentKind } from './deployment.ts'
import { replicaSetKind } from './replica-set.ts'

function deployment(spec: Partial<DeploymentSpec> = {}): Deployment {
  const made: Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx:1' }] } }, ...spec },
  }
  deploymentKind.strategy.defaults?.(made)
  return made
}

const errors = (object: Deployment): string[] => (deploymentKind.strategy.validate?.(object) ?? []).map(fieldErrorText)

describe('deployments', () => {
  it('get their defaults, and their templates only those of templates', () => {
    expect(deployment().spec).toEqual({
      progressDeadlineSeconds: 600,
      replicas: 1,
      revisionHistoryLimit: 10,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [{ name: 'web', image: 'nginx:1', imagePullPolicy: 'IfNotPresent', resources: {}, terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' }],
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          terminationGracePeriodSeconds: 30,
        },
      },
    })
  })

  const mismatch = 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
  it.each<[string, Partial<DeploymentSpec>, string[]]>([
    ['good', {}, []],
    ['negative', { replicas: -1 }, ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
    ['selecting others', { selector: { matchLabels: { app: 'other' } } }, [mismatch]],
    ['selecting nothing', { selector: {} }, ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
    ['that never moves', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }, ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0']],
    ['that takes too much', { strategy: { rollingUpdate: { maxUnavailable: '101%' } } }, ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%']],
    ['recreating gradually', { strategy: { type: 'Recreate', rollingUpdate: {} } }, ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"]],
    ['in a hurry', { progressDeadlineSeconds: 5, minReadySeconds: 5 }, ['spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds']],
    ['of pods that end', { template: { metadata: { labels: { app: 'web' } }, spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } }, ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']],
  ])('%s', (_, spec, expected) => {
    expect(errors(deployment(spec))).toEqual(expected)
  })

  it('keep their selector', () => {
    const other = deployment({ selector: { matchLabels: { app: 'web', tier: 'a' } }, template: { metadata: { labels: { app: 'web', tier: 'a' } }, spec: { containers: [{ name: 'a', image: 'a' }] } } })
    expect((deploymentKind.strategy.validateUpdate?.(other, deployment()) ?? []).map(fieldErrorText)).toEqual(['spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"a"}}: field is immutable'])
  })

  it('show themselves', () => {
    const object = { ...deployment({ replicas: 3 }), status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 2 } }
    expect(rowOf(deploymentKind, object)).toEqual({ Name: 'web', Ready: '2/3', 'Up-to-date': 3, Available: 2, Age: '<unknown>', Containers: 'web', Images: 'nginx:1', Selector: 'app=web' })
    expect(deploymentKind.health(object, 0)).toEqual({ mark: 'pending', sentence: '2 of 3 replicas are available' })
  })
})

it('replica set status counts have to agree', () => {
  const status = replicaSetKind.subresources.find((each) => each.type === 'status')
  const set = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'a' }, status: { replicas: 1, readyReplicas: 2 } }
  expect(status?.type === 'status' && status.validateUpdate?.(set, set).map(fieldErrorText)).toEqual(['status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas'])
})
