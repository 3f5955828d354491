import type { ConfigMap, Pod } from '../../generated/types.ts'
import { defineKind } from '../../kinds/kind.ts'

/** Kinds with only what the fake needs, for tests of the client itself. */
export const testPodKind = defineKind<Pod>({
  group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, schema: 'io.k8s.api.core.v1.Pod',
  strategy: {
    validateName: () => [],
    generationOf: (pod) => pod.spec,
    gracePeriodSeconds: (pod, requested) => (pod.spec?.nodeName ? (requested ?? pod.spec.terminationGracePeriodSeconds ?? 30) : 0),
  },
  subresources: [{ type: 'status' }],
})

export const testConfigMapKind = defineKind<ConfigMap>({
  group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true, schema: 'io.k8s.api.core.v1.ConfigMap',
  strategy: { validateName: () => [] },
})

export function testPod(name: string, more: Partial<Pod['metadata']> = {}, spec: Partial<NonNullable<Pod['spec']>> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', ...more }, spec: { containers: [{ name: 'main', image: 'nginx' }], ...spec } }
}

export function testConfigMap(name: string, data: Record<string, string> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data }
}
