import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** A headless lab that both tools talk to. */
export interface ParityLab {
  readonly kubeconfig: string
  stop(): Promise<void>
}

/** Starts the built lab, or uses the one whose kubeconfig ORRERY_PARITY_KUBECONFIG names. */
export async function startParityLab(): Promise<ParityLab> {
  const running = process.env.ORRERY_PARITY_KUBECONFIG
  if (running) return { kubeconfig: running, stop: async () => {} }
  const bundle = join(root, 'out/main/orrery.js')
  if (!existsSync(bundle)) throw new Error('the lab is not built: run npm run build first')
  const folder = mkdtempSync(join(tmpdir(), 'orrery-parity-'))
  const kubeconfig = join(folder, 'config')
  const child = spawn(process.execPath, [bundle, 'serve', '--headless', '--ephemeral', '--kubeconfig', kubeconfig], { stdio: ['ignore', 'pipe', 'pipe'] })
  await ready(child)
  return {
    kubeconfig,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = ''
    const take = (chunk: Buffer): void => {
      seen += chunk.toString()
      if (seen.includes('"ready":true')) resolve()
    }
    child.stdout!.on('data', take)
    child.stderr!.on('data', (chunk: Buffer) => (seen += chunk.toString()))
    child.once('exit', (code) => reject(new Error(`the lab ended with ${code}: ${seen}`)))
  })
}
