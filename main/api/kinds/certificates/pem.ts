/** Reading PEM as Go's encoding/pem does: whatever stands around the blocks is skipped. */

export interface PemBlock {
  /** `CERTIFICATE REQUEST` */
  readonly type: string
  readonly hasHeaders: boolean
  readonly bytes: Uint8Array
}

const pattern = /-----BEGIN ([^\n\r-]*)-----[ \t]*\r?\n([\s\S]*?)-----END \1-----/g

/** The blocks of a text, in order. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  for (const [, type = '', inner = ''] of text.matchAll(pattern)) {
    const lines = inner.split(/\r?\n/)
    const headers = lines.filter((line) => line.includes(':'))
    const body = lines.filter((line) => !line.includes(':')).join('').replace(/\s/g, '')
    const bytes = base64Bytes(body)
    if (bytes) blocks.push({ type, hasHeaders: headers.length > 0, bytes })
  }
  return blocks
}

/** The bytes of standard base64, or undefined. */
export function base64Bytes(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const binary = atob(text)
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
