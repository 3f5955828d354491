import { spawn } from 'node:child_process'
import { LabUsageError } from '../lab/lab.ts'
import { openLab } from '../lab/open-lab.ts'
import { homeFolder, productFolder } from '../lab/paths.ts'
import { parseServeFlags, serveUsage, UsageError, type ServeFlags } from './flags.ts'
import { startWindowServer, type WindowServer } from './window-server.ts'

/** `orrery serve`. Exit codes: 0 stopped by a signal, 1 the lab broke, 2 it was asked for wrongly. */
export async function serve(argv: readonly string[]): Promise<number> {
  const launchedAt = Date.now() - Math.round(process.uptime() * 1000)
  let flags: ServeFlags | 'help'
  try {
    flags = await parseServeFlags(argv)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`orrery serve: ${error.message}\n`)
    return 2
  }
  if (flags === 'help') {
    process.stdout.write(serveUsage)
    return 0
  }
  return run(flags, launchedAt)
}

async function run(flags: ServeFlags, launchedAt: number): Promise<number> {
  const product = productFolder()
  const open = openLab(
    {
      name: flags.lab,
      spec: flags.spec,
      home: homeFolder(),
      product,
      ephemeral: flags.ephemeral,
      port: flags.port,
      speed: flags.speed,
      host: 'server',
      launchedAt,
      ...(flags.kubeconfig === undefined ? {} : { kubeconfigPath: flags.kubeconfig }),
    },
    { openExternal: async (url) => openBrowser(url) },
  )
  let window: WindowServer | undefined
  const stopped = new Promise<number>((resolve) => {
    const stop = (): void => {
      void (async () => {
        await window?.close()
        await open.close()
        resolve(0)
      })()
    }
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, stop)
  })
  try {
    if (!flags.headless) {
      window = await startWindowServer({ product, services: open.services, port: flags.windowPort })
      if (process.stdout.isTTY || !flags.open) process.stdout.write(`Orrery's window: ${window.url}\n`)
      if (flags.open) openBrowser(window.url)
    }
    const state = await open.lab.start()
    process.stdout.write(`${JSON.stringify({ ready: true, server: state.server, kubeconfig: state.kubeconfigPath, window: window?.url ?? null, startupMs: state.startupMs })}\n`)
  } catch (error) {
    process.stderr.write(`orrery serve: ${(error as Error).message}\n`)
    await window?.close()
    await open.close()
    return error instanceof LabUsageError || (error as { code?: string }).code === 'EADDRINUSE' ? 2 : 1
  }
  const code = await stopped
  // Terminals and sockets that a peer keeps half-open must not keep the process.
  setImmediate(() => process.exit(code))
  return code
}

/** Opens a page in the user's browser, if there is one. */
function openBrowser(url: string): void {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return
  const [command, args] = process.platform === 'darwin' ? ['open', [url]] : process.platform === 'win32' ? ['cmd', ['/c', 'start', '', url]] : ['xdg-open', [url]]
  const child = spawn(command as string, args as string[], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
