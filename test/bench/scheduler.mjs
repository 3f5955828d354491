#!/usr/bin/env node
/** Bundles scheduler.ts and runs it: `node test/bench/scheduler.mjs [NODES [PODS [RUNS]]] [-- node flags, such as --cpu-prof]`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'rolldown'

/** Runs the bench in a process of its own; answers what it found, one object per run. */
export async function benchScheduler(args = [], flags = []) {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-bench-'))
  const file = join(folder, 'scheduler.mjs')
  await build({ input: new URL('scheduler.ts', import.meta.url).pathname, platform: 'node', output: { file, format: 'esm', codeSplitting: false }, logLevel: 'silent' })
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file, ...args.map(String)], { encoding: 'utf8' })
  rmSync(folder, { recursive: true, force: true })
  if (status !== 0) throw new Error(stderr)
  return stdout.trim().split('\n').map((line) => JSON.parse(line))
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const dashes = process.argv.indexOf('--')
  for (const run of await benchScheduler(process.argv.slice(2, dashes === -1 ? undefined : dashes), dashes === -1 ? [] : process.argv.slice(dashes + 1))) console.log(run)
}
