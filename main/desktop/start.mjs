#!/usr/bin/env node
// `npm start`: builds what is out of date, then opens the Electron app; where Electron cannot run, says so in one line and
// starts the Node shell, which serves the same window to a browser.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const node = process.execPath

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).filter((name) => name !== 'generated').map((name) => newest(join(path, name))))
}

function build() {
  const bundle = join(root, 'out', 'main', 'orrery.js')
  const sources = ['main', 'preload', 'renderer', 'resources', 'package.json', 'electron.vite.config.ts'].map((name) => newest(join(root, name)))
  if (existsSync(bundle) && existsSync(join(root, 'out', 'renderer', 'index.html')) && statSync(bundle).mtimeMs > Math.max(...sources)) return
  console.log('Building…')
  for (const command of [['main/api/generate/generate.mjs'], ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn']]) {
    const { status } = spawnSync(node, command, { cwd: root, stdio: 'inherit' })
    if (status !== 0) process.exit(status ?? 1)
  }
}

/** Path of Electron's executable, or the reason why there is none. Fetches the runtime once if it is not there yet. */
function findElectron() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return { reason: 'there is no display' }
  const folder = join(root, 'node_modules', 'electron')
  if (!existsSync(folder)) return { reason: 'the electron package is not installed' }
  const pathFile = join(folder, 'path.txt')
  const executable = () => (existsSync(pathFile) ? join(folder, 'dist', readFileSync(pathFile, 'utf8').trim()) : undefined)
  let path = executable()
  if (!path || !existsSync(path)) {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const installer = join(folder, Object.values(manifest.bin ?? {}).find((file) => /install/.test(file)) ?? 'install.js')
    console.log('Fetching Electron’s runtime, once…')
    spawnSync(node, [installer], { cwd: folder, stdio: 'ignore', timeout: 300_000 })
    path = executable()
  }
  return path && existsSync(path) ? { path } : { reason: 'its runtime could not be downloaded' }
}

build()
const electron = process.env.ORRERY_SHELL === 'node' ? { reason: 'ORRERY_SHELL=node asks for the Node shell' } : findElectron()
let command
if (electron.path) {
  // Chromium's own sandbox cannot start as root, and Electron then refuses to run at all.
  const extra = process.platform === 'linux' && process.getuid() === 0 ? ['--no-sandbox'] : []
  command = [electron.path, [...extra, root, ...process.argv.slice(2)]]
} else {
  console.log(`Electron cannot run here (${electron.reason}): starting the Node shell instead.`)
  command = [node, [join(root, 'out', 'main', 'orrery.js'), 'serve', ...process.argv.slice(2)]]
}
const child = spawn(command[0], command[1], { cwd: dirname(join(root, 'package.json')), stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 0 : 1)))
