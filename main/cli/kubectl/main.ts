import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Environment } from '../streams.ts'
import { processEnvironment, processStreams } from '../process-streams.node.ts'
import { CliError } from './cli-error.ts'
import { rootCommand } from './commands/root.ts'
import { mergeConfigs } from './config/kubeconfig.ts'
import { accessOf, changeConfigFile, configPaths, loadConfigs } from './config/load.node.ts'
import type { Connector } from './connection/factory.ts'
import { HttpsTransport } from './connection/https-transport.node.ts'
import { runKubectl } from './run.ts'

/** `orrery kubectl …`, and `kubectl` in the lab's terminal. */
export async function main(argv: readonly string[]): Promise<number> {
  const environment = processEnvironment()
  const { connector, close } = nodeConnector(environment)
  try {
    return await runKubectl(rootCommand, argv, processStreams(), environment, connector)
  } finally {
    close()
  }
}

/** Files and sockets of this machine, relative paths from the environment's working folder. `close` ends connections. */
export function nodeConnector(environment: Environment): { readonly connector: Connector; readonly close: () => void } {
  const transports: HttpsTransport[] = []
  const at = (path: string): string => resolve(environment.workingFolder, path)
  const connector: Connector = {
    session: randomUUID(),
    access: (flags) => accessOf(flags, environment),
    transport: (access) => {
      const transport = new HttpsTransport(access)
      transports.push(transport)
      return transport
    },
    webSocket: async (access, path, protocols, headers) => (await import('./connection/web-socket.node.ts')).openWebSocket(access, path, protocols, headers),
    config: (flags) => mergeConfigs(loadConfigs(flags, environment, false)),
    configPath: (flags) => configPaths(flags, environment)[0]!,
    changeConfig: async (flags, change) => changeConfigFile(configPaths(flags, environment)[0]!, change),
    readFile: (path) => readFile(at(path)),
    readFileNow: (path) => readFileNow(at(path), path),
    kindOfPath: (path) => {
      const facts = statSync(at(path), { throwIfNoEntry: false })
      return facts === undefined ? undefined : facts.isDirectory() ? 'folder' : 'file'
    },
    listFiles: (path, recursive) => listFiles(environment.workingFolder, path, recursive),
    plainFiles: (path) => plainFiles(environment.workingFolder, path),
  }
  return { connector, close: () => transports.forEach((transport) => transport.close()) }
}

function readFileNow(path: string, name: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new Error(code === 'ENOENT' ? `open ${name}: no such file or directory` : code === 'EISDIR' ? `read ${name}: is a directory` : code === 'EACCES' ? `open ${name}: permission denied` : (error as Error).message)
  }
}

const manifestEndings = /\.(json|yaml|yml)$/

/** A file, or the manifests of a folder in byte order. */
async function listFiles(folder: string, path: string, recursive: boolean): Promise<string[]> {
  const facts = await stat(resolve(folder, path)).catch(() => undefined)
  if (!facts) throw new CliError(`the path "${path}" does not exist`)
  if (!facts.isDirectory()) return [path]
  const files: string[] = []
  for (const entry of (await readdir(resolve(folder, path), { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) {
      if (recursive) files.push(...(await listFiles(folder, inner, true)))
    } else if (manifestEndings.test(entry.name)) files.push(inner)
  }
  return files
}

async function plainFiles(folder: string, path: string): Promise<{ folder: boolean; paths: string[] } | undefined> {
  const facts = await stat(resolve(folder, path)).catch(() => undefined)
  if (!facts) return undefined
  if (!facts.isDirectory()) return { folder: false, paths: [path] }
  const entries = await readdir(resolve(folder, path), { withFileTypes: true })
  return { folder: true, paths: entries.filter((entry) => entry.isFile()).map((entry) => join(path, entry.name)).sort() }
}
