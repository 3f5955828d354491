import type { KubeObject } from '../../machinery/object.ts'

/** Whether the object's labels meet a selector in text form: `a=b,c!=d,e in (f,g),h,!i`. */
export function matchesLabels(selector: string | undefined, object: KubeObject): boolean {
  if (!selector) return true
  const labels = object.metadata.labels ?? {}
  return selector.split(/,(?![^(]*\))/).every((part) => {
    const text = part.trim()
    const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text)
    if (set) {
      const value = labels[set[1]!]
      const among = value !== undefined && set[3]!.split(',').map((each) => each.trim()).includes(value)
      return set[2] === 'in' ? among : !among
    }
    const equality = /^([^=!]+)(!=|==|=)(.*)$/.exec(text)
    if (equality) return (labels[equality[1]!.trim()] === equality[3]!.trim()) === (equality[2] !== '!=')
    return text.startsWith('!') ? !(text.slice(1) in labels) : text in labels
  })
}

/** Whether the object's fields meet a selector in text form; an absent field is the empty text. */
export function matchesFields(selector: string | undefined, object: KubeObject): boolean {
  if (!selector) return true
  return selector.split(',').every((part) => {
    const [, path, operator, wanted] = /^([^=!]+)(!=|==|=)(.*)$/.exec(part) ?? []
    let value: unknown = object
    for (const step of (path ?? '').split('.')) value = (value as Record<string, unknown> | undefined)?.[step]
    return (String(value ?? '') === wanted) === (operator !== '!=')
  })
}
