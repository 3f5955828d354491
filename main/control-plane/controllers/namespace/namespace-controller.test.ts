import { describe, expect, it } from 'vitest'
import { configMapKind } from '../../../api/kinds/core/config-map.ts'
import { namespaceKind } from '../../../api/kinds/core/namespace.ts'
import { podKind } from '../../../api/kinds/core/pod.ts'
import { serviceAccountKind } from '../../../api/kinds/core/service-account.ts'
import { rootCertificatePublisher } from '../service-account/root-certificate-publisher.ts'
import { serviceAccountController } from '../service-account/service-account-controller.ts'
import { atEveryWrite, benchFaults, controllerBench, namesOf, playNodes, type BenchOptions, type ControllerBench } from '../testing/controller-bench.ts'
import { namespaceController } from './namespace-controller.ts'

const bench = async (options: BenchOptions = {}): Promise<ControllerBench> => {
  const b = await controllerBench([namespaceController, serviceAccountController, rootCertificatePublisher('PEM')], options)
  b.api.serve(podKind, configMapKind, serviceAccountKind, namespaceKind)
  return b
}
const team = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } }

function fill(b: ControllerBench): void {
  b.api.seed(namespaceKind, team)
  b.api.seed(configMapKind, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'team' } })
  b.api.seed(podKind, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'team' }, spec: { containers: [{ name: 'a', image: 'a' }] } })
}

describe('namespaces', () => {
  it('get a service account and the root certificate, also again', async () => {
    const b = await bench()
    b.api.seed(namespaceKind, team)
    await b.settle()
    expect(namesOf(b.api.stored(serviceAccountKind))).toEqual(['team/default'])
    expect(b.api.peek(configMapKind, 'team', 'kube-root-ca.crt')?.data).toEqual({ 'ca.crt': 'PEM' })
    b.api.mutate(configMapKind, 'team', 'kube-root-ca.crt', (map) => void (map.data = { 'ca.crt': 'other' }))
    b.api.remove(serviceAccountKind, 'team', 'default')
    await b.settle()
    expect(namesOf(b.api.stored(serviceAccountKind))).toEqual(['team/default'])
    expect(b.api.peek(configMapKind, 'team', 'kube-root-ca.crt')?.data).toEqual({ 'ca.crt': 'PEM' })
  })

  it('go with their content, pods first, and say what they wait for', async () => {
    const b = await bench()
    playNodes(b, { stopMs: 4_000 })
    fill(b)
    await b.settle()
    b.api.remove(namespaceKind, undefined, 'team')
    await b.kernel.runFor(5_500)
    const waiting = b.api.peek(namespaceKind, undefined, 'team')!
    expect(waiting.status?.phase).toBe('Terminating')
    expect(waiting.status?.conditions?.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`)).toEqual([
      'NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered',
      'NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed',
      'NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization',
      'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: pods. has 1 resource instances',
      'NamespaceFinalizersRemaining=False ContentHasNoFinalizers: All content-preserving finalizers finished',
    ])
    expect(b.api.peek(configMapKind, 'team', 'settings')).toBeDefined()
    await b.settle()
    expect(b.api.stored(namespaceKind)).toEqual([])
    expect(b.api.stored(configMapKind)).toEqual([])
  })

  it('wait for finalizers of their content', async () => {
    const b = await bench()
    fill(b)
    b.api.mutate(configMapKind, 'team', 'settings', (map) => void (map.metadata.finalizers = ['example.com/hold']))
    b.api.remove(podKind, 'team', 'a', { gracePeriodSeconds: 0 })
    await b.settle()
    b.api.remove(namespaceKind, undefined, 'team')
    await b.kernel.runFor(20_000)
    expect(b.api.peek(namespaceKind, undefined, 'team')?.status?.conditions?.find((condition) => condition.type === 'NamespaceFinalizersRemaining')).toMatchObject({ status: 'True', message: 'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances' })
    b.api.mutate(configMapKind, 'team', 'settings', (map) => void delete map.metadata.finalizers)
    await b.settle()
    expect(b.api.stored(namespaceKind)).toEqual([])
  })

  it('go whichever write fails', async () => {
    const tried = await atEveryWrite(benchFaults, async (fault) => {
      const b = await bench(fault ? { fault } : {})
      playNodes(b)
      fill(b)
      await b.settle()
      b.api.remove(namespaceKind, undefined, 'team')
      await b.kernel.runFor(60_000)
      return { writes: b.api.writes.length, check: () => expect(b.api.stored(namespaceKind)).toEqual([]) }
    })
    expect(tried).toBeGreaterThan(20)
  })
})
