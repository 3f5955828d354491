import { spawnSync } from 'node:child_process'
import { homedir } from 'node:os'
import type { Environment, Streams } from './streams.ts'

/** The real process's streams. A reader that went away (`| head`) ends the command quietly. */
export function processStreams(): Streams {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
  })
  const terminal = process.stdout.isTTY
    ? {
        get columns() {
          return process.stdout.columns
        },
        get rows() {
          return process.stdout.rows
        },
        onResize(listener: (columns: number, rows: number) => void) {
          const tell = (): void => listener(process.stdout.columns, process.stdout.rows)
          process.stdout.on('resize', tell)
          return () => process.stdout.off('resize', tell)
        },
        setRaw(raw: boolean) {
          if (process.stdin.isTTY) process.stdin.setRawMode(raw)
          // Node leaves the translation of line ends on; a program in a container draws with bare ones.
          if (raw) spawnSync('stty', ['-opost'], { stdio: 'inherit' })
        },
      }
    : undefined
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    async readInput() {
      const chunks: Buffer[] = []
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks)
    },
    onInput(data, end) {
      const onData = (chunk: Buffer): void => data(chunk)
      process.stdin.on('data', onData)
      process.stdin.once('end', end)
      process.stdin.resume()
      return () => {
        process.stdin.off('data', onData)
        process.stdin.off('end', end)
        process.stdin.pause()
        process.stdin.unref?.()
      }
    },
    ...(terminal ? { terminal } : {}),
    inputIsTerminal: process.stdin.isTTY === true,
    onInterrupt(handler) {
      process.on('SIGINT', handler)
      return () => process.off('SIGINT', handler)
    },
  }
}

export function processEnvironment(): Environment {
  return {
    variables: process.env,
    homeFolder: homedir(),
    workingFolder: process.cwd(),
    now: () => Date.now(),
    sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  }
}
