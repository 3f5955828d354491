import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from './browser.ts'
import { eventually, orrery, startLab, type LabProcess } from './lab-process.ts'

const views = ['map', 'api-server', 'etcd', 'scheduler', 'controllers', 'cloud', 'nodes', 'network', 'network/trace/web.default/80/tcp', 'objects/pods', 'traces', 'settings']

/** Every view of the built window with something in the cluster: by mouse, by keyboard, in both themes. */
describe('the views of the window', () => {
  let lab: LabProcess
  let browser: Browser
  let page: Page
  const problems: string[] = []
  const kubectl = (...args: string[]) => orrery(['kubectl', ...args], { KUBECONFIG: lab.facts.kubeconfig })
  const go = async (view: string): Promise<void> => {
    await page.evaluate((hash) => (location.hash = hash), `#/${view}`)
    await page.waitForTimeout(400)
  }
  const openPage = async (options: { readonly dark: boolean; readonly still?: boolean }): Promise<Page> => {
    const opened = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: options.dark ? 'dark' : 'light', reducedMotion: options.still ? 'reduce' : 'no-preference' })
    opened.on('pageerror', (error) => problems.push(error.message))
    opened.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await opened.goto(lab.facts.window!)
    await opened.getByText('4/4').first().waitFor()
    return opened
  }

  beforeAll(async () => {
    ;[lab, browser] = await Promise.all([startLab(['--ephemeral', '--no-open']), launchBrowser()])
    expect((await kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=2')).code).toBe(0)
    expect((await kubectl('run', 'nope', '--image=no-such-image:1')).code).toBe(0)
    await eventually('two pods are ready', 30_000, async () => (await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}')).stdout === '2')
    expect((await kubectl('scale', 'deployment', 'web', '--replicas=3')).code).toBe(0)
    page = await openPage({ dark: true })
  })
  afterAll(async () => {
    await browser?.close()
    await lab?.stop()
  })

  test('lists what became of an object: when, who, through which request, and what was different', async () => {
    await go('objects/deployments.apps')
    await page.getByRole('row', { name: /\bweb\b/ }).click()
    await page.getByRole('tab', { name: 'History' }).click()
    const history = page.getByRole('list', { name: 'Versions, newest first' })
    await history.getByText('created', { exact: true }).waitFor()
    const text = (await history.innerText()).replace(/\s+/g, ' ')
    expect(text).toContain('kubernetes-admin')
    expect(text).toContain('deployment-controller')
    expect(text).toContain('spec.replicas 2 3')
    await history.getByRole('button', { name: 'Trace' }).last().click()
    await eventually('the trace of its creation is shown', 5_000, async () => (await page.locator('main').innerText()).includes('KV/Txn /registry/deployments/default/web'))
  })

  test('puts what one command asked under one heading', async () => {
    await go('traces')
    const list = page.getByRole('list', { name: 'Traces' })
    await list.getByText(/POST deployments in default/).first().waitFor()
    expect(await list.getByText(/^GET \/openapi/).count()).toBe(0)
  })

  test('shows priority levels and admission beside the requests', async () => {
    await page.locator('main').focus()
    await page.keyboard.press('Escape')
    await go('api-server')
    await page.getByRole('tab', { name: 'Priority' }).click()
    await page.getByText('workload-low').waitFor()
    await page.getByRole('tab', { name: 'Admission' }).click()
    await page.getByText('NamespaceLifecycle').first().waitFor()
  })

  test('is used with the keyboard alone', async () => {
    await page.locator('main').focus()
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await eventually('the objects are shown', 3_000, () => page.url().includes('#/objects'))
    await go('objects/pods')
    await page.getByRole('grid').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Inspector' }).waitFor()
    await page.getByRole('tab', { name: 'Overview' }).focus()
    await page.keyboard.press('ArrowRight')
    expect(await page.getByRole('tab', { name: 'YAML' }).getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.type('etcd')
    await page.keyboard.press('Enter')
    await eventually('the palette went to etcd', 3_000, () => page.url().includes('#/etcd'))
    await page.locator('main').focus()
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test.each([true, false])('is accessible by the usual measure in every view (dark: %s)', async (dark) => {
    const seen = dark ? page : await openPage({ dark })
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    await seen.evaluate(axe)
    const found: string[] = []
    const check = async (place: string): Promise<void> => {
      const violations = await seen.evaluate(async () => {
        const { axe: runner } = globalThis as unknown as { axe: { run(context: unknown, options: object): Promise<{ violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> } }
        const result = await runner.run({ exclude: [['.xterm']] }, { runOnly: ['wcag2a', 'wcag2aa'] })
        return result.violations.map((violation) => `${violation.impact} ${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} (${node.failureSummary.slice(0, 200)})`).join(' | ')}`)
      })
      found.push(...violations.map((violation) => `${place}: ${violation}`))
    }
    for (const view of views) {
      await seen.evaluate((hash) => (location.hash = hash), `#/${view}`)
      await seen.waitForTimeout(500)
      await check(view)
    }
    await seen.evaluate(() => (location.hash = '#/objects/pods'))
    await seen.getByRole('row', { name: /\bnope\b/ }).click()
    for (const tab of ['Overview', 'YAML', 'Events', 'Logs', 'History']) {
      await seen.getByRole('tab', { name: tab }).click()
      await seen.waitForTimeout(500)
      await check(`inspector, ${tab}`)
    }
    if (seen !== page) await seen.close()
    expect(found).toEqual([])
  })

  test('stands still when nothing moves, and for those who want it so', async () => {
    const still = await openPage({ dark: true, still: true })
    await still.waitForTimeout(1_000)
    expect(await still.evaluate(() => document.getAnimations().length)).toBe(0)
    await still.getByRole('button', { name: /^Pause/ }).first().click()
    await still.waitForTimeout(1_500)
    const frames = await still.evaluate(() => {
      let asked = 0
      const original = requestAnimationFrame
      window.requestAnimationFrame = (callback) => (asked++, original(callback))
      return new Promise<number>((resolve) => setTimeout(() => resolve(asked), 1_500))
    })
    expect(frames).toBe(0)
    await still.getByRole('button', { name: /^(Resume|Run|Play)/ }).first().click()
    await still.close()
  })

  test('has no error on the console', () => {
    expect(problems).toEqual([])
  })
})
