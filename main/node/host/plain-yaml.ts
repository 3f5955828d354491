/** Writes plain JSON values as YAML, as Kubernetes' tools do: two spaces, sequences not indented, keys in the order given. */
export function stringify(value: unknown): string {
  return `${block(value, '')}\n`
}

function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return value.map((each) => `${indent}- ${block(each, `${indent}  `).slice(isFilled(each) ? indent.length + 2 : 0)}`).join('\n')
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
    if (entries.length === 0) return '{}'
    return entries.map(([key, inner]) => `${indent}${scalar(key)}:${isFilled(inner) ? `\n${block(inner, Array.isArray(inner) ? indent : `${indent}  `)}` : ` ${block(inner, '')}`}`).join('\n')
  }
  return scalar(value)
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value ?? null)
  const plain = /^[A-Za-z_/.][\w ./@:=+,()-]*$/.test(value) && !/: |:$| #| $|^(true|false|null|yes|no|on|off|y|n|\.)$/i.test(value) && !/^\.\d|^0x/.test(value)
  return plain ? value : JSON.stringify(value)
}
