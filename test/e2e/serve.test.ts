import { createServer } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { orrery, startLab, type LabProcess } from './lab-process.ts'

describe('orrery serve, asked for wrongly', () => {
  const spec = join(mkdtempSync(join(tmpdir(), 'orrery-spec-')), 'spec.yaml')
  writeFileSync(spec, 'nodes: 2\nworkers: 3\n')

  test.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['extra'], "Unexpected argument 'extra'"],
    [['--port', 'x'], '--port has to be a whole number from 0 to 65535, not "x"'],
    [['--port', '70000'], '--port has to be a whole number from 0 to 65535, not "70000"'],
    [['--nodes', '-1'], "Option '--nodes' argument is ambiguous"],
    [['--nodes', '5000'], '--nodes has to be a whole number from 0 to 1000, not "5000"'],
    [['--speed', 'fast'], '--speed has to be a number from 0 to 1000 or "max", not "fast"'],
    [['--lab', 'No Such'], "--lab: a lab's name is 1 to 40 lower-case letters, digits and dashes"],
    [['--spec', '/nope.yaml'], '--spec: cannot read /nope.yaml: ENOENT'],
    [['--spec', spec], 'unknown field "workers" in the cluster spec'],
    [['--spec', 'single', '--nodes', '2'], '--nodes goes with the standard and ha specs only'],
  ])('%j: one line, exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await orrery(['serve', '--headless', '--ephemeral', ...args])
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })

  test('a port in use: one line, exit code 2', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const { code, stderr } = await orrery(['serve', '--headless', '--ephemeral', '--port', String(port)])
    taken.close()
    expect(stderr).toBe(`orrery serve: port ${port} on 127.0.0.1 cannot be used: EADDRINUSE\n`)
    expect(code).toBe(2)
  })

  test('unknown commands', async () => {
    expect(await orrery(['frobnicate'])).toEqual({ code: 2, stdout: '', stderr: 'orrery: unknown command "frobnicate"; "orrery help" lists the commands\n' })
  })
})

describe('orrery serve, headless', () => {
  test('prints one JSON line when every node is Ready, and stops cleanly', async () => {
    const lab = await startLab(['--headless', '--ephemeral', '--nodes', '1', '--seed', '5'])
    expect(lab.facts).toMatchObject({ ready: true, window: null, server: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) as string, startupMs: expect.any(Number) as number })
    const nodes = await orrery(['kubectl', 'get', 'nodes', '--no-headers'], { KUBECONFIG: lab.facts.kubeconfig })
    expect(nodes.stdout.split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual(['controlplane Ready', 'worker-1 Ready', ''])
    expect(await lab.stop()).toBe(0)
  })

  test('a lab keeps its objects, its port and its kubeconfig over a restart', async () => {
    const home = mkdtempSync(join(tmpdir(), 'orrery-kept-'))
    const first = await startLab(['--headless', '--lab', 'kept', '--nodes', '1'], { home })
    expect((await orrery(['kubectl', 'create', 'configmap', 'remembered', '--from-literal=a=b'], { KUBECONFIG: first.facts.kubeconfig })).stderr).toBe('')
    expect(await first.stop()).toBe(0)
    const second = await startLab(['--headless', '--lab', 'kept'], { home })
    expect(second.facts.server).toBe(first.facts.server)
    const got = await orrery(['kubectl', 'get', 'configmap', 'remembered', '-o', 'jsonpath={.data.a}'], { KUBECONFIG: second.facts.kubeconfig })
    expect(got).toEqual({ code: 0, stdout: 'b', stderr: '' })
    expect(await second.stop()).toBe(0)
    rmSync(home, { recursive: true, force: true })
  })
})

describe('the window’s server', () => {
  let lab: LabProcess
  let url: URL
  beforeAll(async () => {
    lab = await startLab(['--ephemeral', '--no-open', '--nodes', '1'])
    url = new URL(lab.facts.window!)
  })
  afterAll(async () => {
    await lab.stop()
  })

  const get = (path: string, headers: Record<string, string> = {}): Promise<{ status: number; headers: Record<string, unknown> }> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: url.port, path, headers }, (response) => {
        response.resume()
        resolve({ status: response.statusCode!, headers: response.headers })
      })
        .on('error', reject)
        .end()
    })

  test('serves the page to whoever has the token, under a strict policy', async () => {
    const { status, headers } = await get(`/${url.search}`)
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toContain("script-src 'self'")
    expect(headers['set-cookie']).toEqual([expect.stringContaining('HttpOnly; SameSite=Strict')])
  })

  test.each([
    ['no token', '/', {}, 401],
    ['a wrong token', '/?token=wrong', {}, 401],
    ['another host name', `/?token=TOKEN`, { host: 'evil.example:80' }, 403],
    ['a path outside', '/..%2f..%2fpackage.json?token=TOKEN', {}, 404],
  ])('refuses %s', async (_, path, headers, status) => {
    expect((await get(path.replace('TOKEN', url.searchParams.get('token')!), headers)).status).toBe(status)
  })

  test.each([
    ['no token', '/bridge', undefined],
    ['another origin', '/bridge?token=TOKEN', 'http://evil.example'],
  ])('refuses a bridge with %s', async (_, path, origin) => {
    const socket = new WebSocket(`ws://127.0.0.1:${url.port}${path.replace('TOKEN', url.searchParams.get('token')!)}`, origin ? { origin } : {})
    const outcome = await new Promise((resolve) => {
      socket.on('open', () => resolve('open'))
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('error', () => resolve('error'))
    })
    expect(outcome).toBe(403)
  })
})
