import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { requestJson } from '../resources/requests.ts'

interface Schema {
  readonly description?: string
  readonly type?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly allOf?: readonly Schema[]
  readonly required?: readonly string[]
  readonly $ref?: string
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string; readonly kind: string }[]
}
interface OpenApi {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

/** `kubectl explain`, from the server's OpenAPI v3. */
export const explainCommand: Command = {
  name: 'explain',
  use: 'explain TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]',
  short: 'Get documentation for a resource',
  flags: [
    { name: 'api-version', type: 'string', help: 'Use given api-version (group/version) of the resource.' },
    { name: 'output', short: 'o', type: 'string', default: 'plaintext', help: 'Format in which to render the schema. Valid values are: (plaintext, plaintext-openapiv2).' },
    { name: 'recursive', short: 'R', type: 'bool', help: 'When true, print the name of all the fields recursively. Otherwise, print the available fields with their description.' },
  ],
  async run(context) {
    const { flags, args, streams, factory } = context
    if (args.length === 0) throw new CliError('You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.')
    if (args.length > 1) throw new CliError('We accept only this format: explain RESOURCE')
    const output = flags.text('output')
    if (output !== 'plaintext' && output !== 'plaintext-openapiv2') throw new CliError(`unrecognized format: ${output}`)
    const [type, ...path] = args[0]!.split('.') as [string, ...string[]]
    const resource = await factory.mapper().byName(type).catch((error: unknown) => {
      throw error instanceof CliError ? new CliError(error.message, { prefixed: false }) : error
    })
    const [group, version] = flags.text('api-version') ? splitVersion(flags.text('api-version')) : [resource.group, resource.version]
    const index = await requestJson<{ paths?: Readonly<Record<string, { serverRelativeURL: string }>> }>(context, 'GET', '/openapi/v3')
    const key = group === '' ? `api/${version}` : `apis/${group}/${version}`
    const url = index.paths?.[key]?.serverRelativeURL
    if (!url) throw new CliError(`couldn't find resource for "${key}"`)
    const explainer = new Explainer(await requestJson<OpenApi>(context, 'GET', url))
    const schema = explainer.ofKind(group, version, resource.kind)
    if (!schema) throw new CliError(`GVR (${group}/${version}, Resource=${resource.plural}) not found in OpenAPI schema`)
    streams.out(`${group === '' ? '' : `GROUP:      ${group}\n`}KIND:       ${resource.kind}\nVERSION:    ${version}\n\n`)
    streams.out(explainer.explain(schema, path, flags.bool('recursive')))
  },
}

function splitVersion(text: string): [string, string] {
  const at = text.indexOf('/')
  return at < 0 ? ['', text] : [text.slice(0, at), text.slice(at + 1)]
}

class Explainer {
  readonly #schemas: Readonly<Record<string, Schema>>

  constructor(document: OpenApi) {
    this.#schemas = document.components?.schemas ?? {}
  }

  ofKind(group: string, version: string, kind: string): Schema | undefined {
    return Object.values(this.#schemas).find((schema) => schema['x-kubernetes-group-version-kind']?.some((known) => known.group === group && known.version === version && known.kind === kind))
  }

  explain(root: Schema, path: readonly string[], recursive: boolean): string {
    let schema = root
    let name = ''
    for (const step of path) {
      const next = this.#fields(schema)?.[step]
      if (!next) throw new CliError(`field "${step}" does not exist`)
      schema = next
      name = step
    }
    const parts: string[] = []
    if (name !== '') parts.push(`FIELD: ${name} <${this.#typeName(schema)}>\n${schema.enum ? `ENUM:\n${schema.enum.map((value) => `    ${value}\n`).join('')}` : '\n'}\n`)
    parts.push(`DESCRIPTION:\n${this.#descriptions(schema).map((text) => `${indented(wrapped(text, 76), 4)}\n`).join('') || '    <empty>\n'}    \n`)
    const fields = this.#fields(schema)
    if (!fields) return `${parts.join('')}\n`
    parts.push('FIELDS:\n')
    const required = new Set(this.#target(schema).required)
    if (recursive) parts.push(this.#tree(schema, 2, []), '\n')
    else {
      for (const key of Object.keys(fields).sort()) {
        const field = fields[key]!
        const lines = [`  ${key}\t<${this.#typeName(field)}>${required.has(key) ? ' -required-' : ''}`]
        if (field.enum) lines.push(`  enum: ${enumText(field.enum)}`)
        const [first] = this.#descriptions(field)
        lines.push(indented(wrapped(first ?? '<no description>', 76), 4))
        parts.push(`${lines.join('\n')}\n\n`)
      }
      parts.push('\n')
    }
    return parts.join('')
  }

  #tree(schema: Schema, depth: number, within: readonly Schema[]): string {
    const target = this.#target(schema)
    const fields = target.properties ?? {}
    const required = new Set(target.required)
    return Object.keys(fields)
      .sort()
      .map((key) => {
        const field = fields[key]!
        const inner = this.#target(field)
        const line = `${' '.repeat(depth)}${key}\t<${this.#typeName(field)}>${required.has(key) ? ' -required-' : ''}\n${field.enum ? `${' '.repeat(depth)}enum: ${enumText(field.enum)}\n` : ''}`
        return line + (inner.properties && !within.includes(inner) ? this.#tree(field, depth + 2, [...within, target]) : '')
      })
      .join('')
  }

  #resolve(schema: Schema): Schema {
    const reference = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]!.$ref : undefined)
    return reference ? (this.#schemas[reference.split('/').at(-1)!] ?? schema) : schema
  }

  /** What a field leads to: through references, lists and maps. */
  #target(schema: Schema): Schema {
    const resolved = this.#resolve(schema)
    if (resolved.items) return this.#target(resolved.items)
    if (resolved.additionalProperties && typeof resolved.additionalProperties === 'object') return this.#target(resolved.additionalProperties)
    return resolved
  }

  #fields(schema: Schema): Readonly<Record<string, Schema>> | undefined {
    return this.#target(schema).properties
  }

  /** The field's own words, then those of its type. */
  #descriptions(schema: Schema): string[] {
    const texts = schema.description ? [schema.description] : []
    const target = this.#target(schema)
    if (target !== schema && target.description) texts.push(target.description)
    return texts
  }

  #typeName(schema: Schema): string {
    if (schema.items) return `[]${this.#typeName(schema.items)}`
    if (schema.additionalProperties && typeof schema.additionalProperties === 'object') return `map[string]${this.#typeName(schema.additionalProperties)}`
    const reference = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]!.$ref : undefined)
    if (!reference) return schema.type ?? 'Object'
    const resolved = this.#resolve(schema)
    if (resolved.type && resolved.type !== 'object') return this.#typeName(resolved)
    return reference.split('.').at(-1)!
  }
}

/** The first four values. */
function enumText(values: readonly string[]): string {
  const texts = values.map((value) => (value === '' ? '""' : value))
  return texts.length > 4 ? `${texts.slice(0, 4).join(', ')}, ....` : texts.join(', ')
}

function indented(text: string, width: number): string {
  return text.split('\n').map((line) => ' '.repeat(width) + line).join('\n')
}

/** Breaks lines at blanks so that none is longer than `width`; blanks within a line and line breaks stay. */
function wrapped(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => {
      const lines: string[] = []
      let current = ''
      for (const [, blanks, word] of line.matchAll(/(\s*)(\S+)/g)) {
        if (current !== '' && current.length + blanks!.length + word!.length > width) {
          lines.push(current)
          current = word!
        } else current += blanks! + word!
      }
      lines.push(current)
      return lines.join('\n')
    })
    .join('\n')
}
