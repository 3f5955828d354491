import { afterEach, expect, it } from 'vitest'
import { loadKinds } from '../api/kinds.ts'
import { settle, show, withLab } from '../testing/mount.ts'
import { useNavigation } from '../app/navigation.ts'
import Inspector from './Inspector.vue'

afterEach(() => (document.body.innerHTML = ''))

it('tells how a pod is, why, and what it belongs with, and stays when the pod goes', async () => {
  const lab = withLab('broken')
  await loadKinds()
  const navigation = useNavigation()
  const inspector = show(Inspector)
  navigation.selectObject({ group: '', kind: 'Pod', namespace: 'default', name: 'payments-5d9c7b6f4-x2x7q' })
  await settle(400)
  expect(inspector.find('h1').text()).toBe('payments-5d9c7b6f4-x2x7q')
  expect(inspector.find('.state').text()).toContain('CrashLoopBackOff')
  expect(inspector.text()).toContain('5 restarts')
  await inspector.findAll('.link').find((link) => link.text() === 'worker-1')!.trigger('click')
  await settle(300)
  expect(navigation.selection).toMatchObject({ reference: { kind: 'Node', name: 'worker-1' } })
  navigation.back()
  await settle(300)
  lab.cluster.remove('', 'Pod', 'default', 'payments-5d9c7b6f4-x2x7q')
  await settle(300)
  expect(inspector.find('.state').text()).toContain('Deleted')
  inspector.unmount()
})

it('shows events newest first', async () => {
  withLab('broken')
  const navigation = useNavigation()
  const inspector = show(Inspector)
  navigation.selectObject({ group: '', kind: 'Pod', namespace: 'default', name: 'payments-5d9c7b6f4-x2x7q' })
  await settle(300)
  await inspector.findAll('[role=tab]').find((tab) => tab.text() === 'Events')!.trigger('click')
  await settle(300)
  expect(inspector.findAll('strong').map((reason) => reason.text())).toEqual(['BackOff', 'Pulled', 'Scheduled'])
  inspector.unmount()
})

it('says what is missing', async () => {
  withLab()
  const inspector = show(Inspector)
  useNavigation().selectObject({ group: '', kind: 'Pod', namespace: 'default', name: 'nobody' })
  await settle(300)
  expect(inspector.text()).toContain('There is no such object')
  inspector.unmount()
})

it('deletes only when asked twice', async () => {
  const lab = withLab()
  const navigation = useNavigation()
  const inspector = show(Inspector)
  navigation.selectObject({ group: '', kind: 'Service', namespace: 'default', name: 'nginx-service' })
  await settle(300)
  const button = () => inspector.findAll('button.danger').find((candidate) => /elete/.test(candidate.text()))!
  await button().trigger('click')
  expect(lab.asked.some((asked) => asked.startsWith('DELETE'))).toBe(false)
  await button().trigger('click')
  await settle(300)
  expect(lab.asked).toContain('DELETE /api/v1/namespaces/default/services/nginx-service')
  expect(inspector.text()).toContain('Deleted')
  inspector.unmount()
})

it('cordons a node with the patch that kubectl sends, and types what takes longer', async () => {
  const lab = withLab()
  const navigation = useNavigation()
  const inspector = show(Inspector)
  navigation.selectObject({ group: '', kind: 'Node', namespace: '', name: 'worker-1' })
  await settle(300)
  const button = (title: string) => inspector.findAll('button').find((candidate) => candidate.text() === title)!
  await button('Cordon').trigger('click')
  await settle(100)
  expect(lab.asked).toContain('PATCH /api/v1/nodes/worker-1')
  await button('Drain').trigger('click')
  await settle(100)
  expect(lab.asked).toContain('type kubectl drain worker-1 --ignore-daemonsets --delete-emptydir-data')
  inspector.unmount()
})
