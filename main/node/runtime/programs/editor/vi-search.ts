import { posixPattern } from '../posix-pattern.ts'
import type { Position, TextBuffer } from './text-buffer.ts'

export interface SearchOptions {
  readonly ignoreCase: boolean
}

/** A pattern as vi writes it (basic, with `\+`, `\|`, `\<`, `\c` and a few more). Throws SyntaxError. */
export function viPattern(text: string, options: SearchOptions, flags = ''): RegExp {
  const ignore = options.ignoreCase || text.includes('\\c')
  const posix = text.replace(/\\[cC]/g, '').replace(/\\=/g, '\\?').replace(/\\v/g, '')
  return posixPattern(posix, text.includes('\\v'), `${flags}${ignore && !flags.includes('i') ? 'i' : ''}`)
}

/** The next match from the cursor on, around the end of the text if need be. */
export function search(buffer: TextBuffer, pattern: RegExp, forward: boolean): { readonly at: Position; readonly wrapped: boolean } | undefined {
  const every = new RegExp(pattern.source, pattern.flags.includes('i') ? 'gi' : 'g')
  const count = buffer.lines.length
  for (let step = 0; step <= count; step++) {
    const row = (buffer.row + (forward ? step : -step) + count * 2) % count
    const columns = [...buffer.lines[row]!.matchAll(every)].map((match) => match.index)
    const fits = columns.filter((column) => (step === 0 ? (forward ? column > buffer.column : column < buffer.column) : step === count ? (forward ? column <= buffer.column : column >= buffer.column) : true))
    const column = forward ? fits[0] : fits.at(-1)
    if (column !== undefined) return { at: { row, column }, wrapped: forward ? row < buffer.row || step === count : row > buffer.row || step === count }
  }
  return undefined
}

/** What the right side of a substitution becomes: `&`, `\1`, `\r`, `\n`, `\t`. */
export function replacementOf(text: string, match: readonly (string | undefined)[]): string {
  return text.replace(/\\(.)|&|~/g, (whole, escaped: string | undefined) => {
    if (whole === '&') return match[0] ?? ''
    if (escaped === undefined) return whole
    if (/\d/.test(escaped)) return match[Number(escaped)] ?? ''
    return { r: '\n', n: '\n', t: '\t' }[escaped] ?? escaped
  })
}
