import fc from 'fast-check'
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

  it('outlives any bytes, in any pieces', async () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.tuple(fc.integer({ min: 0, max: 10 }), fc.uint8Array({ maxLength: 30 })).map(([type, rest]) => Uint8Array.from([0x80, 3, 0, type, 0, 0, 0, rest.length, ...rest])))
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        let closed = 0
        const connection = new SpdyConnection({ write: () => undefined, onStream: (stream) => stream.write(Buffer.from('x')), onClose: () => closed++ })
        for (const bytes of pieces) connection.receive(bytes)
        await new Promise((resolve) => setImmediate(resolve))
        connection.close()
        await connection.flushed()
        expect(closed).toBe(1)
      }),
      { numRuns: 300 },
    )
  })

  it('forgets streams that both sides have ended, so that there may be more than a thousand in all', async () => {
    const codec = new HeaderCodec()
    let opened = 0
    const connection = new SpdyConnection({
      write: () => undefined,
      onStream: (stream) => {
        opened++
        stream.onEnd(() => stream.end())
      },
      onClose: () => undefined,
    })
    for (let id = 1; id < 2 * 1_200; id += 2) connection.receive(await synStream(codec, id, { streamtype: 'data' }, true))
    for (let tries = 0; tries < 100 && opened < 1_200; tries++) await soon()
    expect(opened).toBe(1_200)
    connection.close()
  })

  it('closes when somebody sends what nobody reads', async () => {
    const codec = new HeaderCodec()
    let closed = false
    const connection = new SpdyConnection({ write: () => undefined, onStream: () => undefined, onClose: () => (closed = true) })
    connection.receive(await synStream(codec, 1, { streamtype: 'data' }))
    for (let index = 0; index < 40; index++) connection.receive(dataFrame(1, 'x'.repeat(32_000)))
    await soon()
    expect(closed).toBe(true)
  })
})
