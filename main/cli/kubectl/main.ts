import { readFile } from 'node:fs/promises'
import { processEnvironment, processStreams } from '../process-streams.node.ts'
import { rootCommand } from './commands/root.ts'
import { accessOf } from './config/load.node.ts'
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
      readFile: (path) => readFile(path),
    })
  } finally {
    for (const transport of transports) transport.close()
  }
}
