/** Sets of completion indexes as Jobs write them: `0,2-5,7`. Ranges are ordered and do not touch. */

export interface IndexRange {
  readonly first: number
  readonly last: number
}

export type IndexRanges = readonly IndexRange[]

/** Reads what a status says, leaving out what is malformed or not below `completions`. */
export function rangesOf(text: string | undefined, completions: number): IndexRanges {
  const ranges: IndexRange[] = []
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (!match) continue
    const first = Number(match[1])
    if (first >= completions) break
    append(ranges, { first, last: Math.min(Number(match[2] ?? first), completions - 1) })
  }
  return ranges
}

/** The ranges with more indexes. */
export function withIndexes(ranges: IndexRanges, indexes: Iterable<number>): IndexRanges {
  const all = [...ranges, ...[...indexes].map((index) => ({ first: index, last: index }))].sort((a, b) => a.first - b.first)
  const result: IndexRange[] = []
  for (const range of all) append(result, range)
  return result
}

function append(ranges: IndexRange[], range: IndexRange): void {
  const last = ranges.at(-1)
  if (last && range.first <= last.last + 1) ranges[ranges.length - 1] = { first: last.first, last: Math.max(last.last, range.last) }
  else ranges.push(range)
}

export function totalOf(ranges: IndexRanges): number {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
}

export function hasIndex(ranges: IndexRanges, index: number): boolean {
  return ranges.some(({ first, last }) => first <= index && index <= last)
}

/** `0,1,3-5`: two neighbours are written apart, as upstream does. */
export function formatRanges(ranges: IndexRanges): string {
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`)).join(',')
}

/** Reads what a user wrote, strictly: in order, not overlapping, below `completions`. Throws upstream's texts; answers the
 *  number of indexes. */
export function countIndexes(text: string, completions: number): number {
  if (text === '') return 0
  let total = 0
  let previous = -1
  for (const part of text.split(',')) {
    const limits = part.split('-')
    if (limits.length > 2) throw new Error(`the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`)
    const [first, last = first] = limits.map(indexNumber) as [number, number?]
    if (first >= completions) throw new Error(`too large index: ${JSON.stringify(limits[0])}`)
    if (last >= completions) throw new Error(`too large index: ${JSON.stringify(limits[1])}`)
    if (previous >= first) throw new Error(`non-increasing order, previous: ${previous}, current: ${first}`)
    if (limits.length === 2 && first >= last) throw new Error(`non-increasing order, previous: ${first}, current: ${last}`)
    total += last - first + 1
    previous = last
  }
  return total
}

function indexNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`cannot convert string to integer for index: ${JSON.stringify(text)}`)
  return Number(text)
}
