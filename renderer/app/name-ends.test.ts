import { expect, it } from 'vitest'
import type { MessageFlow, PathEnd, TrafficKind } from '../../preload/contract/observe.ts'
import { nameEnds } from './name-ends.ts'

const flow = (from: PathEnd, to: PathEnd, kind: TrafficKind): MessageFlow => ({ from, to, kind, label: '', count: 1, bytes: 0, sentAt: 0, transitMs: 0, spanId: 0, user: false })
const on = (machine: string, process = ''): PathEnd => ({ machine, process })

it('names who it must have been', () => {
  expect(nameEnds(flow(on('cp'), on('cp', 'etcd'), 'storage')).from.process).toBe('kube-apiserver')
  expect(nameEnds(flow(on('w', 'kubelet'), on('w'), 'cri')).to.process).toBe('containerd')
  expect(nameEnds(flow(on('w', 'containerd'), on('w'), 'cri')).to.process).toBe('kubelet')
  expect(nameEnds(flow({ machine: 'w', process: '', pod: 'default/a' }, on('w'), 'probe'))).toMatchObject({ from: { process: '' }, to: { process: 'kubelet' } })
})

it('leaves alone what is named, outside, or anyone’s', () => {
  for (const same of [flow(on('', 'kubectl'), on('cp', 'kube-apiserver'), 'write'), flow(on(''), on('cp', 'kube-apiserver'), 'storage'), flow(on('w'), on('v'), 'traffic')]) expect(nameEnds(same)).toBe(same)
})
