import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SimulatedDisk } from './disk.ts'
import { FileBacking } from './disk.node.ts'
import { nodeHost } from './host.node.ts'
import { Kernel } from './kernel.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'orrery-disk-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function start(): { kernel: Kernel; disk: SimulatedDisk; backing: FileBacking } {
  const kernel = new Kernel({ host: nodeHost, seed: 1, epoch: 0 })
  const backing = new FileBacking(directory)
  return { kernel, disk: new SimulatedDisk(kernel, 'd', backing), backing }
}

describe('FileBacking', () => {
  it('finds again what was written, in files of the same names', async () => {
    const { kernel, disk, backing } = start()
    disk.append('var/lib/x/log', bytes('one'))
    disk.append('var/lib/x/log', bytes('two'))
    await kernel.settle(disk.sync('var/lib/x/log'))
    await kernel.settle(disk.replace('etc/y', bytes('whole')))
    disk.append('gone', bytes('x'))
    disk.remove('gone')
    disk.truncate('var/lib/x/log', 4)
    disk.append('var/lib/x/log', bytes('!'))
    await kernel.settle(disk.sync('var/lib/x/log'))
    await backing.close()
    expect(readFileSync(join(directory, 'var/lib/x/log'), 'utf8')).toBe('onet!')
    writeFileSync(join(directory, 'etc/y.orrery-tmp'), 'left behind')
    const again = start()
    expect(again.disk.list('')).toEqual(['etc/y', 'var/lib/x/log'])
    expect(new TextDecoder().decode(again.disk.read('etc/y'))).toBe('whole')
  })

  it('appends after a replacement to the new file', async () => {
    const { kernel, disk } = start()
    disk.append('f', bytes('old'))
    await kernel.settle(disk.replace('f', bytes('new')))
    disk.append('f', bytes('er'))
    await kernel.settle(disk.sync('f'))
    expect(readFileSync(join(directory, 'f'), 'utf8')).toBe('newer')
  })

  it('has on disk what a simulated crash decided on', async () => {
    for (let round = 0; round < 10; round++) {
      const { kernel, disk, backing } = start()
      disk.append('f', bytes('0123456789'))
      void disk.replace('g', bytes(`round ${round}`))
      disk.crash()
      await kernel.runFor(10)
      const inMemory = new Map(disk.list('').map((path) => [path, new TextDecoder().decode(disk.read(path))]))
      await backing.close()
      const onDisk = new Map([...new FileBacking(directory).load()].map(([path, content]) => [path, new TextDecoder().decode(content)]))
      expect(onDisk).toEqual(inMemory)
    }
  })

  it('keeps no more files open than it may, and writes to all of them', async () => {
    const { kernel, disk } = start()
    for (let round = 0; round < 2; round++) for (let index = 0; index < 100; index++) disk.append(`many/${index}`, bytes(String(round)))
    await kernel.settle(Promise.all([1, 50, 99].map((index) => disk.sync(`many/${index}`))))
    expect([0, 50, 99].map((index) => readFileSync(join(directory, `many/${index}`), 'utf8'))).toEqual(['01', '01', '01'])
  })

  it('does not leave its directory', () => {
    expect(() => start().backing.append('../outside', bytes('x'))).toThrow("path ../outside leaves the disk's directory")
  })
})
