import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SimulatedDisk, type DiskBacking } from './disk.ts'
import { nodeHost } from './host.node.ts'
import { Kernel } from './kernel.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value)

function start(seed = 1): { kernel: Kernel; disk: SimulatedDisk } {
  const kernel = new Kernel({ host: nodeHost, seed, epoch: 0 })
  return { kernel, disk: new SimulatedDisk(kernel, 'd') }
}

describe('SimulatedDisk', () => {
  it('keeps what was synced, and of the rest a prefix, whatever happened before the crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(fc.constantFrom('append', 'sync', 'truncate', 'wait', 'settle'), { maxLength: 30 }), async (seed, steps) => {
        const { kernel, disk } = start(seed)
        let whole = ''
        let durable = ''
        const syncs: Promise<void>[] = []
        let cut = false
        for (const [index, step] of steps.entries()) {
          if (step === 'append') {
            const chunk = `<${index}>`
            whole += chunk
            disk.append('f', bytes(chunk))
          } else if (step === 'sync') {
            const covered = whole
            syncs.push(disk.sync('f').then(() => {
              if (whole.startsWith(covered) && covered.length >= durable.length) {
                durable = covered
                cut = false
              }
            }))
          } else if (step === 'truncate' && whole.length > 2) {
            whole = whole.slice(0, -2)
            disk.truncate('f', whole.length)
            cut = true
            durable = durable.slice(0, whole.length)
          } else if (step === 'wait') await kernel.runFor(0.2)
          else if (step === 'settle') await kernel.runFor(5)
        }
        disk.crash()
        const found = text(disk.read('f')) ?? ''
        expect(found.startsWith(durable)).toBe(true)
        if (!cut) expect(whole.startsWith(found)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('does not let a flush from before a crash vouch for what was written after it', async () => {
    let lost = false
    for (let seed = 0; seed < 20; seed++) {
      const { kernel, disk } = start(seed)
      disk.append('f', bytes('0123456789'))
      let heard = false
      void disk.sync('f').then(() => {
        heard = true
      })
      disk.crash()
      disk.truncate('f', 0)
      await kernel.settle(disk.sync('f'))
      disk.append('f', bytes('abcdefghij'))
      await kernel.runFor(10)
      disk.crash()
      expect(heard).toBe(false)
      lost ||= (disk.read('f')?.length ?? 0) < 10
    }
    expect(lost).toBe(true)
  })

  it('replaces a file wholly or not at all, in the order asked', async () => {
    const outcomes = new Set<string | undefined>()
    for (let seed = 0; seed < 20; seed++) {
      const { kernel, disk } = start(seed)
      await kernel.settle(disk.replace('f', bytes('old')))
      void disk.replace('f', bytes('new'))
      disk.crash()
      await kernel.runFor(10)
      outcomes.add(text(disk.read('f')))
      const both = [disk.replace('f', bytes('first')), disk.replace('f', bytes('second'))]
      await kernel.settle(Promise.all(both))
      expect(text(disk.read('f'))).toBe('second')
    }
    expect(outcomes).toEqual(new Set(['old', 'new']))
  })

  it('counts what it holds and refuses what does not fit', async () => {
    const { kernel, disk } = start()
    disk.append('a', bytes('12345'))
    await kernel.settle(disk.replace('b', bytes('123')))
    disk.capacityBytes = 10
    expect(disk.usedBytes()).toBe(8)
    expect(() => disk.append('a', bytes('123'))).toThrow('write a: no space left on device')
    disk.truncate('a', 1)
    disk.append('a', bytes('123'))
    disk.remove('b')
    expect(disk.usedBytes()).toBe(4)
  })

  it('lets a failed flush be heard by those who asked for it, and tries again for the others', async () => {
    const kernel = new Kernel({ host: nodeHost, seed: 1, epoch: 0 })
    let calls = 0
    const nothing = (): void => {}
    const backing: DiskBacking = { load: () => [], append: nothing, replace: async () => {}, sync: async () => { if (++calls === 1) throw new Error('EIO') }, truncate: nothing, remove: nothing }
    const disk = new SimulatedDisk(kernel, 'd', backing)
    disk.append('f', bytes('a'))
    const first = disk.sync('f')
    const second = disk.sync('f')
    first.catch(nothing)
    await expect(kernel.settle(first)).rejects.toThrow('EIO')
    await expect(kernel.settle(second)).resolves.toBeUndefined()
  })
})
