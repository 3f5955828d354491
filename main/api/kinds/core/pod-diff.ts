/** What differs between two specs, as a unified diff of their JSON with three lines of context: the text that the API server
 *  adds when it refuses a change (upstream's diff.Diff, which prints its internal field names where this prints the API's). */

interface Change {
  readonly mark: ' ' | '-' | '+'
  readonly line: string
}

const contextLines = 3

export function unifiedDiff(a: unknown, b: unknown): string {
  const changes = lineChanges(linesOf(a), linesOf(b))
  let text = ''
  for (const [from, to] of hunks(changes)) {
    const hunk = changes.slice(from, to)
    const [startA, startB] = [1, 1].map((base, side) => base + changes.slice(0, from).filter(({ mark }) => mark !== (side === 0 ? '+' : '-')).length) as [number, number]
    const [countA, countB] = [hunk.filter(({ mark }) => mark !== '+').length, hunk.filter(({ mark }) => mark !== '-').length]
    text += `@@ -${startA},${countA} +${startB},${countB} @@\n${hunk.map(({ mark, line }) => `${mark}${line}\n`).join('')}`
  }
  return text
}

function linesOf(value: unknown): string[] {
  return JSON.stringify(sorted(value), null, 1).split('\n')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]))
}

/** Keeps the common head and tail and pairs the rest by longest common subsequence (specs are short). */
function lineChanges(a: readonly string[], b: readonly string[]): Change[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const same = (line: string): Change => ({ mark: ' ', line })
  return [...a.slice(0, head).map(same), ...middleChanges(a.slice(head, a.length - tail), b.slice(head, b.length - tail)), ...a.slice(a.length - tail).map(same)]
}

const middleCellsMax = 250_000

function middleChanges(a: readonly string[], b: readonly string[]): Change[] {
  const removed = (line: string): Change => ({ mark: '-', line })
  const added = (line: string): Change => ({ mark: '+', line })
  if (a.length * b.length > middleCellsMax) return [...a.map(removed), ...b.map(added)]
  const width = b.length + 1
  const length = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] = a[i] === b[j] ? (length[(i + 1) * width + j + 1] as number) + 1 : Math.max(length[(i + 1) * width + j] as number, length[i * width + j + 1] as number)
    }
  }
  const out: Change[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ mark: ' ', line: a[i] as string })
      i++
      j++
    } else if (i < a.length && (j >= b.length || (length[(i + 1) * width + j] as number) >= (length[i * width + j + 1] as number))) out.push(removed(a[i++] as string))
    else out.push(added(b[j++] as string))
  }
  return out
}

function hunks(changes: readonly Change[]): [number, number][] {
  const out: [number, number][] = []
  for (const [index, { mark }] of changes.entries()) {
    if (mark === ' ') continue
    const from = Math.max(0, index - contextLines)
    const to = Math.min(changes.length, index + contextLines + 1)
    const last = out.at(-1)
    if (last && from <= last[1]) last[1] = to
    else out.push([from, to])
  }
  return out
}
