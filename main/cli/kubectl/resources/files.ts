import { DecodeError, parseJson } from '../../../api/machinery/codec/json.ts'
import { parseYaml, splitYamlDocuments } from '../../../api/machinery/codec/yaml.ts'
import { compactJson } from '../printing/go-json.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { CliError } from '../cli-error.ts'
import type { CommandContext } from '../command.ts'

/** An object read from a file, with the name that errors call it by. */
export interface FileObject {
  readonly object: KubeObject & Record<string, unknown>
  readonly source: string
}

export interface FileSource {
  /** `STDIN` for standard input. */
  readonly name: string
  readonly text: string
}

/** The texts that -f names: files, folders (their .yaml, .yml and .json), `-` for standard input. */
export async function fileSources(context: CommandContext): Promise<FileSource[]> {
  const { flags, streams, factory } = context
  const sources: FileSource[] = []
  if (flags.has('kustomize') && flags.text('kustomize')) {
    if (flags.list('filename').length > 0) throw new CliError('only one of -f or -k can be specified')
    const { kustomizeText } = await import('../commands/kustomize.ts')
    return [{ name: flags.text('kustomize'), text: await kustomizeText(context, flags.text('kustomize')) }]
  }
  for (const path of flags.list('filename')) {
    if (/^https?:\/\//.test(path)) sources.push({ name: path, text: await (await import('./fetched.node.ts')).fetchedText(path) })
    else if (path === '-') sources.push({ name: 'STDIN', text: new TextDecoder().decode(await streams.readInput()) })
    else for (const file of await factory.connector.listFiles(path, flags.has('recursive') && flags.bool('recursive'))) sources.push({ name: file, text: new TextDecoder().decode(await factory.connector.readFile(file)) })
  }
  return sources
}

/** All objects of -f. Lists are taken apart. */
export async function objectsFromFiles(context: CommandContext): Promise<FileObject[]> {
  const objects = (await fileSources(context)).flatMap((source) => [...parseSource(source, false)])
  if (objects.length === 0) throw new CliError(`no objects passed to ${context.path.split(' ')[1]}`)
  return objects
}

/** Objects of one YAML or JSON text, one by one, so that those before a mistake are found; kubectl's words for the mistake. */
export function* parseSource({ name, text }: FileSource, validate: boolean): Generator<FileObject> {
  for (const value of documentsOf(name, text)) {
    if (value === null || value === undefined) continue
    yield* objectsOf(value, name, validate)
  }
}

function* documentsOf(name: string, text: string): Generator<unknown> {
  const json = /^\s*\{/.test(text)
  for (const document of json ? [text] : splitYamlDocuments(text)) {
    try {
      yield json ? parseJsonStream(document) : parseYaml(document, 'last wins')
    } catch (error) {
      if (error instanceof DecodeError) throw new CliError(`error parsing ${name}: ${error.message}`)
      throw error
    }
  }
}

function parseJsonStream(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    // Upstream's stream decoder meets the end of the text where json.Unmarshal would complain of its input.
    if (error instanceof DecodeError && error.message === 'unexpected end of JSON input') throw new DecodeError('unexpected EOF')
    if (error instanceof DecodeError) throw new DecodeError(`json: offset ${syntaxOffset(text)}: ${error.message}`)
    throw error
  }
}

/** How many characters had been read when the mistake was met. */
function syntaxOffset(text: string): number {
  try {
    JSON.parse(text)
    return 0
  } catch (error) {
    return Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0) + 1
  }
}

function* objectsOf(value: unknown, source: string, validate: boolean): Generator<FileObject> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  const object = value as KubeObject & Record<string, unknown>
  if (validate) {
    const missing = isMap ? [...(object.apiVersion ? [] : ['apiVersion not set']), ...(object.kind ? [] : ['kind not set'])] : ['invalid object to validate']
    if (missing.length > 0) {
      throw new CliError(`error validating "${source}": error validating data: ${missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`}; if you choose to ignore these errors, turn validation off with --validate=false`)
    }
  }
  if (!isMap) throw new CliError(`unable to decode "${source}": json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type unstructured.detector`)
  if (!object.kind) throw new CliError(`unable to decode "${source}": Object 'Kind' is missing in '${compactJson(object)}'`)
  if (!object.apiVersion) throw new CliError(`unable to decode "${source}": Object 'apiVersion' is missing in '${compactJson(object)}'`)
  if (object.kind.endsWith('List') && Array.isArray(object.items)) {
    for (const item of object.items) yield* objectsOf(item, source, false)
    return
  }
  yield { object, source }
}
