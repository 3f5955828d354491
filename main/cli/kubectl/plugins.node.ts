import { spawn } from 'node:child_process'
import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CliError } from './cli-error.ts'

export interface Plugin {
  readonly path: string
  readonly name: string
  readonly executable: boolean
}

/** Files on the PATH that are plugins by their names, in its order. `warn` is told of folders that cannot be read. */
export function pluginsOnPath(path: string, warn: (text: string) => void = () => {}): Plugin[] {
  const folders = [...new Set(path.split(delimiter).filter((folder) => folder.trim() !== ''))]
  return folders.flatMap((folder) => filesOf(folder, warn).filter((name) => name.startsWith('kubectl-')).map((name) => ({ path: join(folder, name), name, executable: isExecutable(join(folder, name)) })))
}

function filesOf(folder: string, warn: (text: string) => void): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => !entry.isDirectory()).map(({ name }) => name).sort()
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : (error as Error).message
    warn(`Unable to read directory ${JSON.stringify(folder)} from your PATH: open ${folder}: ${reason}. Skipping...\n`)
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Runs the plugin that most of the first words name, on our streams; undefined when there is none. Its exit code. */
export async function runPlugin(words: readonly string[], environment: Readonly<Record<string, string | undefined>>): Promise<number | undefined> {
  const named: string[] = []
  for (const word of words) {
    if (word.startsWith('-')) break
    named.push(word.replaceAll('-', '_'))
  }
  const plugins = pluginsOnPath(environment.PATH ?? '')
  for (let count = named.length; count > 0; count--) {
    const plugin = plugins.find(({ name, executable }) => executable && name === `kubectl-${named.slice(0, count).join('-')}`)
    if (!plugin) continue
    return new Promise((resolve, reject) => {
      const child = spawn(plugin.path, words.slice(count), { stdio: 'inherit', env: environment as NodeJS.ProcessEnv })
      child.once('error', (error) => reject(new CliError(error.message)))
      child.once('close', (code) => resolve(code ?? 1))
    })
  }
  return undefined
}
