import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath } from './browser.ts'
import { eventually, root } from './lab-process.ts'

/** The built main bundle, preload and renderer together, with Chromium pages in place of Electron's windows. */
describe('the Electron shell', () => {
  let child: ChildProcess
  let browser: Browser
  let page: Page
  let output = ''
  const home = mkdtempSync(join(tmpdir(), 'orrery-desktop-'))
  beforeAll(async () => {
    const port = await freePort()
    child = spawn(process.execPath, ['--import', join(root, 'test/e2e/stand-in/register.mjs'), join(root, 'out/main/index.js')], {
      env: { ...process.env, ORRERY_HOME: home, ORRERY_STAND_IN_PORT: String(port), CHROMIUM_PATH: chromiumPath },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout!.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await eventually('Chromium answers', 30_000, async () => {
      try {
        return (await fetch(`http://127.0.0.1:${port}/json/version`)).ok
      } catch {
        return false
      }
    })
    browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`)
    await eventually('a window is open', 30_000, () => browser.contexts().flatMap((context) => context.pages()).some((candidate) => candidate.url().startsWith('file:')))
    page = browser.contexts().flatMap((context) => context.pages()).find((candidate) => candidate.url().startsWith('file:'))!
  })
  afterAll(async () => {
    await browser?.close().catch(() => {})
    child?.kill('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  })

  test('opens the window on a living cluster', async () => {
    await page.getByText('4/4').first().waitFor({ timeout: 30_000 })
    expect(output).toBe('')
  })

  test('the page has the port that the preload exposes and nothing of Node', async () => {
    expect(await page.evaluate(() => Object.keys((window as unknown as { orrery: object }).orrery).sort())).toEqual(['onFrame', 'onState', 'send'])
    expect(await page.evaluate(() => ['require', 'process', 'module', 'Buffer'].filter((name) => name in globalThis))).toEqual([])
  })

  test('a terminal in it runs commands', async () => {
    await page.locator('.xterm').first().click()
    await page.keyboard.type('echo $((6*7)) is the answer\n')
    await eventually('the shell answers', 10_000, async () => (await page.locator('.xterm').first().innerText()).includes('42 is the answer'))
  })

  test('quits in order', async () => {
    const gone = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGTERM')
    expect(await gone).toBe(0)
  })
})

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
