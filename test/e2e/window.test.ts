import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from './browser.ts'
import { eventually, orrery, startLab, type LabProcess } from './lab-process.ts'

/** The built window against a real lab, in a real browser, served by the Node shell. */
describe('the window', () => {
  let lab: LabProcess
  let browser: Browser
  let page: Page
  const problems: string[] = []
  beforeAll(async () => {
    ;[lab, browser] = await Promise.all([startLab(['--ephemeral', '--no-open']), launchBrowser()])
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' })
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    await page.goto(lab.facts.window!)
  })
  afterAll(async () => {
    await browser?.close()
    await lab?.stop()
  })

  test('shows every node Ready, and the control plane', async () => {
    await page.getByText('4/4').first().waitFor()
    for (const name of ['controlplane', 'worker-1', 'worker-2', 'worker-3']) await page.getByText(name, { exact: true }).first().waitFor()
  })

  test('what is typed in its terminal really runs', async () => {
    await page.locator('.xterm').first().click()
    await page.keyboard.type('kubectl apply -f nginx-deployment.yaml\n')
    const kubectl = (...args: string[]) => orrery(['kubectl', ...args], { KUBECONFIG: lab.facts.kubeconfig })
    await eventually('three nginx pods are ready', 30_000, async () => (await kubectl('get', 'deployment', 'nginx-deployment', '-o', 'jsonpath={.status.readyReplicas}')).stdout === '3')
    await eventually('the terminal shows the answer', 10_000, async () => (await page.locator('.xterm').first().innerText()).includes('deployment.apps/nginx-deployment created'))
  })

  test('has no error on the console', () => {
    expect(problems).toEqual([])
  })

  test('is accessible by the usual measure', async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    await page.evaluate(axe)
    const violations = await page.evaluate(async () => {
      const { axe: runner } = globalThis as unknown as { axe: { run(context: unknown, options: object): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }
      const result = await runner.run({ exclude: [['.xterm']] }, { runOnly: ['wcag2a', 'wcag2aa'] })
      return result.violations.map((violation) => `${violation.impact} ${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)
    })
    expect(violations).toEqual([])
  })
})
