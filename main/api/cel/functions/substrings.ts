/** Where a text holds another, in time linear in both: values may be megabytes of one letter. */

/** As indexOf, in UTF-16 units. */
export function placeOf(text: string, part: string, from = 0): number {
  // Short parts can't take long, and the engine is quick with them.
  return part.length <= 32 ? text.indexOf(part, from) : search(text, part, from, () => true)
}

/** As lastIndexOf. */
export function lastPlaceOf(text: string, part: string, from = text.length): number {
  if (part.length <= 32) return text.lastIndexOf(part, from)
  let last = -1
  search(text, part, 0, (place) => {
    if (place <= from) last = place
    return place > from
  })
  return last
}

/** The first place that `enough` says yes to; -1: there is none. */
function search(text: string, part: string, from: number, enough: (place: number) => boolean): number {
  const fallback = fallbacksOf(part)
  let matched = 0
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = fallback[matched - 1]!
    if (part.charCodeAt(matched) === unit) matched++
    if (matched < part.length) continue
    const place = at - part.length + 1
    if (enough(place)) return place
    matched = fallback[matched - 1]!
  }
  return -1
}

/** The pieces between the parts. */
export function piecesOf(text: string, part: string): string[] {
  if (part.length <= 32) return text.split(part)
  const pieces: string[] = []
  let start = 0
  for (let at = placeOf(text, part); at >= 0; at = placeOf(text, part, start)) {
    pieces.push(text.slice(start, at))
    start = at + part.length
  }
  pieces.push(text.slice(start))
  return pieces
}

/** For each prefix the length of the longest that is also its end (Knuth, Morris, Pratt). */
function fallbacksOf(part: string): Int32Array {
  const fallback = new Int32Array(part.length)
  let matched = 0
  for (let at = 1; at < part.length; at++) {
    while (matched > 0 && part.charCodeAt(matched) !== part.charCodeAt(at)) matched = fallback[matched - 1]!
    if (part.charCodeAt(matched) === part.charCodeAt(at)) matched++
    fallback[at] = matched
  }
  return fallback
}
