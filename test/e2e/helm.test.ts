import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { realHelm, realKubectl } from '../parity/real-tools.ts'
import { run, startLab, type CommandOutcome, type LabProcess } from './lab-process.ts'

/** The real Helm against the built lab, with charts of several shapes from ./charts. */
describe('helm', { timeout: 400_000 }, () => {
  let lab: LabProcess
  const home = mkdtempSync(join(tmpdir(), 'orrery-helm-'))
  const chart = (name: string): string => join(import.meta.dirname, 'charts', name)

  beforeAll(async () => {
    lab = await startLab(['--headless', '--ephemeral', '--speed', '5'])
  }, 200_000)
  afterAll(async () => {
    await lab.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const environment = (): Record<string, string> => ({ KUBECONFIG: lab.facts.kubeconfig, HELM_CACHE_HOME: join(home, 'cache'), HELM_CONFIG_HOME: join(home, 'config'), HELM_DATA_HOME: join(home, 'data') })
  const attempt = (...words: string[]): Promise<CommandOutcome> => run(realHelm(), words, environment())
  async function helm(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await attempt(...words)
    expect(code, `helm ${words.join(' ')}\n${stdout}\n${stderr}`).toBe(0)
    return stdout
  }
  async function kubectl(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(realKubectl(), words, environment())
    expect(code, `kubectl ${words.join(' ')}\n${stderr}`).toBe(0)
    return stdout.trim()
  }
  const statusOf = async (name: string, ...words: string[]): Promise<{ info: { status: string; notes?: string }; version: number }> => JSON.parse(await helm('status', name, '-o', 'json', ...words)) as never

  describe('a chart with hooks, tests, roles and everything around a web server', () => {
    const at = ['-n', 'shop'] as const

    test('is shown dry, by the server, without leaving anything', async () => {
      await kubectl('create', 'namespace', 'shop')
      const shown = await helm('install', 'web', chart('web'), ...at, '--dry-run=server')
      for (const kind of ['Deployment', 'Ingress', 'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'NetworkPolicy', 'RoleBinding']) expect(shown).toContain(`kind: ${kind}`)
      expect(JSON.parse(await helm('list', ...at, '-o', 'json'))).toEqual([])
      expect(await kubectl('get', 'all', ...at, '-o', 'name')).toBe('')
    })

    test('installs and waits, hooks included', async () => {
      const said = await helm('install', 'web', chart('web'), ...at, '--wait', '--timeout', '5m')
      expect(said).toContain('web says hello.')
      expect((await statusOf('web', ...at)).info.status).toBe('deployed')
      expect(await kubectl('get', 'deployment', 'web', ...at, '-o', 'jsonpath={.status.readyReplicas}')).toBe('2')
      expect(await kubectl('get', 'job', 'web-pre-install', 'web-post-install', ...at, '-o', 'jsonpath={.items[*].status.succeeded}')).toBe('1 1')
      expect(await kubectl('logs', 'job/web-post-install', ...at)).toBe('post-install of web')
      expect(await kubectl('get', 'secret', 'web-big', ...at, '-o', 'jsonpath={.data.payload}')).toHaveLength(Math.ceil((64 * 1024) / 3) * 4)
      const managers = JSON.parse(await kubectl('get', 'deployment', 'web', ...at, '--show-managed-fields', '-o', 'jsonpath={.metadata.managedFields}')) as { manager: string; operation: string }[]
      expect(managers).toContainEqual(expect.objectContaining({ manager: 'helm', operation: 'Apply' }))
    })

    test('is tested by a pod that asks it', async () => {
      expect(await helm('test', 'web', ...at, '--timeout', '5m')).toMatch(/Phase:\s+Succeeded/)
    })

    test('is upgraded, remembered, described and rolled back', async () => {
      await helm('upgrade', 'web', chart('web'), ...at, '--set', 'greeting=welcome', '--wait', '--timeout', '5m')
      expect(await kubectl('get', 'configmap', 'web-page', ...at, '-o', 'jsonpath={.data.index\\.html}')).toBe('welcome')
      expect(JSON.parse(await helm('get', 'values', 'web', ...at, '-o', 'json'))).toEqual({ greeting: 'welcome' })
      expect(await helm('get', 'manifest', 'web', ...at)).toContain('index.html: "welcome"')
      expect(await helm('get', 'hooks', 'web', ...at)).toContain('helm.sh/hook: post-upgrade')
      expect(await helm('get', 'notes', 'web', ...at)).toContain('web says welcome.')
      await helm('rollback', 'web', '1', ...at, '--wait', '--timeout', '5m')
      expect(await kubectl('get', 'configmap', 'web-page', ...at, '-o', 'jsonpath={.data.index\\.html}')).toBe('hello')
      const history = JSON.parse(await helm('history', 'web', ...at, '-o', 'json')) as { revision: number; status: string; description: string }[]
      expect(history.map(({ revision, status }) => [revision, status])).toEqual([[1, 'superseded'], [2, 'superseded'], [3, 'deployed']])
      expect(history[2]!.description).toBe('Rollback to 1')
    })

    test('meets another owner of a field with a conflict, which may be forced', async () => {
      const edit = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web-page' }, data: { 'index.html': 'theirs' } }
      await kubectl('patch', 'configmap', 'web-page', ...at, '--type=merge', '-p', JSON.stringify({ data: edit.data }), '--field-manager=somebody')
      const refused = await attempt('upgrade', 'web', chart('web'), ...at, '--set', 'greeting=again')
      expect(refused.code).not.toBe(0)
      expect(refused.stderr).toMatch(/conflict with "somebody".*\.data\.index\.html/s)
      await helm('upgrade', 'web', chart('web'), ...at, '--set', 'greeting=again', '--force-conflicts')
      expect(await kubectl('get', 'configmap', 'web-page', ...at, '-o', 'jsonpath={.data.index\\.html}')).toBe('again')
    })

    test('goes, with a history if wanted', async () => {
      await helm('uninstall', 'web', ...at, '--keep-history', '--wait', '--timeout', '5m')
      expect((await statusOf('web', ...at)).info.status).toBe('uninstalled')
      expect(await kubectl('get', 'deployment,service,ingress,hpa,pdb,networkpolicy,role,rolebinding', ...at, '-o', 'name')).toBe('')
      await helm('uninstall', 'web', ...at)
      expect(JSON.parse(await helm('list', ...at, '-o', 'json'))).toEqual([])
    })
  })

  test('a chart brings a kind and one of it; the kind stays when the chart goes', async () => {
    await helm('install', 'crate', chart('resources'), '--wait', '--timeout', '5m')
    expect(await kubectl('get', 'box', 'crate', '-o', 'jsonpath={.spec}')).toBe('{"lid":true,"size":3}')
    const refused = await attempt('upgrade', 'crate', chart('resources'), '--set', 'size=11')
    expect(refused.code).not.toBe(0)
    expect(refused.stderr).toContain('should be less than or equal to 10')
    await helm('upgrade', 'crate', chart('resources'), '--set', 'size=7')
    expect(await kubectl('get', 'bx', 'crate', '-o', 'jsonpath={.spec.size}')).toBe('7')
    await helm('uninstall', 'crate')
    expect(await kubectl('get', 'boxes', '-o', 'name')).toBe('')
    expect(await kubectl('get', 'crd', 'boxes.charts.example.com', '-o', 'name')).toContain('boxes.charts.example.com')
  })

  test('a chart keeps its claims', async () => {
    await helm('install', 'store', chart('stateful'), '--wait', '--timeout', '5m')
    expect(await kubectl('get', 'statefulset', 'store', '-o', 'jsonpath={.status.readyReplicas}')).toBe('2')
    expect(await kubectl('get', 'pvc', '-o', 'jsonpath={.items[*].status.phase}')).toBe('Bound Bound')
    await helm('uninstall', 'store', '--wait', '--timeout', '2m')
    expect(await kubectl('get', 'pvc', '-o', 'jsonpath={.items[*].metadata.name}')).toBe('data-store-0 data-store-1')
  })

  test('parts come and go by their conditions', async () => {
    await helm('upgrade', '--install', 'whole', chart('platform'), '--namespace', 'parts', '--create-namespace', '--wait', '--timeout', '5m')
    const maps = (): Promise<string> => kubectl('get', 'configmap', '-n', 'parts', '-o', 'jsonpath={.items[*].metadata.name}')
    expect(await maps()).toBe('kube-root-ca.crt whole-cache')
    await helm('upgrade', 'whole', chart('platform'), '-n', 'parts', '--set', 'cache.enabled=false,queue.enabled=true')
    expect(await maps()).toBe('kube-root-ca.crt whole-queue')
    expect(await kubectl('get', 'configmap', 'whole-queue', '-n', 'parts', '-o', 'jsonpath={.data.tier}')).toBe('gold')
  })

  test('an upgrade that never becomes ready is rolled back', async () => {
    const failed = await attempt('upgrade', 'whole', chart('platform'), '-n', 'parts', '--set', 'brokenImage=true', '--rollback-on-failure', '--timeout', '40s')
    expect(failed.code).not.toBe(0)
    const history = JSON.parse(await helm('history', 'whole', '-n', 'parts', '-o', 'json')) as { status: string }[]
    expect(history.map(({ status }) => status).slice(-2)).toEqual(['failed', 'deployed'])
    expect(await kubectl('get', 'deployment', 'whole', '-n', 'parts', '-o', 'jsonpath={.spec.template.spec.containers[0].image}')).toBe('busybox:1.36')
  })
})
