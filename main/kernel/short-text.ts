/** The first `lengthMax` characters of a text that is kept for long, as a text of its own: a slice would keep the whole alive. */
export function shortText(text: string, lengthMax: number): string {
  return text.length > lengthMax ? ownText(text.slice(0, lengthMax)) : text
}

/** The same text, holding on to no longer one that it was cut from. */
export function ownText(text: string): string {
  return text.split('').join('')
}
