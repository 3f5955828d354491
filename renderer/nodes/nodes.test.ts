import { afterEach, expect, it } from 'vitest'
import { settle, show, withLab } from '../testing/mount.ts'
import Nodes from './Nodes.vue'

afterEach(() => (document.body.innerHTML = ''))

it('says in the list which node is cordoned', async () => {
  const lab = withLab()
  const nodes = show(Nodes)
  await settle()
  expect(nodes.find('nav').text()).not.toContain('cordoned')
  const worker = lab.cluster.list('', 'Node').find(({ metadata }) => metadata.name === 'worker-2')!
  lab.cluster.put({ ...worker, spec: { ...(worker['spec'] as object), unschedulable: true } })
  await settle()
  expect(nodes.findAll('nav button').filter((entry) => entry.text().includes('cordoned')).map((entry) => entry.find('.fact').text())).toEqual(['worker-2'])
  nodes.unmount()
})
