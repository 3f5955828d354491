import { joinBytes } from '../http1.ts'

/** RESP2, the protocol of redis. */
export type Reply = { readonly type: 'status' | 'error'; readonly text: string } | number | string | null | readonly Reply[]

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function status(text: string): Reply {
  return { type: 'status', text }
}

export function error(text: string): Reply {
  return { type: 'error', text }
}

export function encodeReply(reply: Reply): Uint8Array {
  if (reply === null) return encoder.encode('$-1\r\n')
  if (typeof reply === 'number') return encoder.encode(`:${reply}\r\n`)
  if (typeof reply === 'string') {
    const bytes = encoder.encode(reply)
    return joinBytes([encoder.encode(`$${bytes.length}\r\n`), bytes, encoder.encode('\r\n')])
  }
  if (Array.isArray(reply)) return joinBytes([encoder.encode(`*${reply.length}\r\n`), ...reply.map(encodeReply)])
  const simple = reply as { readonly type: 'status' | 'error'; readonly text: string }
  return encoder.encode(`${simple.type === 'status' ? '+' : '-'}${simple.text}\r\n`)
}

export function encodeCommand(words: readonly string[]): Uint8Array {
  return encodeReply(words)
}

/** Cuts a stream of bytes into values; lines that are no RESP arrays are inline commands. */
export class RespParser {
  #buffer: Uint8Array = new Uint8Array(0)

  push(bytes: Uint8Array): Reply[] {
    this.#buffer = joinBytes([this.#buffer, bytes])
    const values: Reply[] = []
    for (;;) {
      const parsed = this.#parse(0)
      if (!parsed) return values
      this.#buffer = this.#buffer.subarray(parsed.end)
      values.push(parsed.value)
    }
  }

  #parse(at: number): { readonly value: Reply; readonly end: number } | undefined {
    const lineEnd = this.#buffer.indexOf(10, at)
    if (lineEnd < 0) return undefined
    const line = decoder.decode(this.#buffer.subarray(at, lineEnd)).replace(/\r$/, '')
    const rest = line.slice(1)
    switch (line[0]) {
      case '+':
        return { value: status(rest), end: lineEnd + 1 }
      case '-':
        return { value: error(rest), end: lineEnd + 1 }
      case ':':
        return { value: Number(rest), end: lineEnd + 1 }
      case '$': {
        const length = Number(rest)
        if (length < 0) return { value: null, end: lineEnd + 1 }
        const end = lineEnd + 1 + length + 2
        if (this.#buffer.length < end) return undefined
        return { value: decoder.decode(this.#buffer.subarray(lineEnd + 1, lineEnd + 1 + length)), end }
      }
      case '*': {
        const count = Number(rest)
        const values: Reply[] = []
        let end = lineEnd + 1
        for (let index = 0; index < count; index++) {
          const inner = this.#parse(end)
          if (!inner) return undefined
          values.push(inner.value)
          end = inner.end
        }
        return { value: values, end }
      }
      default:
        return { value: line.trim() === '' ? [] : splitWords(line), end: lineEnd + 1 }
    }
  }
}

/** Words of a command line, with quotes as redis-cli reads them. */
export function splitWords(line: string): string[] {
  return (line.match(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\S+/g) ?? []).map((word) => {
    if (word.startsWith('"') && word.endsWith('"') && word.length > 1) return word.slice(1, -1).replace(/\\n/g, '\n').replace(/\\(.)/g, '$1')
    if (word.startsWith("'") && word.endsWith("'") && word.length > 1) return word.slice(1, -1)
    return word
  })
}
