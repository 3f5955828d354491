import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const root = new URL('../..', import.meta.url).pathname
export const bundle = join(root, 'out', 'main', 'orrery.js')

/** What `orrery serve` prints when every node is Ready. */
export interface ReadyLine {
  readonly ready: boolean
  readonly server: string
  readonly kubeconfig: string
  readonly window: string | null
  readonly startupMs: number
}

export interface LabProcess {
  readonly child: ChildProcess
  readonly facts: ReadyLine
  readonly home: string
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>
}

/** Starts the built product as a user would, in a home folder of its own. */
export async function startLab(args: readonly string[], options: { readonly home?: string } = {}): Promise<LabProcess> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'orrery-e2e-'))
  const child = spawn(process.execPath, [bundle, 'serve', ...args], { env: { ...process.env, ORRERY_HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const facts = await new Promise<ReadyLine>((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const line = text.split('\n').find((candidate) => candidate.startsWith('{') && text.includes(`${candidate}\n`))
      if (line) resolve(JSON.parse(line) as ReadyLine)
    })
    child.on('exit', (code) => reject(new Error(`orrery serve ended with code ${code}: ${errors}`)))
  })
  return {
    child,
    facts,
    home,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', (code) => {
          if (!options.home) rmSync(home, { recursive: true, force: true })
          resolve(code)
        })
        child.kill('SIGTERM')
      }),
  }
}

export interface CommandOutcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `orrery …` to its end. */
export function orrery(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandOutcome> {
  return run(process.execPath, [bundle, ...args], environment)
}

export function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** Asks again every 100 ms until `condition` holds; throws after `limitMs`. */
export async function eventually(what: string, limitMs: number, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
