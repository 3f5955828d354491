import type { PodSpec, Node } from '../../../api/generated/types.ts'
import { compareBytes } from '../../../api/machinery/go-text.ts'
import type { Description } from './description.ts'

type TextMap = Readonly<Record<string, string>> | undefined

/** `Labels:` with one `key=value` a line, sorted, or `<none>`. */
export function describeLabels(out: Description, title: string, labels: TextMap, indent = ''): void {
  out.write(0, `${indent}${title}:\t`)
  const keys = Object.keys(labels ?? {}).sort(compareBytes)
  if (keys.length === 0) return out.line('<none>')
  keys.forEach((key, index) => out.write(0, `${index === 0 ? '' : `${indent}\t`}${key}=${labels![key]}\n`))
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
const lineLengthMax = 140

/** Annotations, without what kubectl apply keeps there; long or many-lined values stand under their key. */
export function describeAnnotations(out: Description, title: string, annotations: TextMap): void {
  out.write(0, `${title}:\t`)
  const keys = Object.keys(annotations ?? {}).filter((key) => key !== lastApplied).sort(compareBytes)
  if (keys.length === 0) return out.line('<none>')
  keys.forEach((key, index) => {
    if (index > 0) out.write(0, '\t')
    const value = annotations![key]!.replace(/\n$/, '')
    if (bytes(value).length + bytes(key).length + 2 > lineLengthMax || value.includes('\n')) {
      out.write(0, `${key}:\n`)
      for (const line of value.split('\n')) out.write(0, `\t  ${shorten(line, lineLengthMax - 2)}\n`)
    } else out.write(0, `${key}: ${value}\n`)
  })
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Lengths are bytes, as upstream's. */
function shorten(text: string, lengthMax: number): string {
  const all = bytes(text)
  return all.length > lengthMax ? `${new TextDecoder().decode(all.subarray(0, lengthMax))}...` : text
}

/** Labels on one line: `a=b,c=d` or `<none>`. */
export function labelLine(labels: TextMap): string {
  const keys = Object.keys(labels ?? {}).sort(compareBytes)
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels![key]}`).join(',')
}

/** Sorted by effect and key: `key=value:Effect`. */
export function describeTaints(out: Description, taints: NonNullable<Node['spec']>['taints']): void {
  out.write(0, 'Taints:\t')
  if (!taints?.length) return out.line('<none>')
  const sorted = [...taints].sort((a, b) => compareBytes(`${a.effect},${a.key}`, `${b.effect},${b.key}`))
  sorted.forEach(({ key, value, effect }, index) => {
    const text = !effect ? (value ? `${key}=${value}:` : key) : value ? `${key}=${value}:${effect}` : `${key}:${effect}`
    out.write(0, `${index === 0 ? '' : '\t'}${text}\n`)
  })
}

export function describeTolerations(out: Description, title: string, tolerations: PodSpec['tolerations']): void {
  out.write(0, `${title}:\t`)
  if (!tolerations?.length) return out.line('<none>')
  const sorted = [...tolerations].sort((a, b) => compareBytes(a.key ?? '', b.key ?? ''))
  sorted.forEach(({ key = '', value, effect, operator, tolerationSeconds }, index) => {
    let text = key + (value ? `=${value}` : '') + (effect ? `:${effect}` : '')
    if (operator === 'Exists' && !value) text += key || effect ? ' op=Exists' : 'op=Exists'
    if (tolerationSeconds !== undefined) text += ` for ${tolerationSeconds}s`
    out.write(0, `${index === 0 ? '' : '\t'}${text}\n`)
  })
}
