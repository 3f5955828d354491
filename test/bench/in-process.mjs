#!/usr/bin/env node
/** Bundles in-process.ts (or ENTRY, beside it) and runs it: `node test/bench/in-process.mjs [PODS [NODES [RUNS]]] [-- node flags, such as --cpu-prof]`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'rolldown'

/** Where the bundle and its source map stay, for whoever reads a profile. */
const keep = process.env.KEEP
const dashes = process.argv.indexOf('--')
const args = process.argv.slice(2, dashes === -1 ? undefined : dashes)
const flags = dashes === -1 ? [] : process.argv.slice(dashes + 1)
const folder = keep ?? mkdtempSync(join(tmpdir(), 'orrery-bench-'))
const file = join(folder, 'in-process.mjs')
await build({ input: new URL(process.env.ENTRY ?? 'in-process.ts', import.meta.url).pathname, platform: 'node', external: ['@peculiar/x509', 'node-pty'], output: { file, format: 'esm', codeSplitting: false, sourcemap: keep !== undefined }, logLevel: 'silent' })
const { status } = spawnSync(process.execPath, [...flags, file, ...args], { stdio: 'inherit' })
if (keep === undefined) rmSync(folder, { recursive: true, force: true })
process.exit(status ?? 1)
