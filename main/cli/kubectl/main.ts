import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { processEnvironment, processStreams } from '../process-streams.node.ts'
import { CliError } from './cli-error.ts'
import { rootCommand } from './commands/root.ts'
import { mergeConfigs } from './config/kubeconfig.ts'
import { accessOf, changeConfigFile, configPaths, loadConfigs } from './config/load.node.ts'
import { HttpsTransport } from './connection/https-transport.node.ts'
import { runKubectl } from './run.ts'

/** `orrery kubectl …`, and `kubectl` in the lab's terminal. */
export async function main(argv: readonly string[]): Promise<number> {
  const environment = processEnvironment()
  const transports: HttpsTransport[] = []
  try {
    return await runKubectl(rootCommand, argv, processStreams(), environment, {
      access: (flags) => accessOf(flags, environment),
      transport: (access) => {
        const transport = new HttpsTransport(access)
        transports.push(transport)
        return transport
      },
      config: (flags) => mergeConfigs(loadConfigs(flags, environment)),
      configPath: (flags) => configPaths(flags, environment)[0]!,
      changeConfig: async (flags, change) => changeConfigFile(configPaths(flags, environment)[0]!, change),
      readFile: (path) => readFile(path),
      listFiles,
      plainFiles,
    })
  } finally {
    for (const transport of transports) transport.close()
  }
}

const manifestEndings = /\.(json|yaml|yml)$/

/** A file, or the manifests of a folder in byte order. */
async function listFiles(path: string, recursive: boolean): Promise<string[]> {
  const facts = await stat(path).catch(() => undefined)
  if (!facts) throw new CliError(`the path "${path}" does not exist`)
  if (!facts.isDirectory()) return [path]
  const files: string[] = []
  for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) {
      if (recursive) files.push(...(await listFiles(inner, true)))
    } else if (manifestEndings.test(entry.name)) files.push(inner)
  }
  return files
}

async function plainFiles(path: string): Promise<{ folder: boolean; paths: string[] } | undefined> {
  const facts = await stat(path).catch(() => undefined)
  if (!facts) return undefined
  if (!facts.isDirectory()) return { folder: false, paths: [path] }
  const entries = await readdir(path, { withFileTypes: true })
  return { folder: true, paths: entries.filter((entry) => entry.isFile()).map((entry) => join(path, entry.name)).sort() }
}
