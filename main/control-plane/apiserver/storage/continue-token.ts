/** Where a limited list goes on: upstream's format, opaque to clients (base64url of JSON without padding). */
export interface ContinueToken {
  /** The revision that the whole list shows; -1: the newest (after an expired token was renewed). */
  readonly revision: number
  /** The first key wanted, relative to the range, with a trailing NUL that makes it "after". */
  readonly start: string
}

export function encodeContinue(token: ContinueToken): string {
  const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.start })
  return btoa(unescape16(text)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Throws an Error with upstream's words for a token that this server did not make. */
export function decodeContinue(text: string): ContinueToken {
  const bad = /[^A-Za-z0-9_-]/.exec(text)
  if (bad) throw new Error(`continue key is not valid: illegal base64 data at input byte ${bad.index}`)
  if (text.length % 4 === 1) throw new Error(`continue key is not valid: illegal base64 data at input byte ${text.length - 1}`)
  const decoded = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  let parsed: { v?: unknown; rv?: unknown; start?: unknown }
  try {
    parsed = JSON.parse(decoded) as typeof parsed
  } catch {
    throw new Error(decoded === '' ? 'continue key is not valid: unexpected end of JSON input' : `continue key is not valid: invalid character '${decoded[0]!}' looking for beginning of value`)
  }
  if (typeof parsed !== 'object' || parsed === null || parsed.v !== 'meta.k8s.io/v1') throw new Error(`continue key is not valid: server does not recognize this encoded version ${typeof parsed?.v === 'string' ? parsed.v : ''}`)
  if (typeof parsed.rv !== 'number' || !Number.isSafeInteger(parsed.rv) || parsed.rv === 0) throw new Error('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof parsed.start !== 'string' || parsed.start === '') throw new Error('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)')
  if (isUnclean(parsed.start)) throw new Error(`invalid key: ${parsed.start}`)
  return { revision: parsed.rv, start: parsed.start }
}

/** Whether a key would mean something else once its dots and empty segments were resolved. */
function isUnclean(key: string): boolean {
  const segments = (key.startsWith('/') ? key.slice(1) : key).split('/')
  return key.startsWith('/') || segments.some((segment, index) => segment === '.' || segment === '..' || (segment === '' && (index < segments.length - 1 || segments.length > 1)))
}

/** btoa takes bytes only; names are ASCII, what a client made up may not be. */
function unescape16(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
