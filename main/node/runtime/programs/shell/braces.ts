/** Brace expansion of a word's source text: `a{b,c}` and `{1..5}`; quotes and `${…}` are left alone. */
export function expandBraces(text: string): string[] {
  const open = findOpen(text)
  if (!open) return [text]
  const { start, end, parts } = open
  const before = text.slice(0, start)
  const rest = expandBraces(text.slice(end + 1))
  const middles = parts.length > 1 ? parts.flatMap(expandBraces) : sequence(parts[0]!)
  return (middles ?? [`{${parts[0]!}}`]).flatMap((middle) => rest.map((tail) => before + middle + tail))
}

function findOpen(text: string): { start: number; end: number; parts: string[] } | undefined {
  for (let index = 0; index < text.length; index++) {
    const skipped = skip(text, index)
    if (skipped !== index) {
      index = skipped - 1
      continue
    }
    if (text[index] !== '{') continue
    const closed = close(text, index)
    if (closed && (closed.parts.length > 1 || sequence(closed.parts[0]!))) return { start: index, ...closed }
  }
  return undefined
}

function close(text: string, start: number): { end: number; parts: string[] } | undefined {
  const parts: string[] = []
  let depth = 0
  let from = start + 1
  for (let index = start; index < text.length; index++) {
    const skipped = skip(text, index)
    if (skipped !== index) {
      index = skipped - 1
      continue
    }
    const char = text[index]
    if (char === '{') depth++
    else if (char === ',' && depth === 1) {
      parts.push(text.slice(from, index))
      from = index + 1
    } else if (char === '}' && --depth === 0) {
      parts.push(text.slice(from, index))
      return { end: index, parts }
    }
  }
  return undefined
}

/** Where quoting that starts at `index` ends; `index` itself when none starts there. */
function skip(text: string, index: number): number {
  const char = text[index]
  if (char === '\\') return index + 2
  if (char === "'" || char === '"') {
    const end = text.indexOf(char, index + 1)
    return end < 0 ? text.length : end + 1
  }
  if (char === '$' && text[index + 1] === '{') {
    const end = text.indexOf('}', index)
    return end < 0 ? text.length : end + 1
  }
  return index
}

function sequence(text: string): string[] | undefined {
  const numbers = /^(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?$/.exec(text)
  if (numbers) {
    const [, from = '', to = '', by] = numbers
    const width = /^-?0\d/.test(from) || /^-?0\d/.test(to) ? Math.max(from.length, to.length) : 0
    return range(Number(from), Number(to), by === undefined ? 1 : Number(by)).map((value) => (value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0')))
  }
  const letters = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d+))?$/.exec(text)
  if (letters) return range(letters[1]!.charCodeAt(0), letters[2]!.charCodeAt(0), letters[3] === undefined ? 1 : Number(letters[3])).map((code) => String.fromCharCode(code))
  return undefined
}

function range(from: number, to: number, by: number): number[] {
  const step = Math.max(1, Math.abs(by))
  const values: number[] = []
  if (from <= to) for (let value = from; value <= to && values.length < 100_000; value += step) values.push(value)
  else for (let value = from; value >= to && values.length < 100_000; value -= step) values.push(value)
  return values
}
