import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { realKubectl } from '../parity/real-tools.ts'
import { eventually, run, startLab, type LabProcess } from './lab-process.ts'

/** Where every outside connection comes from, in the simulated network. */
const outsideAddress = '192.168.64.1'
const cloudApi = 'http://192.168.64.2:443/v1'

function kubectlOf(lab: () => LabProcess): (line: string | readonly string[]) => Promise<string> {
  return async (line) => {
    const words = typeof line === 'string' ? line.split(' ') : line
    const { code, stdout, stderr } = await run(realKubectl(), words, { KUBECONFIG: lab().facts.kubeconfig })
    expect(code, `kubectl ${words.join(' ')}\n${stdout}\n${stderr}`).toBe(0)
    return stdout.trim()
  }
}

describe('a lab on rented machines', { timeout: 60_000 }, () => {
  let lab: LabProcess
  let said = ''
  const kubectl = kubectlOf(() => lab)
  /** The host's port of a Service's load balancer, as the lab says it. */
  const doorOf = async (service: string, port = 80): Promise<number> => {
    const line = new RegExp(`load balancer of default/${service}: 203\\.0\\.113\\.\\d+:${port} is at http://127\\.0\\.0\\.1:(\\d+)\\n`)
    await eventually(`a door for ${service}`, 15_000, () => line.test(said))
    return Number(line.exec(said)![1])
  }
  const answer = async (port: number, path = '/'): Promise<string | undefined> => {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(1_500), headers: { connection: 'close' } })
      return `${response.status} ${await response.text()}`
    } catch {
      return undefined
    }
  }
  const answersWith = (port: number, text: string): Promise<void> => eventually(`"${text}" at ${port}`, 15_000, async () => (await answer(port))?.includes(text) ?? false)

  beforeAll(async () => {
    lab = await startLab(['--headless', '--ephemeral', '--cloud', '--nodes', '2', '--speed', '10', '--seed', '3'])
    lab.child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await kubectl('create deployment web --image=nginx --replicas=1')
    await kubectl('run box --image=curlimages/curl --command -- sleep 100000')
    await kubectl('rollout status deployment/web --timeout=30s')
    await kubectl('wait pod/box --for=condition=Ready --timeout=30s')
  })
  afterAll(async () => {
    expect(await lab.stop()).toBe(0)
  })

  test('a LoadBalancer Service gets an address and answers on 127.0.0.1 until it is deleted', async () => {
    await kubectl('expose deployment web --port=80 --type=LoadBalancer')
    await kubectl('wait service/web --for=jsonpath={.status.loadBalancer.ingress[0].ip} --timeout=20s')
    const [address, nodePort] = (await kubectl('get service web -o jsonpath={.status.loadBalancer.ingress[0].ip}/{.spec.ports[0].nodePort}')).split('/')
    expect(address).toMatch(/^203\.0\.113\.\d+$/)
    const door = await doorOf('web')
    await answersWith(door, 'Welcome to nginx!')
    expect(await kubectl(['get', 'service', 'web', '--no-headers'])).toContain(`80:${nodePort}/TCP`)
    expect(await kubectl('events --for service/web --no-headers')).toMatch(/EnsuringLoadBalancer[^]*EnsuredLoadBalancer/)
    await kubectl('delete service web')
    await eventually('the door closed', 10_000, async () => (await answer(door)) === undefined)
    expect(await kubectl(['exec', 'box', '--', 'curl', '-s', `${cloudApi}/load-balancers`])).toMatch(/"items": ?\[\]/)
  })

  test('with externalTrafficPolicy Local the pod sees who asks', async () => {
    await kubectl(['expose', 'deployment', 'web', '--name=local', '--port=80', '--type=LoadBalancer', '--overrides={"spec":{"externalTrafficPolicy":"Local"}}'])
    const door = await doorOf('local')
    await answersWith(door, 'Welcome to nginx!')
    expect(await kubectl('logs deployment/web')).toContain(`${outsideAddress} - - `)
    const [pod] = JSON.parse(await kubectl('get pods -l app=web -o json')).items as { spec: { nodeName: string } }[]
    const known = JSON.parse(await kubectl(['exec', 'box', '--', 'curl', '-s', `${cloudApi}/load-balancers`])) as { items: { healthyTargets: string[]; healthCheck: { port: number } }[] }
    expect(known.items).toMatchObject([{ healthyTargets: [pod!.spec.nodeName], healthCheck: { port: Number(await kubectl('get service local -o jsonpath={.spec.healthCheckNodePort}')) } }])
  })

  test('loadBalancerSourceRanges keep others out', async () => {
    await kubectl(['expose', 'deployment', 'web', '--name=narrow', '--port=80', '--type=LoadBalancer', '--overrides={"spec":{"loadBalancerSourceRanges":["192.168.64.0/24"]}}'])
    const door = await doorOf('narrow')
    await answersWith(door, 'Welcome to nginx!')
    await kubectl(['patch', 'service', 'narrow', '-p', '{"spec":{"loadBalancerSourceRanges":["10.0.0.0/8"]}}'])
    await eventually('nobody answers', 20_000, async () => (await answer(door)) === undefined)
    expect(await kubectl('events --for service/narrow --no-headers')).toContain('[192.168.64.0/24] -> [10.0.0.0/8]')
    await kubectl(['patch', 'service', 'narrow', '--type=json', '-p', '[{"op":"remove","path":"/spec/loadBalancerSourceRanges"}]'])
    await answersWith(door, 'Welcome to nginx!')
  })

  test('an instance that is given back takes its node with it', async () => {
    const home = await kubectl('get pod box -o jsonpath={.spec.nodeName}')
    const other = home === 'worker-1' ? 'worker-2' : 'worker-1'
    expect(await kubectl(`get node ${other} -o jsonpath={.spec.providerID}`)).toMatch(/^orrery:\/\/orbit-1[ab]\/i-[0-9a-f]{16}$/)
    await kubectl(['exec', 'box', '--', 'curl', '-sf', '-X', 'DELETE', `${cloudApi}/instances/${other}`])
    await kubectl(`wait node/${other} --for=delete --timeout=40s`)
    expect(await kubectl(['get', 'events', '--field-selector', `involvedObject.name=${other},reason=DeletingNode`, '-A'])).toContain(`Deleting node ${other} because it does not exist in the cloud provider`)
  })
})

describe('a lab with a group of machines to rent', { timeout: 60_000 }, () => {
  let lab: LabProcess
  const folder = mkdtempSync(join(tmpdir(), 'orrery-cloud-'))
  const kubectl = kubectlOf(() => lab)
  beforeAll(async () => {
    const spec = join(folder, 'spec.yaml')
    writeFileSync(spec, 'nodes: 1\ncloud:\n  nodeGroups:\n  - {name: pool, min: 0, max: 2, labels: {pool: big}}\n')
    lab = await startLab(['--headless', '--ephemeral', '--spec', spec, '--speed', '10', '--seed', '3'])
  })
  afterAll(async () => {
    expect(await lab.stop()).toBe(0)
    rmSync(folder, { recursive: true, force: true })
  })

  test('the autoscaler adds a node for a pod that fits nowhere', async () => {
    await kubectl(['run', 'picky', '--image=nginx', '--overrides={"spec":{"nodeSelector":{"pool":"big"}}}'])
    await kubectl('wait pod/picky --for=condition=Ready --timeout=40s')
    const node = await kubectl('get pod picky -o jsonpath={.spec.nodeName}')
    expect(node).toMatch(/^pool-[a-z0-9]{5}$/)
    expect(await kubectl('events --for pod/picky')).toContain('pod triggered scale-up: [{pool 0->1 (max: 2)}]')
    await eventually('the node is written down', 10_000, async () => /cloudProviderTarget: 1/.test(await kubectl('-n kube-system get configmap cluster-autoscaler-status -o jsonpath={.data.status}')))
  })
})
