import { expect, it } from 'vitest'
import { Anchors } from './anchors.ts'
import { layOut } from './layout.ts'
import { pointAt, type Route } from './route.ts'

const layout = layOut(1100, 520, [{ name: 'controlplane', components: ['kube-apiserver', 'etcd', 'kube-scheduler', 'kube-controller-manager'], agents: ['kubelet', 'kube-proxy', 'containerd'], pods: 5 }, { name: 'worker-1', components: [], agents: ['kubelet', 'kube-proxy', 'containerd'], pods: 2 }])
const anchors = new Anchors(layout, () => [])
const at = (process: string, machine = 'controlplane') => ({ machine, process })
const points = (route: Route | undefined) => Array.from({ length: 31 }, (_, index) => pointAt(route!, index / 30))
const box = layout.machines[0]!
const within = (name: string, { x, y }: { x: number; y: number }): boolean => {
  const { rect } = [...box.components, ...box.agents].find((part) => part.name === name)!
  return x > rect.x + 0.5 && x < rect.x + rect.width - 0.5 && y > rect.y + 0.5 && y < rect.y + rect.height - 0.5
}

it('leads an agent to the hub past its neighbours', () => {
  const route = points(anchors.route(at('kube-proxy'), at('kube-apiserver')))
  expect(route.filter((point) => within('kubelet', point) || within('etcd', point))).toEqual([])
})

it('leads below the hub to what stands behind it, both ways the same', () => {
  const there = anchors.route(at('kubelet'), at('kube-scheduler'))!
  const back = anchors.route(at('kube-scheduler'), at('kubelet'))!
  expect(points(there).filter((point) => within('kube-apiserver', point))).toEqual([])
  expect([back.x0, back.y0, back.x3, back.y3]).toEqual([there.x3, there.y3, there.x0, there.y0])
})

it('has no path from a thing to itself, or to what is not there', () => {
  expect(anchors.route(at('etcd'), at('etcd'))).toBeUndefined()
  expect(anchors.route(at('etcd'), at('kubelet', 'nowhere'))).toBeUndefined()
})

it('leads over the machines between one control-plane node and another, and to the edge of each from outside', () => {
  const part = (name: string) => ({ name, components: ['kube-apiserver', 'etcd', 'kube-scheduler'], agents: ['kubelet'], pods: 2 })
  const three = layOut(1400, 620, [part('a'), part('b'), part('c')])
  const ends = new Anchors(three, () => [])
  const middle = pointAt(ends.route(at('etcd', 'a'), at('kube-apiserver', 'c'))!, 0.5)
  expect(middle.y).toBeLessThan(three.machines[1]!.rect.y)
  expect(ends.route({ machine: '', process: '' }, at('kube-apiserver', 'b'))!.y3).toBe(three.machines[1]!.rect.y)
})
