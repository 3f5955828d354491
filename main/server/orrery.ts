import { productFolder } from '../lab/paths.ts'

/** `orrery`: the Node shell and the terminal's commands in one entry. Each command loads only what it needs. */
const usage = `orrery hosts a working model of a Kubernetes cluster.

Usage:
  orrery serve [flags]          start a lab and serve its window on 127.0.0.1 (orrery serve --help lists the flags)
  orrery kubectl …              the terminal's kubectl; likewise etcdctl, systemctl, journalctl, crictl, ssh
  orrery version                print the version
`

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  switch (command) {
    case 'serve':
      return (await import('./serve.ts')).serve(rest)
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(usage)
      return 0
    case 'version':
    case '--version': {
      const { readFileSync } = await import('node:fs')
      const manifest = JSON.parse(readFileSync(`${productFolder()}/package.json`, 'utf8')) as { version: string }
      process.stdout.write(`orrery ${manifest.version}\n`)
      return 0
    }
    default: {
      const { commands, runCommand } = await import('./commands.ts')
      if (command in commands) return runCommand(command, rest)
      process.stderr.write(`orrery: unknown command "${command}"; "orrery help" lists the commands\n`)
      return 2
    }
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    process.stderr.write(`orrery: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  },
)
