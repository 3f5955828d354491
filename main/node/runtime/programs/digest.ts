import { sha256 } from '../../../api/machinery/sha256.ts'
import type { Program } from './program.ts'
import { forEachInput, nameOf, readAll } from './text-input.ts'

/** sha256sum, sha1sum and md5sum. */
export const digest: Program = async (context) => {
  const name = nameOf(context)
  const hash = name.startsWith('sha256') ? sha256 : name.startsWith('sha1') ? sha1 : name.startsWith('md5') ? md5 : undefined
  if (!hash) {
    await context.stderr.write(`${name}: not simulated\n`)
    return 1
  }
  return forEachInput(context, context.argv.slice(1).filter((word) => word === '-' || !word.startsWith('-')), async (reader, path) => {
    await context.stdout.write(`${hash(await readAll(reader))}  ${path}\n`)
  })
}

function padded(bytes: Uint8Array, littleEndian: boolean): Uint8Array {
  const length = Math.ceil((bytes.length + 9) / 64) * 64
  const result = new Uint8Array(length)
  result.set(bytes)
  result[bytes.length] = 0x80
  const view = new DataView(result.buffer)
  const bits = bytes.length * 8
  view.setUint32(littleEndian ? length - 8 : length - 4, bits >>> 0, littleEndian)
  view.setUint32(littleEndian ? length - 4 : length - 8, Math.floor(bits / 2 ** 32), littleEndian)
  return result
}

const left = (value: number, count: number): number => (value << count) | (value >>> (32 - count))
const hex = (words: readonly number[]): string => words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')

export function sha1(bytes: Uint8Array): string {
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
  const data = padded(bytes, false)
  const view = new DataView(data.buffer)
  const words = new Int32Array(80)
  for (let block = 0; block < data.length; block += 64) {
    for (let index = 0; index < 16; index++) words[index] = view.getInt32(block + index * 4)
    for (let index = 16; index < 80; index++) words[index] = left(words[index - 3]! ^ words[index - 8]! ^ words[index - 14]! ^ words[index - 16]!, 1)
    let [a, b, c, d, e] = state as [number, number, number, number, number]
    for (let index = 0; index < 80; index++) {
      const [mixed, constant] = index < 20 ? [(b & c) | (~b & d), 0x5a827999] : index < 40 ? [b ^ c ^ d, 0x6ed9eba1] : index < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc] : [b ^ c ^ d, 0xca62c1d6]
      const next = (left(a, 5) + mixed + e + constant + words[index]!) | 0
      e = d
      d = c
      c = left(b, 30)
      b = a
      a = next
    }
    ;[a, b, c, d, e].forEach((value, index) => {
      state[index] = (state[index]! + value) | 0
    })
  }
  return hex(state)
}

const md5Shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

export function md5(bytes: Uint8Array): string {
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  const data = padded(bytes, true)
  const view = new DataView(data.buffer)
  for (let block = 0; block < data.length; block += 64) {
    let [a, b, c, d] = state as [number, number, number, number]
    for (let index = 0; index < 64; index++) {
      const round = index >> 4
      const [mixed, word] = round === 0 ? [(b & c) | (~b & d), index] : round === 1 ? [(d & b) | (~d & c), (5 * index + 1) % 16] : round === 2 ? [b ^ c ^ d, (3 * index + 5) % 16] : [c ^ (b | ~d), (7 * index) % 16]
      const sum = (a + mixed + Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) + view.getInt32(block + word * 4, true)) | 0
      a = d
      d = c
      c = b
      b = (b + left(sum, md5Shifts[round * 4 + (index % 4)]!)) | 0
    }
    ;[a, b, c, d].forEach((value, index) => {
      state[index] = (state[index]! + value) | 0
    })
  }
  const result = new DataView(new ArrayBuffer(16))
  state.forEach((word, index) => result.setInt32(index * 4, word, true))
  return Array.from(new Uint8Array(result.buffer), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
