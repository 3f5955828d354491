interface Container {
  readonly name: string
  readonly image?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly ports?: readonly { readonly containerPort: number; readonly hostPort?: number; readonly protocol?: string }[]
  readonly resources?: { readonly limits?: Readonly<Record<string, string>>; readonly requests?: Readonly<Record<string, string>> }
  readonly env?: readonly { readonly name: string; readonly value?: string }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
}
interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec?: object
}

/** A pod template as `rollout history --revision` shows it. */
export function podTemplateText(template: Template, setAnnotations: Readonly<Record<string, string>> | undefined): string {
  const spec = (template.spec ?? {}) as { containers?: readonly Container[]; serviceAccountName?: string; nodeSelector?: Readonly<Record<string, string>>; tolerations?: readonly { key?: string; operator?: string; value?: string; effect?: string }[]; volumes?: readonly { name: string }[] }
  const cause = setAnnotations?.['kubernetes.io/change-cause']
  const annotations = { ...template.metadata?.annotations, ...(cause ? { 'kubernetes.io/change-cause': cause } : {}) }
  const lines = ['Pod Template:', ...pairs('  Labels:', template.metadata?.labels ?? {})]
  if (Object.keys(annotations).length > 0) lines.push(...pairs('  Annotations:', annotations, ': '))
  if (spec.serviceAccountName) lines.push(`  Service Account:\t${spec.serviceAccountName}`)
  lines.push('  Containers:')
  for (const container of spec.containers ?? []) lines.push(...containerLines(container))
  lines.push(`  Volumes:\t${(spec.volumes?.length ?? 0) === 0 ? '<none>' : spec.volumes!.map((volume) => volume.name).join(', ')}`)
  const selector = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) => `${key}=${value}`)
  lines.push(`  Node-Selectors:\t${selector.length > 0 ? selector.sort().join('\n\t') : '<none>'}`)
  const tolerations = (spec.tolerations ?? []).map(({ key = '', operator, value, effect }) => `${key}${value ? `=${value}` : ''}${effect ? `:${effect}` : ''}${operator === 'Exists' && !value ? ` op=Exists` : ''}`)
  lines.push(`  Tolerations:\t${tolerations.length > 0 ? tolerations.join('\n\t') : '<none>'}`)
  return `${lines.join('\n')}\n`
}

function pairs(head: string, map: Readonly<Record<string, string>>, joint = '='): string[] {
  const keys = Object.keys(map).sort()
  if (keys.length === 0) return [`${head}\t<none>`]
  return keys.map((key, index) => `${index === 0 ? head : ''}\t${key}${joint}${map[key]}`)
}

function containerLines(container: Container): string[] {
  const ports = container.ports ?? []
  const lines = [`   ${container.name}:`, `    Image:\t${container.image ?? ''}`]
  const many = ports.length > 1
  lines.push(`    ${many ? 'Ports' : 'Port'}:\t${ports.length > 0 ? ports.map((port) => `${port.containerPort}/${port.protocol ?? 'TCP'}`).join(', ') : '<none>'}`)
  lines.push(`    ${many ? 'Host Ports' : 'Host Port'}:\t${ports.length > 0 ? ports.map((port) => `${port.hostPort ?? 0}/${port.protocol ?? 'TCP'}`).join(', ') : '<none>'}`)
  if (container.command?.length) lines.push('    Command:', ...container.command.map((word) => `      ${word}`))
  if (container.args?.length) lines.push('    Args:', ...container.args.map((word) => `      ${word}`))
  for (const [title, amounts] of [['Limits', container.resources?.limits], ['Requests', container.resources?.requests]] as const) {
    const names = Object.keys(amounts ?? {}).sort()
    if (names.length > 0) lines.push(`    ${title}:`, ...names.map((name) => `      ${name}:\t${amounts![name]}`))
  }
  const env = container.env ?? []
  if (env.length === 0) lines.push('    Environment:\t<none>')
  else lines.push('    Environment:', ...env.map((variable) => `      ${variable.name}:\t${variable.value ?? ''}`))
  const mounts = container.volumeMounts ?? []
  if (mounts.length === 0) lines.push('    Mounts:\t<none>')
  else lines.push('    Mounts:', ...mounts.map((mount) => `      ${mount.mountPath} from ${mount.name} (${mount.readOnly ? 'ro' : 'rw'})`))
  return lines
}
