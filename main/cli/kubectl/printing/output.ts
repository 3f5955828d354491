import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import type { Flag } from '../flags.ts'
import type { DryRun } from '../settings.ts'
import { customColumns } from './custom-columns.ts'
import { alike, printJson } from './go-json.ts'
import { printYaml } from './go-yaml.ts'
import { compileJsonPath, printJsonPath } from './json-path.ts'

const objectFormats = ['go-template', 'go-template-file', 'json', 'jsonpath', 'jsonpath-as-json', 'jsonpath-file', 'kyaml', 'name', 'template', 'templatefile', 'yaml']
const tableFormats = [...objectFormats, 'custom-columns', 'custom-columns-file', 'wide'].sort()

const shared: readonly Flag[] = [
  { name: 'show-managed-fields', type: 'bool', help: 'If true, keep the managedFields when printing objects in JSON or YAML format.' },
  { name: 'template', type: 'string', help: 'Template string or path to template file to use when -o=go-template, -o=go-template-file.' },
  { name: 'allow-missing-template-keys', type: 'bool', default: 'true', help: 'If true, ignore any errors in templates when a field or map key is missing in the template.' },
]

/** Of commands that print tables too. */
export const outputFlags: readonly Flag[] = [
  { name: 'output', short: 'o', type: 'string', help: `Output format. One of: (${objectFormats.join(', ')}, custom-columns, custom-columns-file, wide).` },
  ...shared,
]

/** Of commands that say in a line what they did, or print the object. */
export const objectOutputFlags: readonly Flag[] = [{ name: 'output', short: 'o', type: 'string', help: `Output format. One of: (${objectFormats.join(', ')}).` }, ...shared]

/** The printer that -o asks for; undefined for tables. Throws kubectl's words for a format that it does not know. */
export function objectPrinter(context: CommandContext, known: readonly string[] = tableFormats): ((object: KubeObject) => string) | undefined {
  const { flags } = context
  const output = flags.text('output') || (flags.has('template') && flags.text('template') ? 'go-template' : '')
  if (output === '' || (output === 'wide' && known.includes('wide'))) return undefined
  const at = output.indexOf('=')
  const format = (at < 0 ? output : output.slice(0, at)).toLowerCase()
  if (!known.includes(format)) throw new CliError(`unable to match a printer suitable for the output format "${output}", allowed formats are: ${known.join(',')}`)
  const argument = at < 0 ? (flags.has('template') ? flags.text('template') : '') : output.slice(at + 1)
  const clean = (object: KubeObject): KubeObject => (flags.has('show-managed-fields') && flags.bool('show-managed-fields') ? object : withoutManagedFields(object))
  let printed = 0
  switch (format) {
    case 'json':
      return (object) => printJson(clean(object))
    case 'yaml':
      return (object) => `${printed++ > 0 ? '---\n' : ''}${printYaml(clean(object))}`
    case 'name':
      return (object) => itemsOf(object).map((item) => `${nameOf(item)}\n`).join('')
    case 'jsonpath':
    case 'jsonpath-as-json': {
      if (argument === '') throw new CliError('template format specified but no template given')
      const template = compileJsonPath(argument)
      return (object) => printJsonPath(template, object, { asJson: format === 'jsonpath-as-json', allowMissing: flags.bool('allow-missing-template-keys') })
    }
    case 'custom-columns': {
      if (argument === '') throw new CliError('custom-columns format specified but no custom columns given')
      const print = customColumns(argument, flags.has('no-headers') && flags.bool('no-headers'))
      return (object) => print(itemsOf(object))
    }
    default:
      throw new CliError(`output format "${format}" is not built into this kubectl`)
  }
}

/** Prints what a command did to an object: `deployment.apps/nginx created (dry run)`, or the object as -o asks. */
export function operationPrinter(context: CommandContext, operation: string, dryRun: DryRun = 'none'): (object: KubeObject) => void {
  const print = objectPrinter(context, objectFormats)
  const suffix = `${operation === '' ? '' : ` ${operation}`}${dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : ''}`
  return (object) => context.streams.out(print ? print(object) : `${nameOf(object)}${suffix}\n`)
}

function itemsOf(object: KubeObject): KubeObject[] {
  const list = object as KubeObject & { items?: KubeObject[] }
  return list.kind === 'List' && list.items ? list.items : [object]
}

/** `deployment.apps/nginx`. */
export function nameOf(object: KubeObject): string {
  const group = (object.apiVersion ?? '').includes('/') ? object.apiVersion!.split('/')[0]! : ''
  const kind = (object.kind ?? '').toLowerCase()
  return `${group === '' ? kind : `${kind}.${group}`}/${object.metadata?.name ?? ''}`
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const list = object as KubeObject & { items?: KubeObject[] }
  if (list.items) return alike({ ...list, items: list.items.map(withoutManagedFields) } as KubeObject, object)
  if (!object.metadata?.managedFields) return object
  const { managedFields: _, ...metadata } = object.metadata
  return alike({ ...object, metadata }, object)
}
