/** Replaces `$(NAME)` by its value; `$$` stands for `$`, and a reference without a value stays as it is (upstream's
 *  third_party/forked/golang/expansion). */
export function expand(text: string, valueOf: (name: string) => string | undefined): string {
  if (!text.includes('$')) return text
  let out = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character !== '$' || at + 1 >= text.length) {
      out += character
      continue
    }
    const next = text[at + 1]!
    if (next === '$') {
      out += '$'
      at++
    } else if (next === '(') {
      const end = text.indexOf(')', at + 2)
      if (end < 0) {
        out += '$('
        at++
        continue
      }
      const name = text.slice(at + 2, end)
      out += valueOf(name) ?? `$(${name})`
      at = end
    } else {
      out += `$${next}`
      at++
    }
  }
  return out
}
