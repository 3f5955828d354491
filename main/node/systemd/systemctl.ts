import type { Machine } from '../../kernel/machine.ts'
import { humanSpan, journalPrefix, longTime } from './journalctl.ts'
import type { Systemd, UnitStatus } from './systemd.ts'

/** What a command of a node prints and answers. */
export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

const verbs = ['status', 'start', 'stop', 'restart', 'is-active', 'is-enabled', 'list-units', 'cat'] as const

/** `systemctl` as a node's administrator uses it on services. Not modelled: other kinds of units, enabling, masking. */
export async function systemctl(machine: Machine, systemd: Systemd, argv: readonly string[]): Promise<CommandResult> {
  const words = argv.filter((word) => !word.startsWith('-'))
  const unknownFlag = argv.find((word) => word.startsWith('-') && !['--no-pager', '-l', '--full', '--all', '-a', '--type=service', '--now'].includes(word))
  if (unknownFlag) return failed(`systemctl: ${unknownFlag.startsWith('--') ? 'unrecognized option' : 'invalid option --'} '${unknownFlag.startsWith('--') ? unknownFlag : unknownFlag.slice(1)}'`, 1)
  const [verb = 'list-units', ...names] = words
  if (!(verbs as readonly string[]).includes(verb)) return failed(`Unknown command verb '${verb}'.`, 1)
  if (verb === 'list-units') return done(listUnits(systemd))
  if (names.length === 0) return failed('Too few arguments.', 1)
  let stdout = ''
  let exitCode = 0
  for (const name of names) {
    let status: UnitStatus
    try {
      status = systemd.status(name)
    } catch (error) {
      const missing = (error as Error).message
      if (verb === 'is-active') stdout += 'inactive\n'
      const verbText = { start: 'start', stop: 'stop', restart: 'restart' }[verb as string]
      return verb === 'is-active' ? { stdout, stderr: '', exitCode: 4 } : failed(verbText ? `Failed to ${verbText} ${full(name)}: Unit ${full(name)} not found.` : missing, verb === 'status' ? 4 : 5)
    }
    if (verb === 'status') {
      stdout += `${stdout === '' ? '' : '\n'}${statusText(machine, status)}`
      if (status.state !== 'active') exitCode = 3
    } else if (verb === 'is-active') {
      stdout += `${status.state}\n`
      if (status.state !== 'active') exitCode = 3
    } else if (verb === 'is-enabled') stdout += status.declaration.enabled ? 'enabled\n' : 'disabled\n'
    else if (verb === 'cat') stdout += unitFile(status)
    else if (verb === 'start') systemd.start(name)
    else if (verb === 'stop') await systemd.stop(name)
    else await systemd.restart(name)
  }
  return { stdout, stderr: '', exitCode }
}

function statusText(machine: Machine, status: UnitStatus): string {
  const { declaration, state, subState, since, mainPid, journal } = status
  const now = machine.kernel.now()
  const mark = { active: '●', inactive: '○', failed: '×', activating: '●', deactivating: '●' }[state]
  const lines = [
    `${mark} ${declaration.name}.service - ${declaration.description}`,
    `     Loaded: loaded (${declaration.path}; ${declaration.enabled ? 'enabled' : 'disabled'}; preset: enabled)`,
    `     Active: ${state} (${subState}) since ${longTime(since)}; ${humanSpan(now - since)} ago`,
    ...(declaration.documentation ? [`       Docs: ${declaration.documentation}`] : []),
    ...(mainPid ? [`   Main PID: ${mainPid} (${declaration.name})`] : []),
    ...(mainPid ? [`     CGroup: /system.slice/${declaration.name}.service`, `             └─${mainPid} ${declaration.command}`] : []),
  ]
  const log = journal.lines().slice(-10).map((line) => journalPrefix(machine.name, declaration.name, mainPid, line))
  return `${lines.join('\n')}\n${log.length > 0 ? `\n${log.join('\n')}\n` : ''}`
}

function listUnits(systemd: Systemd): string {
  const rows = systemd.names().map((name) => {
    const { declaration, state, subState } = systemd.status(name)
    return `  ${`${name}.service`.padEnd(22)} loaded ${state.padEnd(10)} ${subState.padEnd(12)} ${declaration.description}`
  })
  return `  ${'UNIT'.padEnd(22)} LOAD   ${'ACTIVE'.padEnd(10)} ${'SUB'.padEnd(12)} DESCRIPTION\n${rows.join('\n')}\n\n${rows.length} loaded units listed.\n`
}

function unitFile({ declaration }: UnitStatus): string {
  return [
    `# ${declaration.path}`,
    '[Unit]',
    `Description=${declaration.description}`,
    ...(declaration.documentation ? [`Documentation=${declaration.documentation}`] : []),
    '',
    '[Service]',
    `ExecStart=${declaration.command}`,
    'Restart=always',
    `RestartSec=${declaration.restartMs / 1_000}`,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n')
}

function full(name: string): string {
  return name.includes('.') ? name : `${name}.service`
}

function done(stdout: string): CommandResult {
  return { stdout, stderr: '', exitCode: 0 }
}

function failed(message: string, exitCode: number): CommandResult {
  return { stdout: '', stderr: `${message}\n`, exitCode }
}
