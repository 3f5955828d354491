import { expect, it } from 'vitest'
import type { ApiObject } from '../api/object.ts'
import { actionsFor } from './actions.ts'
import { containerStatesOf, selectedBy } from './facts.ts'

const pod = (labels: Record<string, string>, rest: object = {}): ApiObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', labels }, ...rest }) as ApiObject

it('says how each container is doing', () => {
  const states = containerStatesOf(
    pod({}, {
      spec: { initContainers: [{ name: 'init', image: 'busybox' }], containers: [{ name: 'main', image: 'crasher:1.0' }, { name: 'new', image: 'x' }] },
      status: {
        initContainerStatuses: [{ name: 'init', restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
        containerStatuses: [{ name: 'main', ready: false, restartCount: 5, state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } } }],
      },
    }),
  )
  expect(states.map((state) => [state.name, state.mark, state.sentence, state.restarts])).toEqual([
    ['init', 'completed', 'Completed, exit code 0', 0],
    ['main', 'failed', 'CrashLoopBackOff: back-off 40s', 5],
    ['new', 'pending', 'Not created yet', 0],
  ])
})

it('finds what a Service and what a Deployment select', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'default' }, spec: { selector: { app: 'web' } } } as ApiObject
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['back'] }] } } } as ApiObject
  expect([service, deployment].map((object) => selectedBy(object)!(pod({ app: 'web', tier: 'front' })))).toEqual([true, true])
  expect(selectedBy(deployment)!(pod({ app: 'web', tier: 'back' }))).toBe(false)
  expect(selectedBy(pod({}, { spec: { selector: {} } }))).toBeUndefined()
  expect(selectedBy(pod({}, { spec: {} }))).toBeUndefined()
})

it('offers what the resource can do, each with its command', () => {
  const base = { version: 'v1', namespaced: true, shortNames: [] }
  const pods = actionsFor(pod({}, { spec: { containers: [{ name: 'a' }, { name: 'b' }] } }), { ...base, group: '', kind: 'Pod', plural: 'pods', singular: 'pod', verbs: ['delete'], subresources: ['log', 'exec'] })
  expect(pods.map((action) => action.command)).toEqual([
    'kubectl describe pod p -n default', 'kubectl logs -f p -n default -c a', 'kubectl exec -it p -n default -- sh', 'kubectl get pod p -n default -o yaml', 'kubectl delete pod p -n default',
  ])
  const deployments = actionsFor({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', namespace: 'x' }, spec: { replicas: 2 } } as ApiObject, { ...base, group: 'apps', kind: 'Deployment', plural: 'deployments', singular: 'deployment', verbs: [], subresources: ['scale', 'status'] })
  expect(deployments.map((action) => action.command)).toContain('kubectl scale deployment d -n x --replicas=3')
  expect(deployments.some((action) => action.run === 'delete')).toBe(false)
})
