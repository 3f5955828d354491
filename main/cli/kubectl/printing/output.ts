import type { KubeObject } from '../../../api/machinery/object.ts'
import { quote } from '../../../api/machinery/go-text.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'
import type { Flag } from '../flags.ts'
import { sprintf } from '../go-template/sprintf.ts'
import type { DryRun } from '../settings.ts'
import { customColumns, customColumnsOfFile } from './custom-columns.ts'
import { goTemplatePrinter } from './go-template.ts'
import { alike, printJson } from './go-json.ts'
import { printYaml } from './go-yaml.ts'
import { printKyaml } from './kyaml.ts'
import { compileJsonPath, printJsonPath, type JsonPathTemplate } from './json-path.ts'

export const objectFormats: readonly string[] = ['go-template', 'go-template-file', 'json', 'jsonpath', 'jsonpath-as-json', 'jsonpath-file', 'kyaml', 'name', 'template', 'templatefile', 'yaml']
const tableFormats = [...objectFormats, 'custom-columns', 'custom-columns-file', 'wide'].sort()

/** The same in the order of help texts. */
const shownFormats = 'json, yaml, kyaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file'

const shared: readonly Flag[] = [
  { name: 'show-managed-fields', type: 'bool', help: 'If true, keep the managedFields when printing objects in JSON or YAML format.' },
  { name: 'template', type: 'string', help: 'Template string or path to template file to use when -o=go-template, -o=go-template-file.' },
  { name: 'allow-missing-template-keys', type: 'bool', default: 'true', help: 'If true, ignore any errors in templates when a field or map key is missing in the template.' },
]

/** Of commands that print tables too. */
export const outputFlags: readonly Flag[] = [
  { name: 'output', short: 'o', type: 'string', help: `Output format. One of: (${shownFormats}, custom-columns, custom-columns-file, wide).` },
  ...shared,
]

/** Of commands that say in a line what they did, or print the object. */
export const objectOutputFlags: readonly Flag[] = [{ name: 'output', short: 'o', type: 'string', help: `Output format. One of: (${shownFormats}).` }, ...shared]

/** The printer that -o asks for; undefined for tables. Throws kubectl's words for a format that it does not know. */
export function objectPrinter(context: CommandContext, known: readonly string[] = tableFormats): ((object: KubeObject) => string) | undefined {
  const { flags } = context
  const output = flags.text('output') || (flags.has('template') && flags.text('template') ? 'go-template' : '')
  if (output === '' || (output === 'wide' && known.includes('wide'))) return undefined
  const at = output.indexOf('=')
  const takesArgument = at < 0 || templated.test(output)
  const format = at < 0 ? output.toLowerCase() : output.slice(0, at)
  if (!known.includes(format) || !takesArgument) throw unknownFormat(output, known)
  const argument = (at < 0 ? '' : output.slice(at + 1)) || (flags.has('template') ? flags.text('template') : '')
  const allowMissing = !flags.has('allow-missing-template-keys') || flags.bool('allow-missing-template-keys')
  const clean = (object: KubeObject): KubeObject => (flags.has('show-managed-fields') && flags.bool('show-managed-fields') ? object : withoutManagedFields(object))
  let printed = 0
  switch (format) {
    case 'json':
      return (object) => printJson(clean(object))
    case 'yaml':
      return (object) => `${printed++ > 0 ? '---\n' : ''}${printYaml(clean(object))}`
    case 'name':
      return (object) => itemsOf(object).map((item) => `${nameOf(item)}\n`).join('')
    case 'kyaml':
      return (object) => printKyaml(clean(object))
    case 'jsonpath':
    case 'jsonpath-as-json':
    case 'jsonpath-file': {
      const given = templateOf(context, format, argument)
      const template = compileJsonPath(given)
      return (object) => jsonPathText(template, object, { asJson: format === 'jsonpath-as-json', allowMissing }, given)
    }
    case 'go-template':
    case 'template':
    case 'go-template-file':
    case 'templatefile':
      return goTemplatePrinter(templateOf(context, format, argument), allowMissing, (text) => context.streams.out(text))
    default: {
      const given = flags.text('template') && at < 0 ? '' : argument
      if (given === '') throw new CliError('custom-columns format specified but no custom columns given')
      const noHeaders = flags.has('no-headers') && flags.bool('no-headers')
      const print = format === 'custom-columns' ? customColumns(given, noHeaders) : customColumnsOfFile(fileText(context, given, 'template'))
      return (object) => print(itemsOf(object))
    }
  }
}

/** What the template finds, or upstream's long explanation of why it does not. */
function jsonPathText(template: JsonPathTemplate, object: KubeObject, options: Parameters<typeof printJsonPath>[2], given: string): string {
  try {
    return printJsonPath(template, object, options)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    throw new CliError(`error executing jsonpath ${quote(given)}: Error executing template: ${error.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${given}\n\tobject given to jsonpath engine was:\n\t\t${sprintf('%#v', [object])}\n\n\n`)
  }
}

const templated = /^(go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file)=/

/** kubectl's words for a format that a command does not print. */
export function unknownFormat(output: string, known: readonly string[]): CliError {
  return new CliError(`unable to match a printer suitable for the output format "${output}", allowed formats are: ${known.join(',')}`)
}

/** The template itself, or what its file says. */
function templateOf(context: CommandContext, format: string, argument: string): string {
  if (argument === '') throw new CliError('template format specified but no template given')
  return format.endsWith('file') ? fileText(context, argument, '--template') : argument
}

function fileText({ factory }: CommandContext, path: string, what: string): string {
  try {
    return new TextDecoder().decode(factory.connector.readFileNow(path))
  } catch (error) {
    throw new CliError(`error reading ${what} ${path}, ${(error as Error).message}`)
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
