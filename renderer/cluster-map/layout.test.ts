import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layOut, podRect, type MachineInput, type Rect } from './layout.ts'
import { lengthOf, pointAt, reversed, routeBetween } from './route.ts'

const control = (name = 'controlplane'): MachineInput => ({ name, components: ['kube-apiserver', 'etcd', 'kube-scheduler', 'kube-controller-manager'], agents: ['kubelet', 'kube-proxy', 'containerd'], pods: 6 })
const worker = (name: string, pods: number): MachineInput => ({ name, components: [], agents: ['kubelet', 'kube-proxy', 'containerd'], pods })
const overlap = (a: Rect, b: Rect): boolean => a.x + 0.01 < b.x + b.width && b.x + 0.01 < a.x + a.width && a.y + 0.01 < b.y + b.height && b.y + 0.01 < a.y + a.height
const inside = (a: Rect, b: Rect): boolean => a.x >= b.x - 0.01 && a.y >= b.y - 0.01 && a.x + a.width <= b.x + b.width + 0.01 && a.y + a.height <= b.y + b.height + 0.01

describe('the map’s layout', () => {
  it('never lets boxes overlap, and keeps parts inside their machines', () => {
    fc.assert(
      fc.property(fc.integer({ min: 640, max: 2600 }), fc.integer({ min: 380, max: 1500 }), fc.integer({ min: 0, max: 240 }), fc.integer({ min: 0, max: 140 }), fc.integer({ min: 1, max: 3 }), (width, height, workers, pods, controls) => {
        const layout = layOut(width, height, [...Array.from({ length: controls }, (_, index) => control(`cp-${index}`)), ...Array.from({ length: workers }, (_, index) => worker(`w-${index}`, pods))])
        expect(layout.machines).toHaveLength(workers + controls)
        for (const [index, box] of layout.machines.entries()) {
          for (const other of layout.machines.slice(index + 1, index + 60)) expect(overlap(box.rect, other.rect)).toBe(false)
          const parts = [...box.components, ...box.agents]
          for (const part of parts) {
            expect(inside(part.rect, box.rect)).toBe(true)
            for (const other of parts) if (other !== part) expect(overlap(part.rect, other.rect)).toBe(false)
          }
          if (box.podGrid && box.podGrid.style !== 'counts' && box.podGrid.area.height > 0) {
            for (let pod = 0; pod < pods && !box.controlPlane; pod++) expect(inside(podRect(box.podGrid, pod), box.podGrid.area)).toBe(true)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('shows less detail of more machines', () => {
    const detail = (count: number): string | undefined => layOut(1100, 520, [control(), ...Array.from({ length: count }, (_, index) => worker(`w${index}`, 4))]).machines.at(-1)?.detail
    expect([3, 30, 1000].map(detail)).toEqual(['full', 'compact', 'tile'])
  })

  it('names few pods, marks more, and counts the rest', () => {
    const style = (pods: number): string | undefined => layOut(1100, 520, [control(), worker('w', pods), worker('v', 0), worker('u', 0)]).machines.find((box) => box.name === 'w')?.podGrid?.style
    expect([3, 40, 2000].map(style)).toEqual(['named', 'marks', 'counts'])
  })

  it('works with nothing to show and hardly any room', () => {
    expect(layOut(0, 0, []).machines).toEqual([])
    expect(layOut(10, 10, [control(), worker('w', 3)]).machines.every((box) => Number.isFinite(box.rect.width) && box.rect.width > 0)).toBe(true)
  })
})

describe('routes', () => {
  const above: Rect = { x: 100, y: 0, width: 200, height: 50 }
  const below: Rect = { x: 400, y: 200, width: 100, height: 40 }

  it('leave through the facing side', () => {
    const down = routeBetween(above, below)
    expect(down.y0).toBe(50)
    expect(down.y3).toBe(200)
    expect(routeBetween(below, above).y0).toBe(200)
    const beside = routeBetween(above, { x: 400, y: 10, width: 50, height: 30 })
    expect([beside.x0, beside.x3]).toEqual([300, 400])
  })

  it('pass below boxes that stand in one row', () => {
    const route = routeBetween({ x: 0, y: 0, width: 60, height: 22 }, { x: 65, y: 0, width: 60, height: 22 })
    expect([route.y0, route.y3]).toEqual([22, 22])
    expect(pointAt(route, 0.5).y).toBeGreaterThan(26)
  })

  it('begin and end where they say', () => {
    const route = routeBetween(above, below)
    expect(pointAt(route, 0)).toEqual({ x: route.x0, y: route.y0 })
    expect(pointAt(route, 1)).toEqual({ x: route.x3, y: route.y3 })
    expect(pointAt(reversed(route), 0)).toEqual(pointAt(route, 1))
    expect(lengthOf(route)).toBeGreaterThan(150)
  })
})
