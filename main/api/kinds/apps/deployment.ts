import type { Deployment } from '../../generated/types.ts'
import { formatLabelSelector, formatSelector, selectorOf } from '../../machinery/labels.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defaultPodTemplate } from '../core/pod-defaults.ts'
import { templateColumns } from '../core/pod-template-columns.ts'
import { templateWarnings } from '../core/pod-warnings.ts'
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import type { Health } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { validateDeployment, validateDeploymentStatusUpdate, validateDeploymentUpdate } from './deployment-validation.ts'
import { replicasHealth } from './replicas-health.ts'

const status = 'io.k8s.api.apps.v1.DeploymentStatus'

function defaultDeployment(deployment: Deployment): void {
  const it = (deployment.spec ??= { selector: {}, template: {} })
  deployment.status ??= {}
  it.replicas ??= 1
  it.strategy ??= {}
  it.strategy.type ||= 'RollingUpdate'
  if (it.strategy.type === 'RollingUpdate') {
    it.strategy.rollingUpdate ??= {}
    it.strategy.rollingUpdate.maxUnavailable ??= '25%'
    it.strategy.rollingUpdate.maxSurge ??= '25%'
  }
  it.revisionHistoryLimit ??= 10
  it.progressDeadlineSeconds ??= 600
  it.template ??= {}
  defaultPodTemplate(it.template)
}

export const deploymentKind = defineKind<Deployment>({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.Deployment',
  storagePrefix: 'deployments',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: (deployment) => ({ spec: deployment.spec, annotations: deployment.metadata.annotations ?? {} }),
    defaults: defaultDeployment,
    prepareForCreate(deployment) {
      deployment.status = {}
    },
    prepareForUpdate: keepStatus,
    validate: validateDeployment,
    validateUpdate: validateDeploymentUpdate,
    warnings: (deployment, old) => (old ? [] : templateWarnings(deployment.spec?.template, 'spec.template')),
  },
  subresources: [
    statusSubresource(validateDeploymentStatusUpdate, (deployment, old) => {
      // Labels belong to the main endpoint; annotations are the controller's (the revision).
      if (old.metadata.labels) deployment.metadata.labels = old.metadata.labels
      else delete deployment.metadata.labels
    }),
    { type: 'scale', specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: (deployment) => formatSelector(selectorOf(deployment.spec?.selector)) },
  ],
  columns: [
    nameColumn(),
    column('Ready', 'Number of the pod with ready state', (deployment) => `${deployment.status?.readyReplicas ?? 0}/${deployment.spec?.replicas ?? 0}`),
    column('Up-to-date', [status, 'updatedReplicas'], (deployment) => deployment.status?.updatedReplicas ?? 0),
    column('Available', [status, 'availableReplicas'], (deployment) => deployment.status?.availableReplicas ?? 0),
    ageColumn(),
    ...templateColumns<Deployment>((deployment) => deployment.spec?.template),
    wideColumn('Selector', 'The label selector of the pods that belong to it.', (deployment) => formatLabelSelector(deployment.spec?.selector)),
  ],
  health: deploymentHealth,
})

function deploymentHealth(deployment: Deployment): Health {
  const stalled = deployment.status?.conditions?.find((condition) => condition.type === 'Progressing' && condition.status === 'False')
  if (stalled) return { mark: 'failed', sentence: stalled.message || 'its rollout has stopped' }
  const desired = deployment.spec?.replicas ?? 1
  const health = replicasHealth(deployment, desired, deployment.status?.availableReplicas ?? 0, 'available')
  const updated = deployment.status?.updatedReplicas ?? 0
  if (health.mark === 'running' && updated < desired) return { mark: 'pending', sentence: `${updated} of ${desired} replicas are updated` }
  return health
}
