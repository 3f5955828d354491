/** Which changes of which kinds make metadata.generation rise, as upstream's strategies have it in 1.36. */
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../machinery/object.ts'
import { semanticEqual } from '../machinery/equality.ts'
import { builtInKinds } from './registry.ts'

/** The top-level fields that count; 'metadata.annotations' counts for Deployments alone. An empty list: it is 1 for ever. */
const counted: Readonly<Record<string, readonly string[]>> = {
  'pods.': ['spec'],
  'podtemplates.': ['template'],
  'replicationcontrollers.': ['spec'],
  'daemonsets.apps': ['spec'],
  'deployments.apps': ['spec', 'metadata.annotations'],
  'replicasets.apps': ['spec'],
  'statefulsets.apps': ['spec'],
  'cronjobs.batch': ['spec'],
  'jobs.batch': ['spec'],
  'mutatingadmissionpolicies.admissionregistration.k8s.io': ['spec'],
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': ['spec'],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': ['webhooks'],
  'validatingadmissionpolicies.admissionregistration.k8s.io': ['spec'],
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': ['spec'],
  'validatingwebhookconfigurations.admissionregistration.k8s.io': ['webhooks'],
  'customresourcedefinitions.apiextensions.k8s.io': ['spec'],
  'endpointslices.discovery.k8s.io': ['addressType', 'endpoints', 'ports'],
  'flowschemas.flowcontrol.apiserver.k8s.io': ['spec'],
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': ['spec'],
  'ingressclasses.networking.k8s.io': ['spec'],
  'ingresses.networking.k8s.io': ['spec'],
  'networkpolicies.networking.k8s.io': ['spec'],
  'poddisruptionbudgets.policy': ['spec'],
  'deviceclasses.resource.k8s.io': ['spec'],
  'resourceslices.resource.k8s.io': ['spec'],
  'priorityclasses.scheduling.k8s.io': [],
}

const fields = [
  'metadata.labels', 'metadata.annotations', 'metadata.finalizers', 'metadata.ownerReferences', 'spec', 'status', 'template', 'data', 'binaryData', 'stringData', 'immutable', 'type', 'webhooks',
  'addressType', 'endpoints', 'ports', 'subsets', 'value', 'globalDefault', 'description', 'preemptionPolicy', 'rules', 'subjects', 'roleRef', 'provisioner', 'parameters', 'handler', 'secrets', 'revision',
]

function objectWith(field: string | undefined): KubeObject {
  const object: Record<string, unknown> = { apiVersion: 'v1', kind: 'Any', metadata: { name: 'x' } }
  if (field?.startsWith('metadata.')) object['metadata'] = { name: 'x', [field.slice('metadata.'.length)]: { changed: 'yes' } }
  else if (field) object[field] = { changed: 'yes' }
  return object as unknown as KubeObject
}

const stored = builtInKinds.filter(({ storagePrefix, storedAs }) => storagePrefix && !storedAs)

describe('metadata.generation', () => {
  it.each(stored.map((kind) => [`${kind.plural}.${kind.group}`, kind] as const))('of %s', (name, { strategy }) => {
    const wanted = counted[name]
    expect(strategy.generationOf !== undefined, 'has one').toBe(wanted !== undefined)
    if (!strategy.generationOf || !wanted) return
    const before = strategy.generationOf(objectWith(undefined))
    const counting = fields.filter((field) => !semanticEqual(strategy.generationOf!(objectWith(field)), before))
    expect(counting.sort()).toEqual([...wanted].sort())
  })

  it('is told of kinds that there are', () => {
    const names = new Set(stored.map(({ plural, group }) => `${plural}.${group}`))
    expect(Object.keys(counted).filter((name) => !names.has(name))).toEqual([])
  })
})
