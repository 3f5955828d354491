import type { RuntimeState } from './state.ts'
import { expect, test } from 'vitest'
import { HttpClient } from '../../kernel/http.ts'
import type { RuntimeEvent } from '../cri.ts'
import { NodeUnderTest } from './testing/node-under-test.ts'

test('runs nginx: pull, sandbox, container, page, log, stop', async () => {
  const node = new NodeUnderTest()
  const events: RuntimeEvent[] = []
  node.client.onEvent((event) => events.push(event))
  const { containerId, sandboxId, ip, logPath } = await node.run('nginx:1.14.2')
  await node.kernel.runFor(1000)
  const status = await node.settle(node.client.containerStatus(containerId))
  expect(status.state).toBe('running')
  expect(status.imageRef).toMatch(/^docker\.io\/library\/nginx@sha256:[0-9a-f]{64}$/)
  const kubelet = node.machine.process('kubelet')!
  const http = new HttpClient(kubelet, { address: ip, port: 80 })
  const page = await node.settle(http.request({ method: 'GET', path: '/', headers: { 'user-agent': 'test' } }))
  expect(page.status).toBe(200)
  expect(new TextDecoder().decode(page.body as Uint8Array)).toContain('<title>Welcome to nginx!</title>')
  expect(page.headers.server).toBe('nginx/1.14.2')
  const missing = await node.settle(http.request({ method: 'GET', path: '/nope', headers: { host: ip } }))
  expect(missing.status).toBe(404)
  const log = node.log(logPath)
  expect(log).toContain('"GET / HTTP/1.1" 200')
  expect(log).toContain('open() "/usr/share/nginx/html/nope" failed (2: No such file or directory)')
  await node.settle(node.client.stopContainer(containerId, 30))
  const ended = await node.settle(node.client.containerStatus(containerId))
  expect(ended).toMatchObject({ state: 'exited', exitCode: 0, reason: 'Completed' })
  await node.settle(node.client.removePodSandbox(sandboxId))
  await node.kernel.runFor(10)
  expect(events.map((event) => `${event.containerId ? 'container' : 'sandbox'} ${event.type}`)).toEqual([
    'sandbox created',
    'sandbox started',
    'container created',
    'container started',
    'container stopped',
    'sandbox stopped',
    'container deleted',
    'sandbox deleted',
  ])
})

test.each([
  ['nope', 'failed to pull and unpack image "docker.io/library/nope:latest": failed to resolve reference "docker.io/library/nope:latest": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed'],
  ['nginx:nope', 'failed to pull and unpack image "docker.io/library/nginx:nope": failed to resolve reference "docker.io/library/nginx:nope": docker.io/library/nginx:nope: not found'],
  ['registry.example.com/a/b:1', 'failed to pull and unpack image "registry.example.com/a/b:1": failed to resolve reference "registry.example.com/a/b:1": failed to do request: Head "https://registry.example.com/v2/a/b/manifests/1": dial tcp: lookup registry.example.com on 192.168.64.1:53: no such host'],
])('pull of %s fails as containerd does', async (image, message) => {
  const node = new NodeUnderTest()
  await expect(node.settle(node.client.pullImage(image))).rejects.toThrow(message)
})

test('a sleeping first process ignores TERM and is killed after the grace period', async () => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('busybox', { command: ['sleep', '3600'] })
  const before = node.kernel.now()
  await node.settle(node.client.stopContainer(containerId, 30))
  expect(node.kernel.now() - before).toBeGreaterThan(29_999)
  expect(await node.settle(node.client.containerStatus(containerId))).toMatchObject({ exitCode: 137, signal: 9, reason: 'Error' })
})

test('a missing executable is a start error', async () => {
  const node = new NodeUnderTest()
  await expect(node.run('busybox', { command: ['nope'] })).rejects.toThrow(
    'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "nope": executable file not found in $PATH',
  )
})

test('containers outlive the runtime, and calls fail while it is down', async () => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('busybox', { command: ['sleep', '10'] })
  node.runtimeProcess.crash()
  await node.kernel.runFor(5)
  await expect(node.settle(node.client.version())).rejects.toThrow('connect: connection refused')
  await node.kernel.runFor(20_000)
  node.restartRuntime()
  await node.kernel.runFor(10)
  expect(await node.settle(node.client.containerStatus(containerId))).toMatchObject({ state: 'exited', exitCode: 0 })
})

test('a power failure ends containers with 255', async () => {
  const node = new NodeUnderTest()
  const { containerId, sandboxId } = await node.run('busybox', { command: ['sleep', '1000'] })
  const state = (node.runtimeProcess.program as { state?: unknown }).state as RuntimeState
  node.machine.powerOff()
  node.machine.powerOn()
  expect(state.containers.get(containerId)).toMatchObject({ state: 'exited', exitCode: 255, reason: 'Unknown' })
  expect(state.sandboxes.get(sandboxId)?.state).toBe('notready')
})

test('host ports are handed to the network plug-in', async () => {
  const node = new NodeUnderTest()
  const portMappings = [{ protocol: 'TCP', containerPort: 80, hostPort: 8080, hostIp: '' }]
  await node.settle(node.client.runPodSandbox(node.sandboxConfig({ portMappings })))
  expect(node.networkRequests.map((request) => request.portMappings)).toEqual([portMappings])
})
