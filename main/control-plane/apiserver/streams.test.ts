/** Streams over WebSockets, as clients without SPDY open them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { fakeNode, podOnFakeNode, startFakeKubelet } from './testing/fake-kubelet.ts'
import type { DevServer } from './testing/dev-server.node.ts'
import { startDevServer } from './testing/dev-server.node.ts'
import { edgeCaller } from './testing/edge-caller.node.ts'
import type { EdgeCaller } from './testing/edge-caller.node.ts'

let dev: DevServer
let edge: EdgeCaller
beforeAll(async () => {
  dev = await startDevServer()
  edge = edgeCaller(dev)
  startFakeKubelet(dev.network)
  await edge.call('POST', '/api/v1/nodes', JSON.stringify(fakeNode))
  await edge.call('POST', '/api/v1/namespaces/default/serviceaccounts', JSON.stringify({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }))
  await edge.call('POST', '/api/v1/namespaces/default/pods', JSON.stringify(podOnFakeNode('streams')))
})
afterAll(() => dev.close())

const pod = '/api/v1/namespaces/default/pods/streams'

interface Session {
  readonly protocol: string
  readonly messages: Buffer[]
  readonly socket: WebSocket
  readonly closed: Promise<number>
}

function open(path: string, protocols: string[] = []): Promise<Session> {
  const socket = new WebSocket(`${dev.url.replace('https', 'wss')}${path}`, protocols, edge.tls)
  const messages: Buffer[] = []
  socket.on('message', (message: Buffer) => messages.push(message))
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ protocol: socket.protocol, messages, socket, closed }))
    socket.on('unexpected-response', (_request, response) => {
      let text = ''
      response.on('data', (part: Buffer) => (text += part.toString()))
      response.on('end', () => reject(new Error(`${response.statusCode} ${text.trim()}`)))
    })
    socket.on('error', reject)
  })
}

const until = async (done: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 250 && !done(); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(done()).toBe(true)
}

describe('streams over WebSockets', () => {
  it('run commands in every version of the channels', async () => {
    for (const [protocols, agreed] of [[['v5.channel.k8s.io', 'v4.channel.k8s.io'], 'v5.channel.k8s.io'], [['v4.channel.k8s.io'], 'v4.channel.k8s.io'], [['x', 'channel.k8s.io'], 'channel.k8s.io'], [[], '']] as const) {
      const session = await open(`${pod}/exec?container=main&command=exit&command=2&stdout=1&stderr=1`, [...protocols])
      expect(session.protocol).toBe(agreed)
      await session.closed
      expect(session.messages.map((message) => message[0])).toEqual([1, 2, 3])
      expect(session.messages[0]!.subarray(1).toString()).toBe('out\n')
      const last = session.messages[2]!.subarray(1).toString()
      if (agreed.startsWith('v')) expect(JSON.parse(last)).toMatchObject({ reason: 'NonZeroExitCode' })
      else expect(last).toBe('command terminated with non-zero exit code: exit status 2')
    }
    const text = await open(`${pod}/exec?container=main&command=exit&command=0&stdout=1`, ['v4.base64.channel.k8s.io'])
    await text.closed
    expect(text.messages[0]!.toString()).toBe(`1${btoa('out\n')}`)
  })

  it('refuse what they do not speak', async () => {
    await expect(open(`${pod}/exec?container=main&command=ls`, ['v9.channel.k8s.io'])).rejects.toThrow('403')
    await expect(open(`${pod}/portforward?ports=80`, ['SPDY'])).rejects.toThrow('403')
    await expect(open('/api/v1/namespaces/default/pods/nosuch/exec?command=ls')).rejects.toThrow('404 {"kind":"Status"')
    expect(JSON.parse((await edge.call('GET', `${pod}/exec?container=main&command=ls`)).text)).toMatchObject({ code: 400, message: 'Upgrade request required' })
    expect(JSON.parse((await edge.call('GET', `${pod.replace('streams', 'nosuch')}/exec?container=main&command=ls`)).text)).toMatchObject({ code: 404 })
  })

  it('carry ports over channels that begin with their number', async () => {
    const session = await open(`${pod}/portforward?ports=80&ports=81`, ['v5.channel.k8s.io', 'v4.channel.k8s.io'])
    expect(session.protocol).toBe('v4.channel.k8s.io')
    session.socket.send(Buffer.from([0, ...Buffer.from('ping')]))
    await session.closed
    const said = session.messages.map((message) => [message[0], message.subarray(1).toString('latin1')])
    expect(said.slice(0, 4)).toEqual([[0, 'P\0'], [1, 'P\0'], [2, 'Q\0'], [3, 'Q\0']])
    expect(said).toContainEqual([3, 'connection refused on 81'])
    const one = await open(`${pod}/portforward?ports=80`, ['v4.base64.channel.k8s.io'])
    one.socket.send(`0${btoa('ping')}`)
    await until(() => one.messages.length === 3)
    expect(one.messages.map(String)).toEqual([`0${btoa('P\0')}`, `1${btoa('P\0')}`, `0${btoa('you said: ping')}`])
    one.socket.close()
    await expect(open(`${pod}/portforward`, ['v4.channel.k8s.io'])).rejects.toThrow('400 query parameter "port" is required')
    await expect(open(`${pod}/portforward?ports=70000`)).rejects.toThrow('400 unable to parse "70000" as a port: strconv.ParseUint: parsing "70000": value out of range')
  })

  it('carry logs and watches as messages', async () => {
    const log = await open(`${pod}/log?container=main&follow=true`)
    await log.closed
    expect(Buffer.concat(log.messages).toString()).toBe('one\ntwo\n')
    const packed = await open(`${pod}/log?container=main`, ['base64.binary.k8s.io'])
    await packed.closed
    expect(packed.messages.map((message) => atob(message.toString())).join('')).toBe('one\ntwo\n')
    const watch = await open('/api/v1/namespaces/default/pods?watch=1&fieldSelector=metadata.name%3Dstreams&timeoutSeconds=1', ['base64url.bearer.x'])
    expect(watch.protocol).toBe('base64url.bearer.x')
    await watch.closed
    expect(watch.messages.map((message) => JSON.parse(message.toString()) as unknown)).toMatchObject([{ type: 'ADDED', object: { metadata: { name: 'streams' } } }])
  })

  it('are no matter to requests that need none', async () => {
    await expect(open('/api/v1/namespaces/default')).rejects.toThrow('200 {"kind":"Namespace"')
    expect((await edge.call('GET', '/version', undefined, { connection: 'upgrade', upgrade: 'h2c' })).status).toBe(200)
    const made = await edge.call('POST', '/api/v1/namespaces/default/configmaps', JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'upgraded' } }), { connection: 'upgrade', upgrade: 'h2c' })
    expect(made.status).toBe(201)
  })
})
