import { afterEach, expect, it } from 'vitest'
import { useNavigation } from '../app/navigation.ts'
import { settle, show, withLab } from '../testing/mount.ts'
import Objects from './Objects.vue'

afterEach(() => (document.body.innerHTML = ''))

it('shows any kind as the server prints it, live, searched and limited to a namespace', async () => {
  const lab = withLab()
  const navigation = useNavigation()
  navigation.go('objects', 'pods')
  const view = show(Objects)
  await settle(400)
  const names = (): string[] => view.findAll('[role=rowgroup] [role=row]').map((row) => row.find('[role=gridcell]').text())
  expect(view.findAll('[role=columnheader]').map((column) => column.text())).toEqual(['Name', 'Namespace', 'Ready', 'Status', 'Restarts', 'Age'])
  const before = names()
  expect(before).toContain('etcd-controlplane')
  lab.cluster.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'newcomer', namespace: 'default' }, spec: { containers: [] }, status: { phase: 'Pending' } })
  await settle(300)
  expect(names()).toEqual([...before, 'newcomer'])
  await view.find('input[aria-label="Search in this table"]').setValue('newc')
  expect(names()).toEqual(['newcomer'])
  await view.find('input[aria-label="Search in this table"]').setValue('')
  navigation.namespace = 'kube-system'
  await settle(300)
  expect(names()).not.toContain('newcomer')
  expect(view.text()).toContain('kubectl get pods -n kube-system')
  await view.find('[role=rowgroup] [role=row]').trigger('click')
  expect(navigation.selection).toMatchObject({ type: 'object', reference: { kind: 'Pod', namespace: 'kube-system' } })
  view.unmount()
})

it('says when the server has no such resource', async () => {
  withLab()
  useNavigation().go('objects', 'unicorns')
  const view = show(Objects)
  await settle(300)
  expect(view.text()).toContain('The server has no resource unicorns')
  view.unmount()
})
