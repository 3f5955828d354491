#!/usr/bin/env node
// The package's `orrery` command. A fresh clone has not been built yet: say so instead of failing on a missing file.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const bundle = new URL('../../out/main/orrery.js', import.meta.url)
if (!existsSync(bundle)) {
  console.error(`orrery: not built yet; run "npm run build" in ${fileURLToPath(new URL('../..', import.meta.url))}`)
  process.exit(2)
}
await import(bundle.href)
