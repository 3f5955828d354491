import { constants, createDeflate, createInflate } from 'node:zlib'
import type { Deflate, Inflate } from 'node:zlib'
import { headerDictionary } from './dictionary.node.ts'

export type SpdyHeaders = Readonly<Record<string, string>>

let dictionary: Buffer | undefined

/** What a header block may grow to when unpacked: far more than any client of streams sends. */
const headerBytesMax = 64 * 1024

/** Packs and unpacks header blocks. Each direction of a connection is one zlib stream, so blocks have to come in order. */
export class HeaderCodec {
  readonly #deflate: Deflate
  readonly #inflate: Inflate

  constructor() {
    dictionary ??= headerDictionary()
    this.#deflate = createDeflate({ dictionary, flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH })
    this.#inflate = createInflate({ dictionary, flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH })
  }

  async pack(headers: SpdyHeaders): Promise<Buffer> {
    const entries = Object.entries(headers)
    const parts: Buffer[] = [uint32(entries.length)]
    for (const [name, value] of entries) for (const text of [name.toLowerCase(), value]) parts.push(uint32(Buffer.byteLength(text)), Buffer.from(text))
    return through(this.#deflate, Buffer.concat(parts))
  }

  /** Rejects for a block that is none. */
  async unpack(block: Buffer): Promise<SpdyHeaders> {
    const bytes = await through(this.#inflate, block)
    const headers: Record<string, string> = {}
    let at = 0
    const number = (): number => {
      if (at + 4 > bytes.length) throw new Error('header block is cut short')
      at += 4
      return bytes.readUInt32BE(at - 4)
    }
    const text = (): string => {
      const length = number()
      if (at + length > bytes.length) throw new Error('header block is cut short')
      at += length
      return bytes.toString('utf8', at - length, at)
    }
    for (let count = number(); count > 0; count--) {
      const name = text()
      headers[name] = text()
    }
    return headers
  }

  close(): void {
    this.#deflate.close()
    this.#inflate.close()
  }
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32BE(value)
  return buffer
}

/** Puts one block through a stream that is never ended. */
function through(stream: Deflate | Inflate, block: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let length = 0
    const take = (part: Buffer): void => {
      length += part.length
      if (length <= headerBytesMax) parts.push(part)
    }
    const finish = (error?: Error | null): void => {
      stream.off('data', take)
      stream.off('error', finish)
      if (error) reject(error)
      else if (length > headerBytesMax) reject(new Error('header block is too large'))
      else resolve(Buffer.concat(parts))
    }
    stream.on('data', take)
    stream.once('error', finish)
    stream.write(block, (error) => {
      if (error) finish(error)
      else stream.flush(constants.Z_SYNC_FLUSH, () => finish())
    })
  })
}
