import { readOptions } from './options.ts'
import type { Program } from './program.ts'
import { complain, forEachInput, readAll } from './text-input.ts'

/** Bytes as text: base64, hexdump. */

export const base64: Program = async (context) => {
  const options = await readOptions(context, 'dw:i', { decode: 'd', wrap: 'w' })
  if (!options) return 1
  const width = Number(options.values.get('w') ?? 76)
  return forEachInput(context, options.operands, async (reader) => {
    const bytes = await readAll(reader)
    if (options.flags.has('d')) {
      let binary: string
      try {
        binary = atob(new TextDecoder().decode(bytes).replace(/\s/g, ''))
      } catch {
        await complain(context, 'invalid input')
        return
      }
      await context.stdout.write(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
      return
    }
    let binary = ''
    for (const byte of bytes) binary += String.fromCharCode(byte)
    const text = btoa(binary)
    await context.stdout.write(width === 0 ? text : text === '' ? '' : text.replace(new RegExp(`.{1,${width}}`, 'g'), '$&\n'))
  })
}

export const hexdump: Program = async (context) => {
  const options = await readOptions(context, 'Cn:v', {})
  if (!options) return 1
  return forEachInput(context, options.operands, async (reader) => {
    const bytes = (await readAll(reader)).subarray(0, Number(options.values.get('n') ?? Infinity))
    for (let at = 0; at < bytes.length; at += 16) {
      const row = bytes.subarray(at, at + 16)
      const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0'))
      const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
      await context.stdout.write(`${at.toString(16).padStart(8, '0')}  ${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}  |${text}|\n`)
    }
    await context.stdout.write(`${bytes.length.toString(16).padStart(8, '0')}\n`)
  })
}
