import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { expect, it } from 'vitest'

/** Bundles the writer, so that every Node runs it. Answers the file. */
async function bundleWriter(directory: string): Promise<string> {
  const entry = new URL('testing/writer.node.ts', import.meta.url).pathname
  await build({ configFile: false, logLevel: 'silent', build: { ssr: entry, outDir: directory, emptyOutDir: false, rollupOptions: { output: { entryFileNames: 'writer.mjs' } } } })
  return join(directory, 'writer.mjs')
}

/** Runs the writer on `directory` and kills it -9 once it has acknowledged about `writes` more. Answers what it found and said. */
function runAndKill(writer: string, directory: string, writes: number): Promise<{ found: number; wrote: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [writer, directory], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let complaints = ''
    const last = (word: string): number => Number([...output.matchAll(new RegExp(`^${word} (\\d+)\\n`, 'gm'))].at(-1)?.[1] ?? -1)
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
      if (last('wrote') >= last('found') + writes) child.kill('SIGKILL')
    })
    child.stderr.on('data', (data: Buffer) => {
      complaints += data.toString()
    })
    child.on('close', () => {
      if (complaints !== '' || last('found') < 0) reject(new Error(complaints || 'the writer never said what it found'))
      else resolve({ found: last('found'), wrote: Math.max(last('found'), last('wrote')) })
    })
  })
}

it('loses nothing acknowledged when killed -9 in the middle of writes, on real files', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'orrery-etcd-'))
  try {
    const writer = await bundleWriter(join(directory, 'bundle'))
    let acknowledged = 0
    for (const writes of [1, 2, 7, 40, 3, 90, 1, 25, 200, 5, 60, 13]) {
      const { found, wrote } = await runAndKill(writer, join(directory, 'data'), writes)
      expect(found).toBeGreaterThanOrEqual(acknowledged)
      // At most the one round that was under way may have happened without a word.
      expect(found).toBeLessThanOrEqual(acknowledged + 1)
      acknowledged = wrote
    }
    expect(acknowledged).toBeGreaterThanOrEqual(400)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
