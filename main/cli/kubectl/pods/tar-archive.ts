/** Tar archives as `kubectl cp` sends and reads them: ustar, with GNU's long names. */

export interface TarEntry {
  readonly name: string
  readonly type: 'file' | 'folder' | 'link'
  /** Permission bits. */
  readonly mode: number
  readonly modifiedMs: number
  readonly bytes: Uint8Array
  /** Where a link leads. */
  readonly target?: string
}

const blockBytes = 512
const encoder = new TextEncoder()
const typeFlags = { file: '0', folder: '5', link: '2' } as const

/** One archive of the entries, ended by two empty blocks. */
export function writeTar(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap((entry) => {
    const name = encoder.encode(entry.name)
    return [...(name.length > 100 ? longName(name) : []), header(name.subarray(0, 100), entry, typeFlags[entry.type]), padded(entry.bytes)]
  })
  return joined([...blocks, new Uint8Array(2 * blockBytes)])
}

/** GNU's way: the whole name as an entry of its own before. */
function longName(name: Uint8Array): Uint8Array[] {
  const bytes = joined([name, new Uint8Array(1)])
  return [header(encoder.encode('././@LongLink'), { name: '', type: 'file', mode: 0o644, modifiedMs: 0, bytes }, 'L'), padded(bytes)]
}

function header(name: Uint8Array, { mode, modifiedMs, bytes, target = '' }: TarEntry, flag: string): Uint8Array {
  const block = new Uint8Array(blockBytes)
  const put = (at: number, text: string): void => block.set(encoder.encode(text), at)
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  block.set(name, 0)
  put(100, `${octal(mode & 0o7777, 7)}\0`)
  put(108, `${octal(0, 7)}\0${octal(0, 7)}\0`)
  put(124, `${octal(bytes.length, 11)}\0`)
  put(136, `${octal(Math.max(0, Math.floor(modifiedMs / 1000)), 11)}\0`)
  put(148, '        ')
  put(156, flag)
  block.set(encoder.encode(target).subarray(0, 100), 157)
  put(257, 'ustar\x0000')
  put(148, `${octal(block.reduce((sum, byte) => sum + byte, 0), 6)}\0 `)
  return block
}

function padded(bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(Math.ceil(bytes.length / blockBytes) * blockBytes)
  block.set(bytes)
  return block
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The entries of an archive. Throws an Error with archive/tar's words when it is none. */
export function readTar(archive: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = []
  let longer: string | undefined
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const block = archive.subarray(at, at + blockBytes)
    if (block.every((byte) => byte === 0)) break
    const text = (from: number, length: number): string => new TextDecoder().decode(block.subarray(from, from + length)).split('\0')[0]!
    const size = Number.parseInt(text(124, 12).trim() || '0', 8)
    if (Number.isNaN(size) || Number.parseInt(text(148, 8).trim(), 8) !== checksum(block)) throw new Error('archive/tar: invalid tar header')
    const bytes = archive.subarray(at + blockBytes, at + blockBytes + size)
    if (bytes.length < size) throw new Error('unexpected EOF')
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes
    const flag = text(156, 1)
    if (flag === 'L') longer = new TextDecoder().decode(bytes).replace(/\0+$/, '')
    else if (flag === 'x') longer = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(new TextDecoder().decode(bytes))?.[1] ?? longer
    else if (['', '0', '5', '2', '7'].includes(flag)) {
      const prefix = text(257, 5) === 'ustar' && text(257, 8) !== 'ustar  ' ? text(345, 155) : ''
      const name = longer ?? (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`)
      const type = flag === '5' || name.endsWith('/') ? 'folder' : flag === '2' ? 'link' : 'file'
      entries.push({ name, type, mode: Number.parseInt(text(100, 8).trim() || '644', 8), modifiedMs: Number.parseInt(text(136, 12).trim() || '0', 8) * 1000, bytes, ...(type === 'link' ? { target: text(157, 100) } : {}) })
      longer = undefined
    }
  }
  return entries
}

function checksum(block: Uint8Array): number {
  return block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0)
}
