import { describe, expect, it } from 'vitest'
import { SpdyConnection } from './connection.node.ts'
import type { SpdyStream } from './connection.node.ts'
import { headerDictionary } from './dictionary.node.ts'
import { HeaderCodec } from './header-codec.node.ts'

function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  return ((b << 16) | a) >>> 0
}

/** A SYN_STREAM as a client writes it. */
async function synStream(codec: HeaderCodec, id: number, headers: Record<string, string>, fin = false): Promise<Buffer> {
  const block = await codec.pack(headers)
  const frame = Buffer.alloc(18 + block.length)
  frame.writeUInt32BE(0x80030001)
  frame.writeUInt32BE(10 + block.length, 4)
  frame[4] = fin ? 1 : 0
  frame.writeUInt32BE(id, 8)
  block.copy(frame, 18)
  return frame
}

function dataFrame(id: number, text: string, fin = false): Buffer {
  const frame = Buffer.alloc(8 + text.length)
  frame.writeUInt32BE(id)
  frame.writeUInt32BE(text.length, 4)
  frame[4] = fin ? 1 : 0
  frame.write(text, 8)
  return frame
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30))

describe('SPDY', () => {
  it('starts from the dictionary that everybody has', () => {
    expect(adler32(headerDictionary()).toString(16)).toBe('e3c6a7c2')
  })

  it('unpacks many blocks of one stream', async () => {
    const [sender, receiver] = [new HeaderCodec(), new HeaderCodec()]
    const blocks: readonly Record<string, string>[] = [{ streamtype: 'error', port: '80' }, { streamtype: 'data', port: '80', requestid: '0' }, {}]
    for (const headers of blocks) expect(await receiver.unpack(await sender.pack(headers))).toEqual(headers)
    sender.close()
    receiver.close()
  })

  it('opens streams, however the bytes are cut, and answers on them', async () => {
    const codec = new HeaderCodec()
    const written: Buffer[] = []
    const seen: string[] = []
    const streams: SpdyStream[] = []
    const connection = new SpdyConnection({
      write: (bytes) => written.push(bytes),
      onStream: (stream) => {
        streams.push(stream)
        stream.onData((bytes) => seen.push(`${stream.headers['streamtype']}: ${Buffer.from(bytes).toString()}`))
        stream.onEnd(() => seen.push(`${stream.headers['streamtype']} ended`))
      },
      onClose: () => seen.push('closed'),
    })
    const bytes = Buffer.concat([await synStream(codec, 1, { streamtype: 'error' }, true), await synStream(codec, 3, { streamtype: 'data' }), dataFrame(3, 'hello'), dataFrame(3, 'bye', true)])
    for (let at = 0; at < bytes.length; at += 7) connection.receive(bytes.subarray(at, at + 7))
    await soon()
    expect(seen).toEqual(['error ended', 'data: hello', 'data: bye', 'data ended'])
    streams[1]!.write(Buffer.from('answer'))
    streams[1]!.end()
    await connection.flushed()
    const all = Buffer.concat(written)
    expect(all.includes(dataFrame(3, 'answer'))).toBe(true)
    expect(all.subarray(-8)).toEqual(dataFrame(3, '', true))
    connection.close()
    expect(seen.at(-1)).toBe('closed')
  })

  it('closes on nonsense', async () => {
    let closed = false
    const connection = new SpdyConnection({ write: () => {}, onStream: () => {}, onClose: () => (closed = true) })
    const frame = Buffer.alloc(30, 0xff)
    frame.writeUInt32BE(0x80030001)
    frame.writeUInt32BE(22, 4)
    connection.receive(frame)
    await soon()
    expect(closed).toBe(true)
  })
})
