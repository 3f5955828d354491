/** A request's query, read as Go's url.Values and the API's conversions of them do. */
export class Query {
  readonly text: string
  #values: Map<string, string[]> | undefined

  constructor(text: string) {
    this.text = text
  }

  /** The first value, '' when absent. */
  get(name: string): string {
    return this.#parsed().get(name)?.[0] ?? ''
  }

  has(name: string): boolean {
    return this.#parsed().has(name)
  }

  all(name: string): readonly string[] {
    return this.#parsed().get(name) ?? []
  }

  names(): IterableIterator<string> {
    return this.#parsed().keys()
  }

  /** A boolean as the API reads it: anything but absent, '', `false` and `0` is true. */
  flag(name: string): boolean {
    const value = this.get(name)
    return value !== '' ? value !== 'false' && value !== '0' : false
  }

  /** A boolean that may be absent. `?name` and `?name=` are true. */
  optionalFlag(name: string): boolean | undefined {
    if (!this.has(name)) return undefined
    const value = this.get(name)
    return value !== 'false' && value !== '0'
  }

  /** A whole number, or the text of Go's parse error. */
  integer(name: string): number | undefined | QueryProblem {
    const text = this.get(name)
    if (text === '') return undefined
    if (!/^[+-]?\d+$/.test(text)) return new QueryProblem(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
    const value = Number(text)
    if (!Number.isSafeInteger(value)) return new QueryProblem(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`)
    return value
  }

  #parsed(): Map<string, string[]> {
    if (this.#values) return this.#values
    const values = new Map<string, string[]>()
    if (this.text !== '') {
      for (const piece of this.text.split('&')) {
        if (piece === '' || piece.includes(';')) continue
        const equals = piece.indexOf('=')
        const name = unescapeText(equals < 0 ? piece : piece.slice(0, equals))
        const value = unescapeText(equals < 0 ? '' : piece.slice(equals + 1))
        if (name === undefined || value === undefined) continue
        const known = values.get(name)
        if (known) known.push(value)
        else values.set(name, [value])
      }
    }
    return (this.#values = values)
  }
}

export class QueryProblem {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

function unescapeText(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
