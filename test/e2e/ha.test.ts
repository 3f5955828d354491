import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as k8s from 'client-node-1'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { eventually, orrery, startLab, type LabProcess } from './lab-process.ts'

/** The built product with three control-plane nodes; faults come through the window's bridge, as a person's do. */
describe('orrery serve --spec ha', () => {
  const controlPlanes = ['controlplane', 'controlplane-2', 'controlplane-3']
  const config = new k8s.KubeConfig()
  let lab: LabProcess
  let bridge: WebSocket
  let core: k8s.CoreV1Api
  let nextId = 1
  beforeAll(async () => {
    lab = await startLab(['--ephemeral', '--no-open', '--spec', 'ha', '--speed', '5'])
    config.loadFromFile(lab.facts.kubeconfig)
    core = config.makeApiClient(k8s.CoreV1Api)
    const { port, searchParams, origin } = new URL(lab.facts.window!)
    bridge = new WebSocket(`ws://127.0.0.1:${port}/bridge?token=${searchParams.get('token')}`, { origin })
    await new Promise((resolve, reject) => bridge.once('open', resolve).once('error', reject))
  })
  afterAll(async () => {
    bridge?.close()
    await lab?.stop()
  })

  const kubectl = (...args: string[]) => orrery(['kubectl', ...args], { KUBECONFIG: lab.facts.kubeconfig })
  const call = (name: string, argument: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = nextId++
      const take = (data: WebSocket.RawData): void => {
        const frame = JSON.parse(String(data)) as { id: number; type: string; value?: unknown; error?: { message: string } }
        if (frame.id !== id) return
        bridge.off('message', take)
        if (frame.type === 'result') resolve(frame.value)
        else reject(new Error(frame.error?.message))
      }
      bridge.on('message', take)
      bridge.send(JSON.stringify({ type: 'call', id, name, argument }))
    })
  const servers = async (): Promise<string> => (await kubectl('get', 'endpointslice', 'kubernetes', '-o', 'jsonpath={.endpoints[*].addresses[0]}')).stdout

  test('has six nodes Ready when it says that it is', async () => {
    const { stdout } = await kubectl('get', 'nodes', '--no-headers')
    expect(stdout.trim().split('\n').map((line) => line.split(/\s+/).slice(0, 3).join(' '))).toEqual([...controlPlanes.map((name) => `${name} Ready control-plane`), ...[1, 2, 3].map((number) => `worker-${number} Ready <none>`)])
    console.log(`ha: every node Ready after ${lab.facts.startupMs} ms`)
  })

  test('goes on under load while one API server after the other is killed', async () => {
    const acknowledged: string[] = []
    const codes: string[] = []
    let stopped = false
    const work = Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        for (let index = 0; !stopped; ) {
          const name = `load-${writer}-${index}`
          try {
            await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name } } })
          } catch (error) {
            if (!(error instanceof k8s.ApiException && error.code === 409)) {
              codes.push(error instanceof k8s.ApiException ? `status ${error.code}` : String((error as { code?: string }).code))
              await new Promise((resolve) => setTimeout(resolve, 50))
              continue
            }
          }
          acknowledged.push(name)
          index++
        }
      }),
    )
    const seen = new Set<string>()
    const informer = k8s.makeInformer(config, '/api/v1/namespaces/default/configmaps', () => core.listNamespacedConfigMap({ namespace: 'default' }))
    informer.on('add', (object) => seen.add(object.metadata!.name!))
    let reconnects = 0
    informer.on('error', () => {
      reconnects++
      setTimeout(() => void informer.start(), 50)
    })
    await informer.start()
    for (const machine of controlPlanes) {
      await new Promise((resolve) => setTimeout(resolve, 700))
      const before = acknowledged.length
      await call('faults.kill', { processId: `kube-apiserver@${machine}` })
      await eventually(`writes go on without ${machine}`, 10_000, () => acknowledged.length > before + 50)
      expect((await kubectl('get', 'nodes')).code).toBe(0)
    }
    stopped = true
    await work
    const stored = (await core.listNamespacedConfigMap({ namespace: 'default' })).items.map((object) => object.metadata!.name!).filter((name) => name.startsWith('load-'))
    expect(stored.sort()).toEqual(acknowledged.sort())
    await eventually('the informer knows all', 10_000, () => acknowledged.every((name) => seen.has(name)))
    // What was under way broke as connections do; nobody was told that something failed which the server had not decided.
    expect(codes.filter((code) => code.startsWith('status'))).toEqual([])
    await informer.stop()
    console.log(`ha: ${acknowledged.length} writes, ${codes.length} broken (${[...new Set(codes)].join()}), ${reconnects} watch breaks`)
    await eventually('all servers are back', 60_000, async () => (await servers()) === '192.168.64.10 192.168.64.11 192.168.64.12')
  })

  test('takes the address of a dead machine off the kubernetes Service', async () => {
    await call('faults.powerOff', { machine: 'controlplane-3' })
    await eventually('two servers are left', 60_000, async () => (await servers()) === '192.168.64.10 192.168.64.11')
    expect((await kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=2')).code).toBe(0)
    await eventually('two pods are ready', 60_000, async () => (await kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}')).stdout === '2')
  })
})

describe('a spec file with control-plane nodes', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'orrery-spec-')), 'spec.yaml')
  afterAll(() => rmSync(file))

  test('has as many as it names', async () => {
    writeFileSync(file, 'controlPlanes: 2\nmachines:\n- name: big\n  cpu: 16\n- name: third\n  role: control-plane\n')
    const lab = await startLab(['--headless', '--ephemeral', '--spec', file])
    const { stdout } = await orrery(['kubectl', 'get', 'nodes', '-l', 'node-role.kubernetes.io/control-plane', '-o', 'name'], { KUBECONFIG: lab.facts.kubeconfig })
    expect(await lab.stop()).toBe(0)
    expect(stdout.trim().split('\n')).toEqual(['node/controlplane', 'node/controlplane-2', 'node/third'])
  })

  test.each([
    ['controlPlanes: 0\n', 'controlPlanes has to be a whole number from 1 to 100, not 0'],
    ['machines:\n- role: master\n', 'machines[0].role has to be control-plane or worker, not "master"'],
    ['controlPlanes: 2\nmachines:\n- name: controlplane-2\n', 'two machines are named "controlplane-2"'],
  ])('%j is refused in one line with exit code 2', async (text, message) => {
    writeFileSync(file, text)
    const { code, stdout, stderr } = await orrery(['serve', '--headless', '--ephemeral', '--spec', file])
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `orrery serve: --spec: ${file}: ${message}\n` })
  })

  test('--nodes goes with ha, and not with single', async () => {
    expect(await orrery(['serve', '--headless', '--ephemeral', '--spec', 'single', '--nodes', '2'])).toMatchObject({ code: 2, stderr: 'orrery serve: --nodes goes with the standard and ha specs only\n' })
    const lab = await startLab(['--headless', '--ephemeral', '--spec', 'ha', '--nodes', '1'])
    const { stdout } = await orrery(['kubectl', 'get', 'nodes', '-o', 'name'], { KUBECONFIG: lab.facts.kubeconfig })
    expect(await lab.stop()).toBe(0)
    expect(stdout.trim().split('\n')).toEqual(['node/controlplane', 'node/controlplane-2', 'node/controlplane-3', 'node/worker-1'])
  })
})
