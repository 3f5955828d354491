import { FileError } from '../files/file-error.ts'
import { openPath } from '../processes/open-path.ts'
import type { ByteReader, ProcessContext } from './program.ts'

const chunkBytes = 65_536

/** All bytes until the end. */
export async function readAll(reader: ByteReader): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const bytes = await reader.read()
    if (!bytes) break
    parts.push(bytes)
    length += bytes.length
  }
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

export async function readText(reader: ByteReader): Promise<string> {
  return new TextDecoder().decode(await readAll(reader))
}

/** Lines without their ends; `ended` is false for a last line that has none. */
export async function* linesOf(reader: ByteReader): AsyncGenerator<{ readonly text: string; readonly ended: boolean }> {
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const bytes = await reader.read()
    if (!bytes) break
    rest += decoder.decode(bytes, { stream: true })
    let start = 0
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      yield { text: rest.slice(start, end), ended: true }
      start = end + 1
    }
    rest = rest.slice(start)
  }
  if (rest !== '') yield { text: rest, ended: false }
}

/** A file opened for reading by a program; `-` is standard input. Throws FileError. */
export function openInput(context: ProcessContext, path: string): ByteReader {
  if (path === '-') return context.stdin
  const inode = context.files.find(context.path(path))
  if (inode?.kind === 'directory') throw new FileError('EISDIR', path)
  const file = openPath(context, path, 'read')
  return {
    read: async (limit) => {
      const pause = context.work(0.002)
      if (pause) await pause
      return file.read(limit ?? chunkBytes)
    },
  }
}

/** Runs `each` over standard input, or over every named file; a file that cannot be read is reported and makes the
 *  answer 1. */
export async function forEachInput(
  context: ProcessContext,
  paths: readonly string[],
  each: (reader: ByteReader, path: string) => Promise<void>,
): Promise<number> {
  let code = 0
  for (const path of paths.length > 0 ? paths : ['-']) {
    try {
      await each(openInput(context, path), path)
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await complain(context, `${path}: ${error.message}`)
      code = 1
    }
  }
  return code
}

/** `name: text` on standard error. */
export function complain(context: ProcessContext, text: string): Promise<void> {
  return context.stderr.write(`${nameOf(context)}: ${text}\n`)
}

export function nameOf(context: ProcessContext): string {
  return (context.argv[0] ?? '').split('/').at(-1)!
}
