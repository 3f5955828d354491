import type { OpenFile } from '../../processes/open-file.ts'

/** A here-document, open for reading. */
export function memoryFile(text: string): OpenFile {
  let bytes: Uint8Array | undefined = new TextEncoder().encode(text)
  return {
    read: (limit = Infinity) => {
      if (!bytes || bytes.length === 0) return undefined
      const chunk = bytes.subarray(0, limit)
      bytes = chunk.length < bytes.length ? bytes.subarray(chunk.length) : undefined
      return chunk
    },
    write: () => {},
    retain: () => {},
    release: () => {},
  }
}
