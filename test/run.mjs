#!/usr/bin/env node
/** `npm test`: everything that has to hold, in the order in which it fails fastest. A suite that could not run is said to
 *  be NOT RUN, with the reason and the remedy; it never counts as passed. `node test/run.mjs unit floors` runs some. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const node = process.execPath
const reports = mkdtempSync(join(tmpdir(), 'orrery-test-'))
const bin = (name, file) => join(root, 'node_modules', name, file)
const vueTsc = (project) => [node, bin('vue-tsc', 'bin/vue-tsc.js'), '-p', project, '--noEmit']
const tsc = (project) => [node, bin('typescript', 'bin/tsc'), '-p', project]

/** Answers why a suite cannot run here, or undefined. Installs what is missing where that is possible. */
function needChromium() {
  const known = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome']
  if (known.some((path) => path && existsSync(path))) return undefined
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    console.log('Installing Chromium from the distribution, once…')
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
    spawnSync('apt-get', ['install', '-y', '-qq', 'chromium'], { stdio: 'ignore' })
    if (existsSync('/usr/bin/chromium')) return undefined
  }
  return 'no Chromium found: install one (Debian: apt-get install chromium) or set CHROMIUM_PATH'
}

function needRealTools() {
  if (process.platform === 'linux' && process.arch === 'x64') return undefined
  return 'the real kubectl and helm come as linux-x64 binaries; run this suite on such a machine'
}

const vitest = (project) => ({ vitest: project })
const suites = [
  { name: 'generate', run: [[node, 'main/api/generate/generate.mjs']] },
  { name: 'build', run: [[node, bin('electron-vite', 'bin/electron-vite.js'), 'build', '--logLevel', 'warn']] },
  { name: 'types', run: [tsc('main/tsconfig.pure.json'), tsc('main/tsconfig.json'), tsc('preload/tsconfig.json'), vueTsc('test/tsconfig.json'), vueTsc('renderer/tsconfig.json')] },
  { name: 'lint', run: [[node, bin('eslint', 'bin/eslint.js'), '.']] },
  { name: 'unit', ...vitest('unit') },
  { name: 'window', ...vitest('window') },
  { name: 'simulation', ...vitest('simulation') },
  { name: 'parity', need: needRealTools, ...vitest('parity') },
  { name: 'e2e', need: needChromium, ...vitest('e2e') },
]

/** How many characters of a command's last output are kept, to say at the end what failed. */
const keptOutput = 20_000

/** Runs a command, shows what it prints while it prints, and keeps the end of that. */
function execute(command) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FORCE_COLOR: process.env.FORCE_COLOR ?? '0' } })
    let output = ''
    for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]])
      from.setEncoding('utf8').on('data', (text) => {
        to.write(text)
        output = (output + text).slice(-2 * keptOutput)
      })
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** The tests of a file that failed, and the file itself where it could not be loaded: a line or a few each. */
function failuresOf(file) {
  const failed = file.assertionResults.filter((test) => test.status === 'failed')
  if (failed.length === 0 && file.status === 'failed') return [`${file.name}: ${file.message}`]
  return failed.map((test) => `${file.name}: ${test.fullName}\n${(test.failureMessages[0] ?? '').slice(0, 2_000)}`)
}

/** Errors that belong to no test: they fail a run whose tests all passed. */
function unhandledErrors(output) {
  // eslint-disable-next-line no-control-regex -- colours
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '')
  const at = plain.search(/Unhandled (Errors|Rejection|Error)/)
  return [(at < 0 ? plain : plain.slice(at)).slice(0, 6_000)]
}

async function runVitest(project) {
  const report = join(reports, `${project}.json`)
  const { code, output } = await execute([node, bin('vitest', 'vitest.mjs'), 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0, failures: [output.slice(-keptOutput)] }
  const result = JSON.parse(readFileSync(report, 'utf8'))
  const failed = result.numFailedTests + (code !== 0 && result.numFailedTests === 0 ? 1 : 0)
  const failures = result.testResults.flatMap(failuresOf)
  if (failed > failures.length) failures.push(...unhandledErrors(output))
  return { passed: result.numPassedTests, failed, skipped: result.numPendingTests + (result.numTodoTests ?? 0), failures }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name))
if (unknown.length > 0) {
  console.error(`no such suite: ${unknown.join(', ')}; there are ${suites.map((suite) => suite.name).join(', ')}`)
  process.exit(2)
}
const total = { passed: 0, failed: 0, skipped: 0 }
const lines = []
const failures = []
for (const suite of suites) {
  if (wanted.length > 0 && !wanted.includes(suite.name)) continue
  const started = Date.now()
  const reason = suite.need?.()
  if (reason) {
    lines.push(`${suite.name.padEnd(12)} NOT RUN: ${reason}`)
    total.skipped++
    continue
  }
  console.log(`\n== ${suite.name}`)
  let result = { passed: 0, failed: 0, skipped: 0, failures: [] }
  if (suite.vitest) result = await runVitest(suite.vitest)
  else {
    for (const command of suite.run) {
      const { code, output } = await execute(command)
      if (code === 0) result.passed++
      else {
        result.failed++
        result.failures.push(`${command.slice(1).join(' ')}\n${output.slice(-6_000)}`)
      }
    }
  }
  for (const key of Object.keys(total)) total[key] += result[key]
  failures.push(...result.failures.map((failure) => `-- ${suite.name}: ${failure}`))
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  lines.push(`${suite.name.padEnd(12)} ${result.failed > 0 ? 'FAILED' : 'ok'}: ${result.passed} passed, ${result.failed} failed${result.skipped ? `, ${result.skipped} skipped` : ''} (${seconds} s)`)
}
if (failures.length > 0) console.log(`\n== what failed\n${failures.join('\n')}`)
console.log(`\n${lines.join('\n')}\n`)
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exit(total.failed > 0 ? 1 : 0)
