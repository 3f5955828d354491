import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'

/** An object read from a file, with the name that errors call it by. */
export interface FileObject {
  readonly object: KubeObject & Record<string, unknown>
  readonly source: string
}

/** All objects of -f: files, folders (their .yaml, .yml and .json), `-` for standard input. Lists are taken apart. */
export async function objectsFromFiles(context: CommandContext): Promise<FileObject[]> {
  const { flags, streams, factory } = context
  if (flags.text('kustomize')) throw new CliError('kustomize is not built into this kubectl')
  const objects: FileObject[] = []
  for (const path of flags.list('filename')) {
    if (/^https?:\/\//.test(path)) throw new CliError(`cannot read ${path}: this kubectl reads files only`)
    if (path === '-') objects.push(...parseObjects(new TextDecoder().decode(await streams.readInput()), 'STDIN'))
    else for (const file of await factory.connector.listFiles(path, flags.bool('recursive'))) objects.push(...parseObjects(new TextDecoder().decode(await factory.connector.readFile(file)), file))
  }
  if (objects.length === 0) throw new CliError('no objects passed to ' + context.path.split(' ')[1])
  return objects
}

/** Objects of one YAML or JSON text; with kubectl's words for what is none. */
export function parseObjects(text: string, source: string): FileObject[] {
  const objects: FileObject[] = []
  const documents = parseAllDocuments(text, { uniqueKeys: true, merge: true, version: '1.1' })
  for (const document of Array.isArray(documents) ? documents : []) {
    const [error] = document.errors
    if (error) {
      const line = error.linePos?.[0].line
      throw new CliError(`error parsing ${source}: error converting YAML to JSON: yaml: ${line ? `line ${line}: ` : ''}${error.message.split(/ at line |\n/)[0]}`)
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 })
    if (value === null || value === undefined) continue
    collect(value, source, objects)
  }
  return objects
}

function collect(value: unknown, source: string, into: FileObject[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CliError(`error validating "${source}": error validating data: invalid object to validate; if you choose to ignore these errors, turn validation off with --validate=false`)
  }
  const object = value as KubeObject & Record<string, unknown>
  if (typeof object.kind === 'string' && object.kind.endsWith('List') && Array.isArray(object.items)) {
    for (const item of object.items) collect(item, source, into)
    return
  }
  const missing = [...(object.apiVersion ? [] : ['apiVersion not set']), ...(object.kind ? [] : ['kind not set'])]
  if (missing.length > 0) {
    throw new CliError(`error validating "${source}": error validating data: ${missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`}; if you choose to ignore these errors, turn validation off with --validate=false`)
  }
  into.push({ object, source })
}
