/** Links of proxied pages: those that lead to the root of the server behind the proxy are made to lead through it. */

/** Attributes that hold addresses, by element. */
const attributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'], applet: ['codebase'], area: ['href'], audio: ['src'], base: ['href'], blockquote: ['cite'], body: ['background'], button: ['formaction'], command: ['icon'], del: ['cite'], embed: ['src'], form: ['action'],
  frame: ['longdesc', 'src'], head: ['profile'], html: ['manifest'], iframe: ['longdesc', 'src'], img: ['longdesc', 'src', 'usemap'], input: ['src', 'usemap', 'formaction'], ins: ['cite'], link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'], q: ['cite'], script: ['src'], source: ['src'], video: ['poster', 'src'],
}
const attributePattern = /(\s)([a-zA-Z-]{1,20})(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g

/** The page with its links led through `prefix`; `host` is the server's own. */
export function rewriteLinks(html: string, prefix: string, host: string): string {
  let result = ''
  let from = 0
  for (;;) {
    const open = html.indexOf('<', from)
    if (open < 0) return result + html.slice(from)
    if (html.startsWith('<!--', open)) {
      const end = html.indexOf('-->', open + 4)
      if (end < 0) return result + html.slice(from)
      result += html.slice(from, end + 3)
      from = end + 3
      continue
    }
    const close = html.indexOf('>', open)
    if (close < 0) return result + html.slice(from)
    const tag = html.slice(open, close + 1)
    const name = /^<([a-zA-Z]{1,20})[\s/>]/.exec(tag)?.[1]?.toLowerCase()
    const known = name === undefined ? undefined : attributes[name]
    result += html.slice(from, open) + (known ? tag.replace(attributePattern, (whole, space: string, attribute: string, equals: string, value: string) => (known.includes(attribute.toLowerCase()) ? `${space}${attribute}${equals}${rewriteQuoted(value, prefix, host)}` : whole)) : tag)
    from = close + 1
  }
}

function rewriteQuoted(value: string, prefix: string, host: string): string {
  const quote = value[0] === '"' || value[0] === '\'' ? value[0] : ''
  return `${quote}${rewriteAddress(quote === '' ? value : value.slice(1, -1), prefix, host)}${quote}`
}

/** One address: what leads elsewhere, or is relative, stays. */
export function rewriteAddress(address: string, prefix: string, host: string): string {
  const absolute = /^(?:[a-z][a-z0-9+.-]{0,30}:)?\/\/([^/?#]*)([^]*)$/i.exec(address)
  if (absolute && absolute[1] !== host) return address
  const rest = absolute ? absolute[2]! : address
  if (!rest.startsWith('/')) return address
  return rest.startsWith(`${prefix}/`) ? rest : `${prefix}${rest}`
}
