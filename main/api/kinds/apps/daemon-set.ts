import type { DaemonSet } from '../../generated/types.ts'
import { semanticEqual } from '../../machinery/equality.ts'
import { formatLabelSelector } from '../../machinery/labels.ts'
import { isDns1123Subdomain } from '../../machinery/names.ts'
import { defaultPodTemplate } from '../core/pod-defaults.ts'
import { templateColumns } from '../core/pod-template-columns.ts'
import { templateWarnings } from '../core/pod-warnings.ts'
import { ageColumn, column, integerColumn, labelsText, nameColumn, wideColumn } from '../columns.ts'
import { defineKind } from '../kind.ts'
import { keepStatus, statusSubresource } from '../spec-and-status.ts'
import { validateDaemonSet, validateDaemonSetStatusUpdate, validateDaemonSetUpdate } from './daemon-set-validation.ts'

const noStatus = () => ({ currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 })

function defaultDaemonSet(set: DaemonSet): void {
  const spec = (set.spec ??= { selector: {}, template: {} })
  set.status ??= noStatus()
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ||= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
  spec.template ??= {}
  defaultPodTemplate(spec.template)
}

const templateGenerationAnnotation = 'deprecated.daemonset.template.generation'

/** Upstream still counts a DaemonSet's templates, in a field that v1 shows as an annotation. Clients may start the count, no more. */
function setTemplateGeneration(set: DaemonSet, generation: number): void {
  set.metadata.annotations = { ...set.metadata.annotations, [templateGenerationAnnotation]: String(generation) }
}

function templateGenerationOf(set: DaemonSet): number {
  const generation = Number(set.metadata.annotations?.[templateGenerationAnnotation] ?? 0)
  return Number.isInteger(generation) && generation > 0 ? generation : 0
}

const status = 'io.k8s.api.apps.v1.DaemonSetStatus'

export const daemonSetKind = defineKind<DaemonSet>({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  schema: 'io.k8s.api.apps.v1.DaemonSet',
  storagePrefix: 'daemonsets',
  strategy: {
    validateName: isDns1123Subdomain,
    allowUnconditionalUpdate: true,
    defaultPropagation: 'Background',
    generationOf: (set) => set.spec,
    defaults: defaultDaemonSet,
    prepareForCreate(set) {
      set.status = noStatus()
      setTemplateGeneration(set, Math.max(1, templateGenerationOf(set)))
    },
    prepareForUpdate(set, old) {
      keepStatus(set, old)
      setTemplateGeneration(set, templateGenerationOf(old) + (semanticEqual(set.spec?.template, old.spec?.template) ? 0 : 1))
    },
    validate: validateDaemonSet,
    validateUpdate: validateDaemonSetUpdate,
    warnings: (set, old) => (old ? [] : templateWarnings(set.spec?.template, 'spec.template')),
  },
  subresources: [statusSubresource<DaemonSet>(validateDaemonSetStatusUpdate, (set, old) => setTemplateGeneration(set, templateGenerationOf(old)))],
  columns: [
    nameColumn(),
    integerColumn('Desired', [status, 'desiredNumberScheduled'], (set) => set.status?.desiredNumberScheduled ?? 0),
    integerColumn('Current', [status, 'currentNumberScheduled'], (set) => set.status?.currentNumberScheduled ?? 0),
    integerColumn('Ready', [status, 'numberReady'], (set) => set.status?.numberReady ?? 0),
    integerColumn('Up-to-date', [status, 'updatedNumberScheduled'], (set) => set.status?.updatedNumberScheduled ?? 0),
    integerColumn('Available', [status, 'numberAvailable'], (set) => set.status?.numberAvailable ?? 0),
    column('Node Selector', ['io.k8s.api.core.v1.PodSpec', 'nodeSelector'], (set) => labelsText(set.spec?.template.spec?.nodeSelector)),
    ageColumn(),
    ...templateColumns<DaemonSet>((set) => set.spec?.template),
    wideColumn('Selector', 'The label selector of the pods that belong to it.', (set) => formatLabelSelector(set.spec?.selector)),
  ],
  health(set) {
    if (set.metadata.deletionTimestamp) return { mark: 'terminating', sentence: 'it is being removed' }
    const desired = set.status?.desiredNumberScheduled ?? 0
    const ready = set.status?.numberReady ?? 0
    if (desired === 0) return { mark: 'completed', sentence: 'no node is asked to run it' }
    return { mark: ready >= desired ? 'running' : 'pending', sentence: `it is ready on ${ready} of ${desired} ${desired === 1 ? 'node' : 'nodes'}` }
  },
})
