import { FileError } from '../files/file-error.ts'
import { readOptions } from './options.ts'
import type { Program } from './program.ts'
import { complain, openInput, readAll, readText } from './text-input.ts'

/** diff and cmp. */

export const diff: Program = async (context) => {
  const options = await readOptions(context, 'uqNrabBwiy', { unified: 'u', brief: 'q' })
  if (!options) return 2
  const [left, right] = options.operands
  if (left === undefined || right === undefined) {
    await complain(context, 'missing operand')
    return 2
  }
  const sides: string[][] = []
  for (const path of [left, right]) {
    try {
      sides.push((await readText(openInput(context, path))).replace(/\n$/, '').split('\n'))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, context.files.find('/bin/busybox') ? `can't stat '${path}': ${error.message}` : `${path}: ${error.message}`)
      return 2
    }
  }
  const [a, b] = sides as [string[], string[]]
  if (a.join('\n') === b.join('\n')) return 0
  if (options.flags.has('q')) {
    await context.stdout.write(`Files ${left} and ${right} differ\n`)
    return 1
  }
  await context.stdout.write(unifiedDiff(a, b, left, right))
  return 1
}

function unifiedDiff(a: readonly string[], b: readonly string[], left: string, right: string): string {
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!)
  const edits: { mark: ' ' | '-' | '+'; text: string; a: number; b: number }[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) edits.push({ mark: ' ', text: a[i]!, a: i++, b: j++ })
    else if (i < a.length && (j >= b.length || table[i + 1]![j]! >= table[i]![j + 1]!)) edits.push({ mark: '-', text: a[i]!, a: i++, b: j })
    else edits.push({ mark: '+', text: b[j]!, a: i, b: j++ })
  }
  let text = `--- ${left}\n+++ ${right}\n`
  for (let at = 0; at < edits.length; ) {
    if (edits[at]!.mark === ' ') {
      at++
      continue
    }
    const start = Math.max(0, at - 3)
    let end = at
    for (let gap = 0; end < edits.length && gap <= 6; end++) gap = edits[end]!.mark === ' ' ? gap + 1 : 0
    const hunk = edits.slice(start, end)
    while (hunk.length > 0 && hunk.slice(-4).every((edit) => edit.mark === ' ') && hunk.length > 4) hunk.pop()
    const aCount = hunk.filter((edit) => edit.mark !== '+').length
    const bCount = hunk.filter((edit) => edit.mark !== '-').length
    const range = (from: number, count: number): string => (count === 1 ? String(from + 1) : `${count === 0 ? from : from + 1},${count}`)
    text += `@@ -${range(hunk[0]!.a, aCount)} +${range(hunk[0]!.b, bCount)} @@\n${hunk.map((edit) => `${edit.mark}${edit.text}\n`).join('')}`
    at = start + hunk.length
  }
  return text
}

export const cmp: Program = async (context) => {
  const operands = context.argv.slice(1).filter((word) => !word.startsWith('-'))
  const [a, b] = await Promise.all(operands.slice(0, 2).map((path) => readAll(openInput(context, path))))
  if (!a || !b) return 2
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    if (a[index] === b[index]) continue
    if (!context.argv.includes('-s')) await context.stdout.write(index >= a.length || index >= b.length ? `cmp: EOF on ${operands[index >= a.length ? 0 : 1]}\n` : `${operands[0]} ${operands[1]} differ: char ${index + 1}, line 1\n`)
    return 1
  }
  return 0
}
