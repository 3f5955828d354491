#!/usr/bin/env node
/** `npm run bench [-- --only PART,PART] [-- --no-peer]`: figures, never a verdict. Each is measured on the built product, from outside, as a
 *  person would find it. Parts: start, window, idle, api, scheduler, pods, nodes; README.md names the parts of `api`. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { build } from 'rolldown'
import { parse } from 'yaml'
import { measureApi } from './api.mjs'
import { benchScheduler } from './scheduler.mjs'

const root = new URL('../..', import.meta.url).pathname
const bundle = join(root, 'out', 'main', 'orrery.js')
if (!existsSync(bundle)) {
  console.error('not built: npm run build')
  process.exit(2)
}

async function startLab(args, flags = []) {
  const home = mkdtempSync(join(tmpdir(), 'orrery-bench-'))
  const launched = performance.now()
  const child = spawn(process.execPath, [...flags, bundle, 'serve', '--headless', '--ephemeral', ...args], { env: { ...process.env, ORRERY_HOME: home }, stdio: ['ignore', 'pipe', 'inherit'] })
  const facts = await new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
      if (text.includes('\n')) resolve(JSON.parse(text.split('\n')[0]))
    })
    child.on('exit', (code) => reject(new Error(`the lab ended with code ${code}`)))
  })
  const readyMs = performance.now() - launched
  const config = parse(readFileSync(facts.kubeconfig, 'utf8'))
  const decode = (text) => Buffer.from(text, 'base64').toString()
  const credentials = { ca: decode(config.clusters[0].cluster['certificate-authority-data']), cert: decode(config.users[0].user['client-certificate-data']), key: decode(config.users[0].user['client-key-data']) }
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ...credentials })
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const sent = request(`${facts.server}${path}`, { method, agent, headers: body ? { 'content-type': 'application/json' } : {} }, (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => (response.statusCode < 400 ? resolve(JSON.parse(Buffer.concat(chunks))) : reject(new Error(`${method} ${path}: ${response.statusCode} ${Buffer.concat(chunks)}`))))
      })
      sent.on('error', reject)
      sent.end(body && JSON.stringify(body))
    })
  return {
    readyMs,
    startupMs: facts.startupMs,
    pid: child.pid,
    server: facts.server,
    credentials,
    memoryMiB: () => memoryMiB(child.pid),
    cpuSeconds: () => cpuSeconds(child.pid),
    call,
    async stop() {
      agent.destroy()
      const gone = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGTERM')
      await gone
      rmSync(home, { recursive: true, force: true })
    },
  }
}

function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function memoryMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

const deployment = (replicas) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'bench', namespace: 'default' },
  spec: { replicas, selector: { matchLabels: { app: 'bench' } }, template: { metadata: { labels: { app: 'bench' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.14' }] } } },
})

/** Wall ms from asking for `replicas` pods to all of them Ready. */
async function podsToReady(lab, replicas) {
  const started = performance.now()
  await lab.call('POST', '/apis/apps/v1/namespaces/default/deployments', deployment(replicas))
  for (;;) {
    const { status } = await lab.call('GET', '/apis/apps/v1/namespaces/default/deployments/bench')
    if (status?.readyReplicas === replicas) return performance.now() - started
    if (performance.now() - started > 300_000) return Infinity
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined)
const only = option('--only')?.split(',')
const part = async (name, measure) => {
  if (!only || only.includes(name)) await measure()
}
const rows = []
const report = (what, figure, upstream) => {
  rows.push([what, figure])
  console.log(`${what.padEnd(64)} ${figure}${upstream ? `   (upstream: ${upstream})` : ''}`)
}
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

await part('start', async () => {
  const starts = []
  const cpu = []
  for (let run = 0; run < 5; run++) {
    const lab = await startLab([])
    starts.push(lab.readyMs)
    cpu.push(lab.cpuSeconds())
    await lab.stop()
  }
  report('launch to all nodes Ready, headless (median of 5)', `${median(starts).toFixed(0)} ms (${Math.min(...starts).toFixed(0)} to ${Math.max(...starts).toFixed(0)}); ${(median(cpu) * 1000).toFixed(0)} ms CPU`, '3 s')
})

await part('window', async () => {
  // The browser is already running, as a person's is: from launching the product to its window showing every node Ready.
  const chromiumPath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => path && existsSync(path))
  if (!chromiumPath) report('launch to a painted window', 'not measured: no Chromium')
  else {
    const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] })
    const times = []
    for (let run = 0; run < 5; run++) {
      const page = await browser.newPage()
      const home = mkdtempSync(join(tmpdir(), 'orrery-bench-'))
      const launched = performance.now()
      const child = spawn(process.execPath, [bundle, 'serve', '--ephemeral', '--no-open'], { env: { ...process.env, ORRERY_HOME: home }, stdio: ['ignore', 'pipe', 'inherit'] })
      const url = await new Promise((resolve) => child.stdout.on('data', (chunk) => /http:\S+/.exec(String(chunk)) && resolve(/http:\S+/.exec(String(chunk))[0])))
      await page.goto(url)
      await page.getByText('4/4').first().waitFor()
      times.push(performance.now() - launched)
      await page.close()
      const gone = new Promise((resolve) => child.on('exit', resolve))
      child.kill('SIGTERM')
      await gone
      rmSync(home, { recursive: true, force: true })
    }
    await browser.close()
    report('launch to a window that shows every node Ready (median of 5)', `${median(times).toFixed(0)} ms (${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)})`)
  }
})

await part('idle', async () => {
  const lab = await startLab([])
  await new Promise((resolve) => setTimeout(resolve, 20_000))
  const before = cpuSeconds(lab.pid)
  await new Promise((resolve) => setTimeout(resolve, 20_000))
  report('idle CPU, standard lab at 1x', `${(((cpuSeconds(lab.pid) - before) / 20) * 100).toFixed(2)} % of a core`)
  report('memory of the whole process, idle', `${memoryMiB(lab.pid).toFixed(0)} MiB`)
  await lab.stop()
})

await part('api', async () => {
  const lab = await startLab([], option('--flags')?.split(' '))
  await measureApi(lab, report, { only: option('--api')?.split(','), protocols: option('--http')?.split(',') })
  await lab.stop()
})

await part('scheduler', async () => {
  for (const { nodes, pods, podsPerSecond, podsPerCpuSecond } of await benchScheduler([1_000, 10_000])) report(`${pods} pods bound on ${nodes} nodes by the scheduler alone`, `${podsPerSecond} pods/s; ${podsPerCpuSecond} pods per second of CPU`)
})

const ours = {}
await part('pods', async () => {
  for (const [pods, nodes] of [[300, 3], [1_000, 10]]) {
    for (const speed of ['1', 'max']) {
      const lab = await startLab(['--nodes', String(nodes), '--speed', speed])
      const ms = await podsToReady(lab, pods)
      ours[`${pods}/${speed}`] = ms
      report(`${pods} pods to Ready on ${nodes} nodes, --speed ${speed}`, `${ms.toFixed(0)} ms; ${memoryMiB(lab.pid).toFixed(0)} MiB`)
      await lab.stop()
    }
  }
})

await part('nodes', async () => {
  for (const nodes of [100, 1_000]) {
    const lab = await startLab(['--nodes', String(nodes)])
    report(`launch to ${nodes} nodes Ready, headless`, `${lab.readyMs.toFixed(0)} ms; ${memoryMiB(lab.pid).toFixed(0)} MiB`)
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    const before = cpuSeconds(lab.pid)
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    report(`idle CPU with ${nodes} nodes at 1x`, `${(((cpuSeconds(lab.pid) - before) / 15) * 100).toFixed(1)} % of a core; ${memoryMiB(lab.pid).toFixed(0)} MiB`)
    await lab.stop()
  }
})

if (!process.argv.includes('--no-peer') && (!only || only.includes('pods'))) {
  const bundled = join(mkdtempSync(join(tmpdir(), 'orrery-bench-')), 'webernetes.mjs')
  await build({ input: join(root, 'test', 'bench', 'webernetes.mjs'), platform: 'node', output: { file: bundled, format: 'esm', codeSplitting: false }, logLevel: 'silent' })
  for (const [pods, nodes] of [[300, 3], [1_000, 10]]) {
    const peer = spawnSync(process.execPath, [bundled, String(pods), String(nodes)], { encoding: 'utf8', timeout: 400_000 })
    const ms = Number(/^ms (\d+)/m.exec(peer.stdout)?.[1] ?? NaN)
    const what = `${pods} pods to Ready on ${nodes} nodes in @ngrok/webernetes 0.3.5`
    if (Number.isNaN(ms)) report(what, `no figure: ${(peer.stderr || peer.stdout || 'timed out').trim().split('\n').at(-1)}`)
    else report(what, `${ms} ms: ours is ${(ms / ours[`${pods}/1`]).toFixed(1)} (1x) or ${(ms / ours[`${pods}/max`]).toFixed(1)} (max) times as fast`)
  }
}
console.log(`\n${rows.length} figures`)
