import { changeAt, templatePaths } from './paths.ts'
import { kindOf, type Resource } from './resource.ts'

type Pairs = Readonly<Record<string, string>>

/** Selectors by kind: made when they are missing, or changed only where they are. */
const selectorPaths: Readonly<Record<string, readonly { readonly path: string; readonly create: boolean }[]>> = {
  Service: [{ path: 'spec/selector', create: true }],
  ReplicationController: [{ path: 'spec/selector', create: true }],
  Deployment: [{ path: 'spec/selector/matchLabels', create: true }],
  ReplicaSet: [{ path: 'spec/selector/matchLabels', create: true }],
  DaemonSet: [{ path: 'spec/selector/matchLabels', create: true }],
  StatefulSet: [{ path: 'spec/selector/matchLabels', create: true }],
  Job: [{ path: 'spec/selector/matchLabels', create: false }],
  CronJob: [{ path: 'spec/jobTemplate/spec/selector/matchLabels', create: false }],
  PodDisruptionBudget: [{ path: 'spec/selector/matchLabels', create: false }],
  NetworkPolicy: [
    { path: 'spec/podSelector/matchLabels', create: false },
    { path: 'spec/ingress[]/from[]/podSelector/matchLabels', create: false },
    { path: 'spec/egress[]/to[]/podSelector/matchLabels', create: false },
  ],
}

const affinityTerms = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
  `spec/affinity/${kind}/preferredDuringSchedulingIgnoredDuringExecution[]/podAffinityTerm/labelSelector/matchLabels`,
  `spec/affinity/${kind}/requiredDuringSchedulingIgnoredDuringExecution[]/labelSelector/matchLabels`,
])

const merged = (pairs: Pairs) => (value: unknown): unknown => ({ ...(value as Pairs | undefined), ...pairs })

/** Adds labels to everything, and to selectors and pod templates as asked. */
export function addLabels(resources: readonly Resource[], pairs: Pairs, options: { readonly selectors: boolean; readonly templates: boolean }): void {
  if (Object.keys(pairs).length === 0) return
  const add = merged(pairs)
  for (const resource of resources) {
    const kind = kindOf(resource.object)
    let object = changeAt(resource.object, 'metadata/labels', add, true)
    const template = templatePaths[kind]
    if (template !== undefined && template !== '' && (options.selectors || options.templates)) object = changeAt(object, `${template}metadata/labels`, add, true)
    if (kind === 'CronJob' && options.selectors) object = changeAt(object, 'spec/jobTemplate/metadata/labels', add, true)
    if (kind === 'StatefulSet' && options.selectors) object = changeAt(object, 'spec/volumeClaimTemplates[]/metadata/labels', add, true)
    if (options.selectors) {
      for (const { path, create } of selectorPaths[kind] ?? []) object = changeAt(object, path, add, create)
      if (template) {
        for (const path of affinityTerms) object = changeAt(object, template + path, add)
        object = changeAt(object, `${template}spec/topologySpreadConstraints[]/labelSelector/matchLabels`, add)
      }
    }
    resource.object = object
  }
}

/** Adds annotations to everything and to its pod template. */
export function addAnnotations(resources: readonly Resource[], pairs: Pairs): void {
  if (Object.keys(pairs).length === 0) return
  const add = merged(pairs)
  for (const resource of resources) {
    const template = templatePaths[kindOf(resource.object)]
    let object = changeAt(resource.object, 'metadata/annotations', add, true)
    if (template) object = changeAt(object, `${template}metadata/annotations`, add, true)
    if (kindOf(object) === 'CronJob') object = changeAt(object, 'spec/jobTemplate/metadata/annotations', add, true)
    resource.object = object
  }
}
