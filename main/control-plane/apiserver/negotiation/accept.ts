/** Accept headers: which form of answer a client takes. */

/** One clause of an Accept header. */
export interface AcceptClause {
  readonly type: string
  readonly subtype: string
  readonly parameters: Readonly<Record<string, string>>
  readonly quality: number
}

const headerMax = 1_000
const cache = new Map<string, readonly AcceptClause[]>()

/** The clauses of an Accept header, best first, equals in their order. */
export function parseAccept(header: string): readonly AcceptClause[] {
  const known = cache.get(header)
  if (known) return known
  const clauses: AcceptClause[] = []
  for (const piece of header.split(',')) {
    const [media = '', ...rest] = piece.split(';').map((part) => part.trim())
    const [type = '', subtype = ''] = media.toLowerCase().split('/')
    if (type === '') continue
    const parameters: Record<string, string> = {}
    let quality = 1
    for (const parameter of rest) {
      const equals = parameter.indexOf('=')
      if (equals < 0) continue
      const name = parameter.slice(0, equals).trim().toLowerCase()
      const value = parameter.slice(equals + 1).trim().replace(/^"(.*)"$/, '$1')
      if (name === 'q') quality = Number.isNaN(Number(value)) ? 1 : Number(value)
      else parameters[name] = value
    }
    clauses.push({ type, subtype: subtype || '*', parameters, quality })
  }
  const sorted = clauses.map((clause, index) => ({ clause, index })).sort((a, b) => b.clause.quality - a.clause.quality || a.index - b.index).map(({ clause }) => clause)
  // Only what clients say again and again.
  if (header.length > headerMax) return sorted
  if (cache.size > 500) cache.clear()
  cache.set(header, sorted)
  return sorted
}

/** Whether a clause takes the media type. */
export function clauseTakes(clause: AcceptClause, type: string, subtype: string): boolean {
  return (clause.type === '*' || clause.type === type) && (clause.subtype === '*' || clause.subtype === subtype)
}
