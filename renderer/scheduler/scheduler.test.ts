import { afterEach, expect, it } from 'vitest'
import { settle, show, withLab } from '../testing/mount.ts'
import DecisionDetail from './DecisionDetail.vue'
import type { Decision, FilterVerdict } from './scheduler-views.ts'

afterEach(() => (document.body.innerHTML = ''))

const verdict = (plugin: string, reason?: string): FilterVerdict => ({ plugin, verdict: reason ? 'rejected' : 'passed', reasons: reason ? [reason] : [], resolvable: plugin === 'NodeResourcesFit' })
const skipped: FilterVerdict = { plugin: 'NodePorts', verdict: 'skipped', reasons: [], resolvable: true }
const decision: Decision = {
  id: 1, time: 0, pod: 'default/p', attempt: 1, profile: 'default-scheduler', waitedMs: 1, outcome: 'unschedulable', node: '', message: '0/2 nodes are available', nodeCount: 2, evaluated: 2, feasible: 0,
  rejected: [], scored: [], more: { rejected: 0, scored: 0 }, nominatedNode: '',
  explained: [
    { node: 'worker-1', verdicts: [verdict('TaintToleration'), skipped, verdict('NodeResourcesFit', 'Insufficient cpu')], changes: ['500m more cpu free'] },
    { node: 'controlplane', verdicts: [verdict('TaintToleration', 'node(s) had untolerated taint(s)'), skipped, verdict('NodeResourcesFit')], changes: ['remove the taint'] },
  ],
  preemption: [{ node: 'worker-1', victims: ['default/low'], violations: 1, reason: '' }],
  queue: 'unschedulable', wakes: [{ plugin: 'NodeResourcesFit', events: ['AssignedPodDelete', 'NodeAdd'] }],
}

it('shows every filter on every node, what would have to change, and what wakes the pod', async () => {
  withLab('broken')
  const detail = show(DecisionDetail, { props: { decision } })
  await settle(100)
  const matrix = detail.find('[aria-label=Filters]')
  expect(matrix.findAll('thead th').map((cell) => cell.text())).toEqual(['Node', 'Taint Toleration', 'Node Resources Fit'])
  expect(matrix.findAll('tbody tr').map((row) => row.findAll('td').map((cell) => cell.classes().at(-1)))).toEqual([
    ['passed', 'rejected'],
    ['rejected', 'passed'],
  ])
  expect(matrix.find('[aria-label="NodeResourcesFit: Insufficient cpu (preemption might help)"]').exists()).toBe(true)
  expect(detail.findAll('[aria-label=Changes] li').map((item) => item.text())).toEqual(['worker-1500m more cpu free', 'controlplaneremove the taint'])
  expect(detail.find('.wakes').text()).toBe('It waits in the unschedulable queue for one of these events (NodeResourcesFit: AssignedPodDelete, NodeAdd).')
  expect(detail.find('[aria-label=Preemption]').text()).toContain('default/low would have to go, against 1 disruption budget')
  detail.unmount()
})
