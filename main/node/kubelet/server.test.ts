import { describe, expect, test } from 'vitest'
import type { Status } from '../../api/generated/types.ts'
import { SimulatedDisk } from '../../kernel/disk.ts'
import { HttpClient, type ClientCertificate, type HttpResponse, type HttpStream } from '../../kernel/http.ts'
import { Machine } from '../../kernel/machine.ts'
import { CriError } from '../cri.ts'
import { KubeletBench } from './testing/bench.ts'
import { containerForLogs } from './server-logs.ts'
import { exitCodeOf, type PortForwardFrame, type StreamFrame } from './streams.ts'

const apiServer: ClientCertificate = { commonName: 'kube-apiserver-kubelet-client', organizations: ['kubeadm:cluster-admins'] }

class Asker {
  readonly b: KubeletBench
  readonly #host

  constructor(b: KubeletBench) {
    this.b = b
    this.#host = new Machine(b.network, 'controlplane', '192.168.64.10', new SimulatedDisk(b.kernel, 'controlplane')).start('kube-apiserver', () => ({}))
  }

  #client(certificate: ClientCertificate | undefined): HttpClient {
    return new HttpClient(this.#host, { address: '192.168.64.11', port: 10250 }, certificate)
  }

  async get(path: string, certificate: ClientCertificate | undefined = apiServer, method = 'GET'): Promise<{ status: number; text: string }> {
    const response: HttpResponse = await this.b.kernel.settle(this.#client(certificate).request({ method, path, headers: {} }))
    return { status: response.status, text: new TextDecoder().decode(response.body as Uint8Array) }
  }

  stream(path: string): Promise<HttpStream> {
    return this.b.kernel.settle(this.#client(apiServer).stream({ method: 'POST', path, headers: {} }))
  }
}

async function bench(): Promise<Asker> {
  const b = new KubeletBench()
  const text = (words: string): Uint8Array => new TextEncoder().encode(words)
  b.runtime.programs.set('nginx', {
    pullMs: 10,
    exec: (command) =>
      command[0] === 'missing'
        ? new CriError('Unknown', 'failed to exec in container: failed to start exec "abc": OCI runtime exec failed: exec failed: unable to start container process: exec: "missing": executable file not found in $PATH')
        : { exitCode: command[0] === 'false' ? 3 : 0, stdout: text(`${command.join(' ')}\n`), stderr: text('warned\n') },
    serve: (stack) =>
      stack.listen(80, (connection) => connection.onMessage((message) => connection.send({ kind: 'traffic', label: 'echo', bytes: 0, body: message.body }))),
  })
  await b.run(1_000)
  b.pod('web')
  await b.run(2_000)
  return new Asker(b)
}

const logPath = (asker: Asker): string => asker.b.runtime.configOf('web', 'main')!.logPath

describe('access', () => {
  test.each<[string, ClientCertificate | undefined, number, string]>([
    ['nobody', undefined, 401, 'Unauthorized'],
    ['another node', { commonName: 'system:node:worker-2', organizations: ['system:nodes'] }, 403, 'Forbidden (user=system:node:worker-2, verb=get, resource=nodes, subresource(s)=[pods proxy])\n'],
    ['the API server', apiServer, 200, ''],
    ['an administrator', { commonName: 'kubernetes-admin', organizations: ['system:masters'] }, 200, ''],
  ])('%s', async (_, certificate, status, text) => {
    const asker = await bench()
    // An explicit undefined means no certificate here.
    const answer = certificate ? await asker.get('/pods', certificate) : await asker.b.kernel.settle(new HttpClient(asker.b.process, { address: '192.168.64.11', port: 10250 }).request({ method: 'GET', path: '/pods', headers: {} })).then((response) => ({ status: response.status, text: new TextDecoder().decode(response.body as Uint8Array) }))
    expect(answer.status).toBe(status)
    if (text) expect(answer.text).toBe(text)
  })

  const ask = async (asker: Asker, path: string, authorization: string): Promise<string> => {
    const response = await asker.b.kernel.settle(new HttpClient(asker.b.process, { address: '192.168.64.11', port: 10250 }).request({ method: 'GET', path, headers: { authorization } }))
    return response.status === 200 ? '200' : `${response.status} ${new TextDecoder().decode(response.body as Uint8Array).trim()}`
  }

  test('a token opens what its owner may have, by subresource and no more', async () => {
    const asker = await bench()
    asker.b.tokens.set('good', 'system:serviceaccount:monitoring:agent')
    asker.b.allows = (user, _groups, subresource) => user === 'system:serviceaccount:monitoring:agent' && (subresource === 'metrics' || subresource === 'healthz')
    expect(await ask(asker, '/metrics', 'Bearer good')).toBe('200')
    expect(await ask(asker, '/metrics/cadvisor', 'bearer good')).toBe('200')
    expect(await ask(asker, '/healthz', 'Bearer good')).toBe('200')
    const forbidden = (subresources: string): string => `403 Forbidden (user=system:serviceaccount:monitoring:agent, verb=get, resource=nodes, subresource(s)=[${subresources}])`
    expect(await ask(asker, '/pods', 'Bearer good')).toBe(forbidden('pods proxy'))
    expect(await ask(asker, '/runningpods/', 'Bearer good')).toBe(forbidden('pods proxy'))
    expect(await ask(asker, '/configz', 'Bearer good')).toBe(forbidden('configz proxy'))
    expect(await ask(asker, '/stats/summary', 'Bearer good')).toBe(forbidden('stats'))
    expect(await ask(asker, '/logs/x', 'Bearer good')).toBe(forbidden('log'))
    expect(await ask(asker, '/containerLogs/default/web/main', 'Bearer good')).toBe(forbidden('proxy'))
    expect(await ask(asker, '/%zz', 'Bearer good')).toBe(forbidden('proxy'))
  })

  test.each(['Bearer bad', 'Bearer', 'Basic Zm9vOmJhcg==', 'Bearer  good', ''])('%j does not', async (authorization) => {
    const asker = await bench()
    asker.b.tokens.set('good', 'somebody')
    asker.b.allows = () => true
    expect(await ask(asker, '/metrics', authorization)).toBe('401 Unauthorized')
  })

  test('answers are remembered: the allowed five minutes, the refused half a minute', async () => {
    const asker = await bench()
    asker.b.tokens.set('good', 'somebody')
    let asked = 0
    let allowed = false
    asker.b.allows = () => {
      asked++
      return allowed
    }
    for (const _ of [1, 2]) expect(await ask(asker, '/metrics', 'Bearer good')).toContain('403')
    expect(asked).toBe(1)
    allowed = true
    await asker.b.run(31_000)
    for (const _ of [1, 2]) expect(await ask(asker, '/metrics', 'Bearer good')).toBe('200')
    expect(asked).toBe(2)
    allowed = false
    await asker.b.run(299_000)
    expect(await ask(asker, '/metrics', 'Bearer good')).toBe('200')
    await asker.b.run(2_000)
    expect(await ask(asker, '/metrics', 'Bearer good')).toContain('403')
  })

  test('unknown paths and methods', async () => {
    const asker = await bench()
    expect(await asker.get('/nothing')).toEqual({ status: 404, text: '404 page not found\n' })
    expect((await asker.get('/pods', apiServer, 'DELETE')).status).toBe(405)
  })
})

describe('views', () => {
  test('pods, health, metrics, stats', async () => {
    const asker = await bench()
    const pods = JSON.parse((await asker.get('/pods')).text) as { items: { metadata: { name: string }; status: { phase: string } }[] }
    expect(pods.items.map((pod) => `${pod.metadata.name} ${pod.status.phase}`)).toEqual(['web Running'])
    expect(await asker.get('/healthz')).toEqual({ status: 200, text: 'ok' })
    expect((await asker.get('/metrics')).text).toContain('kubelet_running_pods 1\n')
    const resource = (await asker.get('/metrics/resource')).text
    expect(resource).toMatch(/^node_memory_working_set_bytes \d+ \d{13}$/m)
    expect(JSON.parse((await asker.get('/stats/summary')).text)).toMatchObject({ node: { nodeName: 'worker-1' }, pods: [{ podRef: { name: 'web' } }] })
  })

  test('of probes, files and processes', async () => {
    const asker = await bench()
    asker.b.runtime.programs.set('probed', { pullMs: 10 })
    asker.b.pod('probed', { containers: [{ name: 'main', image: 'probed:1', readinessProbe: { exec: { command: ['true'] }, periodSeconds: 5 }, livenessProbe: { tcpSocket: { port: 9 }, periodSeconds: 5, failureThreshold: 10 } }] })
    asker.b.runtime.used.set('probed', { writtenBytes: 5000, logBytes: 700, processes: 3 })
    await asker.b.run(12_000)
    const uid = asker.b.get('probed')!.metadata.uid
    const probes = (await asker.get('/metrics/probes')).text
    expect(probes).toMatch(new RegExp(`^prober_probe_total\\{container="main",namespace="default",pod="probed",pod_uid="${uid}",probe_type="Readiness",result="successful"\\} [234]$`, 'm'))
    expect(probes).toMatch(/probe_type="Liveness",result="failed"\} [234]$/m)
    expect((await asker.get('/metrics/cadvisor')).text).toMatch(/^machine_memory_bytes \d+ \d{13}$/m)
    const summary = JSON.parse((await asker.get('/stats/summary')).text) as { node: { fs: object; rlimit: object }; pods: { podRef: { name: string } }[] }
    expect(summary.node.fs).toMatchObject({ capacityBytes: 100 * 1024 ** 3, availableBytes: expect.any(Number) })
    expect(summary.node.rlimit).toMatchObject({ maxpid: 32768 })
    expect(summary.pods.find((each) => each.podRef.name === 'probed')).toMatchObject({ 'ephemeral-storage': { usedBytes: expect.any(Number) }, process_stats: { process_count: expect.any(Number) } })
  })
})

describe('logs', () => {
  test('all query options', async () => {
    const asker = await bench()
    const { runtime } = asker.b
    for (const line of ['one', 'two', 'three']) {
      runtime.log(logPath(asker), line)
      await asker.b.run(1_000)
    }
    const path = '/containerLogs/default/web/main'
    expect(await asker.get(path)).toEqual({ status: 200, text: 'one\ntwo\nthree\n' })
    expect((await asker.get(`${path}?tailLines=1`)).text).toBe('three\n')
    expect((await asker.get(`${path}?tailLines=0`)).text).toBe('')
    expect((await asker.get(`${path}?limitBytes=6`)).text).toBe('one\ntw')
    expect((await asker.get(`${path}?sinceSeconds=2`)).text).toBe('three\n')
    expect((await asker.get(`${path}?sinceTime=2026-01-01T00:00:04Z`)).text).toBe('two\nthree\n')
    expect((await asker.get(`${path}?timestamps=true&tailLines=1`)).text).toMatch(/^2026-01-01T00:00:05\.\d{9}Z three\n$/)
  })

  test('follow goes on until the container ends', async () => {
    const asker = await bench()
    asker.b.runtime.log(logPath(asker), 'early')
    const followed = await asker.b.kernel.settle(new HttpClient(asker.b.machine.start('reader', () => ({})), { address: '192.168.64.11', port: 10250 }, apiServer).stream({ method: 'GET', path: '/containerLogs/default/web/main?follow=true', headers: {} }))
    let text = ''
    let ended = false
    followed.onData((data) => (text += new TextDecoder().decode(data as Uint8Array)))
    followed.onEnd(() => (ended = true))
    await asker.b.run(100)
    asker.b.runtime.log(logPath(asker), 'late')
    await asker.b.run(100)
    expect(text).toBe('early\nlate\n')
    expect(ended).toBe(false)
    asker.b.runtime.end('main', 0)
    await asker.b.run(500)
    expect(ended).toBe(true)
  })

  test('previous is the container before', async () => {
    const asker = await bench()
    expect(await asker.get('/containerLogs/default/web/main?previous=true')).toEqual({ status: 400, text: 'previous terminated container "main" in pod "web" not found' })
    asker.b.runtime.log(logPath(asker), 'first life')
    asker.b.runtime.end('main', 1)
    await asker.b.run(2_000)
    asker.b.runtime.log(logPath(asker), 'second life')
    expect((await asker.get('/containerLogs/default/web/main?previous=true')).text).toBe('first life\n')
    expect((await asker.get('/containerLogs/default/web/main')).text).toBe('second life\n')
  })

  test.each([
    ['/containerLogs/default/none/main', 404, 'pod "none" not found\n'],
    ['/containerLogs/default/web/none', 404, 'container "none" not found in pod "web"\n'],
    ['/containerLogs/default/web', 400, '{"message": "Missing container name."}'],
    ['/containerLogs/default/web/main?tailLines=x', 400, '{"message": "Unable to decode query."}'],
  ])('%s: %d', async (path, status, text) => {
    const asker = await bench()
    expect(await asker.get(path)).toEqual({ status, text })
  })

  test.each([
    [{ waiting: { reason: 'ContainerCreating' } }, 'container "c" in pod "p" is waiting to start: ContainerCreating'],
    [{ waiting: { reason: 'ImagePullBackOff' } }, 'container "c" in pod "p" is waiting to start: trying and failing to pull image'],
    [{ waiting: { reason: 'ErrImagePull' } }, 'container "c" in pod "p" is waiting to start: image can\'t be pulled'],
  ])('%j has none: %s', (state, problem) => {
    expect(containerForLogs({ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state }, 'c', 'p', false)).toEqual({ problem })
  })
})

async function session(asker: Asker, path: string, act?: (stream: HttpStream) => void): Promise<{ output: string; status: Status | undefined; head: number }> {
  const stream = await asker.stream(path)
  let output = ''
  let status: Status | undefined
  stream.onData((data) => {
    const frame = data as StreamFrame
    if (frame.channel === 'stdout' || frame.channel === 'stderr') output += `${frame.channel}: ${new TextDecoder().decode(frame.bytes)}`
    else if (frame.channel === 'error') status = frame.status
  })
  act?.(stream)
  await asker.b.run(500)
  return { output, status, head: stream.response.status }
}

describe('exec', () => {
  test('relays output and the exit code', async () => {
    const asker = await bench()
    const good = await session(asker, '/exec/default/web/main?command=echo&command=hi&output=1&error=1')
    expect(good).toMatchObject({ head: 101, output: 'stdout: echo hi\nstderr: warned\n', status: { status: 'Success' } })
    const bad = await session(asker, '/exec/default/web/main?command=false&output=1&error=1')
    expect(exitCodeOf(bad.status!)).toBe(3)
    expect(bad.status!.message).toBe('command terminated with non-zero exit code: exit status 3')
  })

  test('says why a command cannot run', async () => {
    const asker = await bench()
    const none = await session(asker, '/exec/default/web/main?command=missing&output=1&error=1')
    expect(none.status).toMatchObject({ status: 'Failure', reason: 'InternalError', message: 'Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "abc": OCI runtime exec failed: exec failed: unable to start container process: exec: "missing": executable file not found in $PATH' })
    expect(await asker.get('/exec/default/web/none?command=x&output=1', apiServer, 'POST')).toEqual({ status: 500, text: 'container not found ("none")' })
    expect(await asker.get('/attach/default/web/none?output=1', apiServer, 'POST')).toEqual({ status: 500, text: 'container none not found in pod web_default' })
  })

  test('attach carries input', async () => {
    const asker = await bench()
    const result = await session(asker, '/attach/default/web/main?input=1&output=1', (stream) => {
      stream.send({ channel: 'stdin', bytes: new TextEncoder().encode('hello') } satisfies StreamFrame)
      stream.send({ channel: 'close', of: 'stdin' } satisfies StreamFrame)
    })
    expect(result).toMatchObject({ output: 'stdout: hello', status: { status: 'Success' } })
  })
})

describe('port forwarding', () => {
  test('carries bytes to a port of the pod, and says when nobody listens', async () => {
    const asker = await bench()
    const stream = await asker.stream('/portForward/default/web')
    const frames: PortForwardFrame[] = []
    stream.onData((data) => frames.push(data as PortForwardFrame))
    stream.send({ channel: 'open', id: 1, port: 80 } satisfies PortForwardFrame)
    stream.send({ channel: 'data', id: 1, bytes: new TextEncoder().encode('ping') } satisfies PortForwardFrame)
    stream.send({ channel: 'open', id: 2, port: 81 } satisfies PortForwardFrame)
    await asker.b.run(500)
    expect(frames.map((frame) => (frame.channel === 'data' ? `data ${frame.id} ${new TextDecoder().decode(frame.bytes)}` : `${frame.channel} ${frame.id}`))).toEqual(['error 2', 'close 2', 'data 1 ping'])
    expect(frames[0]).toMatchObject({ message: expect.stringContaining('IPv4: dial tcp4 127.0.0.1:81: connect: connection refused') as string })
  })
})
