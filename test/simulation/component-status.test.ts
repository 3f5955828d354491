import { expect, test } from 'vitest'
import { componentStatusKind } from '../../main/api/kinds/core/component-status.ts'
import { bootedLab } from './simulated-lab.ts'

/** With the components themselves listening beside the API server, where its checks ask them. */
test('component statuses tell what scheduler, controller manager and etcd answer', async () => {
  const lab = await bootedLab()
  const { items } = await lab.settle(lab.client.list(componentStatusKind))
  const healthy = (message: string): unknown => [{ type: 'Healthy', status: 'True', message }]
  expect(items.map((each) => [each.metadata.name, each.conditions])).toEqual([
    ['controller-manager', healthy('ok')],
    ['etcd-0', healthy('ok')],
    ['scheduler', healthy('ok')],
  ])
})
