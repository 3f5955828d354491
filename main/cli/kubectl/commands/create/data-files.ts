import { isConfigMapKey } from '../../../../api/machinery/names.ts'
import { CliError } from '../../cli-error.ts'
import type { CommandContext } from '../../command.ts'
import type { Flag } from '../../flags.ts'

export const dataFlags: readonly Flag[] = [
  { name: 'from-file', type: 'list', help: 'Key file can be specified using its file path, in which case file basename will be used as the key, or optionally with a key and file path, in which case the given key will be used.' },
  { name: 'from-literal', type: 'array', help: 'Specify a key and literal value to insert (i.e. mykey=somevalue)' },
  { name: 'from-env-file', type: 'list', help: 'Specify the path to a file to read lines of key=val pairs.' },
  { name: 'append-hash', type: 'bool', help: 'Append a hash of the object to its name.' },
]

/** The entries that --from-file, --from-literal and --from-env-file name, for a configmap or a secret. */
export async function readEntries(context: CommandContext, what: 'ConfigMap' | 'Secret'): Promise<Map<string, Uint8Array>> {
  const { flags, factory } = context
  if (flags.list('from-env-file').length > 0 && (flags.list('from-file').length > 0 || flags.list('from-literal').length > 0)) {
    throw new CliError('from-env-file cannot be combined with from-file or from-literal')
  }
  const entries = new Map<string, Uint8Array>()
  const add = (key: string, value: Uint8Array): void => {
    const problems = isConfigMapKey(key)
    if (problems.length > 0) throw new CliError(`${JSON.stringify(key)} is not a valid key name for a ${what}: ${problems.join(',')}`)
    if (entries.has(key)) throw new CliError(what === 'ConfigMap' ? `cannot add key ${JSON.stringify(key)}, another key by that name already exists in Data for ConfigMap ${JSON.stringify(context.args[0])}` : `cannot add key ${key}, another key by that name already exists`)
    entries.set(key, value)
  }
  for (const literal of flags.list('from-literal')) {
    const at = literal.indexOf('=')
    if (at <= 0) throw new CliError(at === 0 ? `invalid literal source ${literal}, expected key=value` : `invalid literal source ${literal}, expected key=value`)
    const value = literal.slice(at + 1)
    add(literal.slice(0, at), new TextEncoder().encode(/^(".*"|'.*')$/s.test(value) && value.length >= 2 ? value.slice(1, -1) : value))
  }
  for (const source of flags.list('from-file')) {
    const parts = source.split('=')
    if (parts.length > 2) throw new CliError("key names or file paths cannot contain '='")
    if (parts.length === 2 && (parts[0] === '' || parts[1] === '')) throw new CliError(parts[0] === '' ? `key name for file path ${parts[1]} missing` : `file path for key name ${parts[0]} missing`)
    const path = parts.at(-1)!
    const files = await factory.connector.plainFiles(path)
    if (!files) throw new CliError(`error reading ${path}: no such file or directory`)
    if (files.folder && parts.length === 2) throw new CliError('cannot give a key name for a directory path')
    for (const file of files.paths) {
      const key = parts.length === 2 ? parts[0]! : file.split('/').at(-1)!
      if (files.folder && isConfigMapKey(key).length > 0) continue
      add(key, await factory.connector.readFile(file))
    }
  }
  for (const path of flags.list('from-env-file')) {
    const files = await factory.connector.plainFiles(path)
    if (!files) throw new CliError(`error reading ${path}: no such file or directory`)
    if (files.folder) throw new CliError('env config file cannot be a directory')
    const text = new TextDecoder().decode(await factory.connector.readFile(path))
    for (const [index, raw] of text.split('\n').entries()) {
      const line = raw.replace(/\r$/, '').trimStart()
      if (line === '' || line.startsWith('#')) continue
      const at = line.indexOf('=')
      const key = at < 0 ? line : line.slice(0, at)
      if (isConfigMapKey(key).length > 0) throw new CliError(`${path}:${index + 1}: invalid key ${key}`)
      const value = at < 0 ? (context.environment.variables[key] ?? '') : line.slice(at + 1)
      add(key, new TextEncoder().encode(value))
    }
  }
  return entries
}
