import type { Machine } from '../../kernel/machine.ts'
import { humanSpan, journalPrefix, longTime } from './journalctl.ts'
import type { Systemd, UnitStatus } from './systemd.ts'

/** What a command of a node prints and answers. */
export interface CommandResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

const verbs = ['status', 'start', 'stop', 'restart', 'try-restart', 'reload-or-restart', 'enable', 'disable', 'is-active', 'is-enabled', 'is-failed', 'list-units', 'list-unit-files', 'cat', 'show', 'daemon-reload', 'reset-failed'] as const

const flags = ['--no-pager', '-l', '--full', '--all', '-a', '--type=service', '--now', '-q', '--quiet', '--no-legend', '--plain', '--failed', '-t', '--type', '--state=failed', '--state=running', '--system']

/** Files of units that stand elsewhere than in the declaration: drop-ins that a person can edit. */
export interface UnitFiles {
  exists(path: string): boolean
  list(path: string): string[]
  readText(path: string): string
}

/** `systemctl` as a node's administrator uses it on services. Not modelled: other kinds of units, masking, dependencies. */
export async function systemctl(machine: Machine, systemd: Systemd, argv: readonly string[], files?: UnitFiles): Promise<CommandResult> {
  const words = argv.filter((word, index) => !word.startsWith('-') && argv[index - 1] !== '-t' && argv[index - 1] !== '--type')
  const quiet = argv.includes('-q') || argv.includes('--quiet')
  const unknownFlag = argv.find((word) => word.startsWith('-') && !flags.includes(word))
  if (unknownFlag) return failed(`systemctl: ${unknownFlag.startsWith('--') ? 'unrecognized option' : 'invalid option --'} '${unknownFlag.startsWith('--') ? unknownFlag : unknownFlag.slice(1)}'`, 1)
  const [verb = 'list-units', ...names] = words
  if (!(verbs as readonly string[]).includes(verb)) return failed(`Unknown command verb '${verb}'.`, 1)
  if (verb === 'daemon-reload' || verb === 'reset-failed') return done('')
  if (verb === 'list-units') return done(listUnits(systemd, argv))
  if (verb === 'list-unit-files') return done(listUnitFiles(systemd))
  if (names.length === 0) return failed('Too few arguments.', 1)
  let stdout = ''
  let stderr = ''
  let exitCode = 0
  for (const name of names) {
    let status: UnitStatus
    try {
      status = systemd.status(name)
    } catch (error) {
      const missing = (error as Error).message
      if (verb === 'is-active') stdout += quiet ? '' : 'inactive\n'
      const verbText = { start: 'start', stop: 'stop', restart: 'restart', enable: 'enable', disable: 'disable' }[verb as string]
      return verb === 'is-active' ? { stdout, stderr: '', exitCode: 4 } : failed(verbText ? `Failed to ${verbText} ${full(name)}: Unit ${full(name)} not found.` : missing, verb === 'status' ? 4 : 5)
    }
    if (verb === 'status') {
      stdout += `${stdout === '' ? '' : '\n'}${statusText(machine, status, files)}`
      if (status.state !== 'active') exitCode = 3
    } else if (verb === 'is-active') {
      if (!quiet) stdout += `${status.state}\n`
      if (status.state !== 'active') exitCode = 3
    } else if (verb === 'is-failed') {
      if (!quiet) stdout += `${status.state}\n`
      if (status.state !== 'failed') exitCode = 1
    } else if (verb === 'is-enabled') {
      if (!quiet) stdout += status.enabled ? 'enabled\n' : 'disabled\n'
      if (!status.enabled) exitCode = 1
    } else if (verb === 'cat') stdout += unitFile(status, files)
    else if (verb === 'show') stdout += properties(status)
    else if (verb === 'enable' || verb === 'disable') {
      const link = `/etc/systemd/system/multi-user.target.wants/${full(name)}`
      const changed = systemd.enable(name, verb === 'enable')
      if (changed && !quiet) stderr += verb === 'enable' ? `Created symlink ${link} → ${status.declaration.path}.\n` : `Removed "${link}".\n`
      if (argv.includes('--now')) await (verb === 'enable' ? systemd.start(name) : systemd.stop(name))
    } else if (verb === 'start') systemd.start(name)
    else if (verb === 'stop') await systemd.stop(name)
    else if (verb !== 'try-restart' || status.state === 'active') await systemd.restart(name)
  }
  return { stdout, stderr, exitCode }
}

function statusText(machine: Machine, status: UnitStatus, files: UnitFiles | undefined): string {
  const { declaration, state, subState, since, mainPid, journal } = status
  const now = machine.kernel.now()
  const mark = { active: '●', inactive: '○', failed: '×', activating: '●', deactivating: '●' }[state]
  const lines = [
    `${mark} ${declaration.name}.service - ${declaration.description}`,
    `     Loaded: loaded (${declaration.path}; ${status.enabled ? 'enabled' : 'disabled'}; preset: enabled)`,
    ...dropInLines(status, files),
    `     Active: ${state} (${subState})${status.ended !== undefined && state !== 'active' && state !== 'inactive' ? ` (Result: ${status.ended.startsWith('code=killed') ? 'signal' : 'exit-code'})` : ''} since ${longTime(since)}; ${humanSpan(now - since)} ago`,
    ...(declaration.documentation ? [`       Docs: ${declaration.documentation}`] : []),
    ...(mainPid ? [`   Main PID: ${mainPid} (${declaration.name})`] : status.ended !== undefined ? [`    Process: ExecStart=${declaration.command} (${status.ended})`] : []),
    ...(mainPid ? [`     CGroup: /system.slice/${declaration.name}.service`, `             └─${mainPid} ${declaration.command}`] : []),
  ]
  const log = journal.lines().slice(-10).map((line) => journalPrefix(machine.name, declaration.name, mainPid, line))
  return `${lines.join('\n')}\n${log.length > 0 ? `\n${log.join('\n')}\n` : ''}`
}

function dropIns(status: UnitStatus, files: UnitFiles | undefined): string[] {
  return [`${status.declaration.path}.d`, `/etc/systemd/system/${status.declaration.name}.service.d`]
    .flatMap((folder) => (files?.exists(folder) ? files.list(folder).map((name) => `${folder}/${name}`) : []))
    .filter((path) => path.endsWith('.conf'))
}

function dropInLines(status: UnitStatus, files: UnitFiles | undefined): string[] {
  const paths = dropIns(status, files)
  return paths.length === 0 ? [] : [`    Drop-In: ${paths[0]!.slice(0, paths[0]!.lastIndexOf('/'))}`, `             └─${paths.map((path) => path.split('/').at(-1)).join(', ')}`]
}

function listUnitFiles(systemd: Systemd): string {
  const rows = systemd.names().map((name) => `${`${name}.service`.padEnd(20)} ${(systemd.status(name).enabled ? 'enabled' : 'disabled').padEnd(8)} enabled`)
  return `${'UNIT FILE'.padEnd(20)} ${'STATE'.padEnd(8)} PRESET\n${rows.join('\n')}\n\n${rows.length} unit files listed.\n`
}

function properties(status: UnitStatus): string {
  const { declaration, state, subState, mainPid } = status
  return `Id=${declaration.name}.service\nDescription=${declaration.description}\nLoadState=loaded\nActiveState=${state}\nSubState=${subState}\nUnitFileState=${status.enabled ? 'enabled' : 'disabled'}\nMainPID=${mainPid}\nNRestarts=${status.restarts}\nFragmentPath=${declaration.path}\n`
}

function listUnits(systemd: Systemd, argv: readonly string[]): string {
  const wanted = systemd.names().filter((name) => (argv.includes('--failed') || argv.includes('--state=failed') ? systemd.status(name).state === 'failed' : true))
  const rows = wanted.map((name) => {
    const { declaration, state, subState } = systemd.status(name)
    return `  ${`${name}.service`.padEnd(22)} loaded ${state.padEnd(10)} ${subState.padEnd(12)} ${declaration.description}`
  })
  return `  ${'UNIT'.padEnd(22)} LOAD   ${'ACTIVE'.padEnd(10)} ${'SUB'.padEnd(12)} DESCRIPTION\n${rows.join('\n')}\n\n${rows.length} loaded units listed.\n`
}

function unitFile(status: UnitStatus, files: UnitFiles | undefined): string {
  const { declaration } = status
  const added = dropIns(status, files).map((path) => `\n# ${path}\n${files!.readText(path)}`).join('')
  return added === '' || !files?.exists(declaration.path) ? `${declaredFile(status)}${added}` : `# ${declaration.path}\n${files.readText(declaration.path)}${added}`
}

function declaredFile({ declaration }: UnitStatus): string {
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
