import { readFileSync } from 'node:fs'
import { Client, credentials, status, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js'
import { rpcMethods, type RpcName } from '../../api/etcd/messages.ts'
import { decodeMessage, encodeMessage } from '../../api/etcd/protobuf.ts'
import { CliError, exitCodes } from './cli-error.ts'
import { RpcError, type Connection, type Message, type RpcStream } from './connection.ts'
import type { Flags } from './flags.ts'
import { labAccess, type LabAccess } from './lab-access.node.ts'

/** Connects over gRPC as the flags say; in a lab's terminal, to the lab's etcd. */
export function grpcConnection(flags: Flags, variables: Readonly<Record<string, string | undefined>>): Connection {
  const lab = labAccess(variables)
  const endpoints = flags.list('endpoints')
  const clients = new Map<string, Client>()
  const timeoutMs = flags.durationMs('command-timeout')
  const clientFor = (endpoint: string): Client => {
    let client = clients.get(endpoint)
    if (!client) {
      const target = targetOf(endpoint, flags, lab)
      client = new Client(target.address, target.credentials, { 'grpc.max_receive_message_length': -1, 'grpc.max_reconnect_backoff_ms': 1_000 })
      clients.set(endpoint, client)
    }
    return client
  }
  const bytes = (value: Uint8Array): Buffer => Buffer.from(value)
  const call = (name: RpcName, request: Message, endpoint: string): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const { path, request: requestType, response } = rpcMethods[name]
      const deadline = Date.now() + timeoutMs
      clientFor(endpoint).makeUnaryRequest(path, bytes, (answer) => new Uint8Array(answer), encodeMessage(requestType, request), { deadline }, (error, answer) => {
        if (error) reject(rpcError(error))
        else resolve(decodeMessage(response, answer!))
      })
    })
  return {
    endpoints: endpoints.map((endpoint) => endpoint.replace(/^https?:\/\//, '')),
    async call(name, request, endpoint) {
      if (endpoint !== undefined) return call(name, request, endpoints.find((each) => each.endsWith(endpoint)) ?? endpoint)
      let failure: unknown = new CliError('no endpoints available')
      for (const each of endpoints) {
        try {
          return await call(name, request, each)
        } catch (error) {
          failure = error
          if (!(error instanceof RpcError) || (error.code !== status.UNAVAILABLE && error.code !== status.DEADLINE_EXCEEDED)) throw error
        }
      }
      throw failure
    },
    stream(name, onMessage, onEnd): RpcStream {
      const { path, request, response } = rpcMethods[name]
      const stream = clientFor(endpoints[0]!).makeBidiStreamRequest(path, bytes, (answer) => new Uint8Array(answer))
      let over = false
      const end = (error?: RpcError): void => {
        if (over) return
        over = true
        onEnd(error)
      }
      stream.on('data', (answer: Uint8Array) => onMessage(decodeMessage(response, answer)))
      stream.on('error', (error: ServiceError) => end(rpcError(error)))
      stream.on('end', () => end())
      return {
        send: (message) => void stream.write(encodeMessage(request, message)),
        close: () => {
          over = true
          stream.cancel()
        },
      }
    },
    close: () => {
      for (const client of clients.values()) client.close()
    },
  }
}

function rpcError(error: ServiceError): RpcError {
  // What Go's client says when time is up, or nobody is there in time.
  if (error.code === status.DEADLINE_EXCEEDED || (error.code === status.UNAVAILABLE && !error.details.startsWith('etcdserver:'))) return new RpcError(status.DEADLINE_EXCEEDED, 'context deadline exceeded')
  return new RpcError(error.code, error.details)
}

/** Addresses that mean "the etcd of this control-plane node" in a lab's terminal. */
const localEndpoints = /^(?:https?:\/\/)?(?:127\.0\.0\.1|localhost|192\.168\.64\.10|\[::1\]):2379$/

function targetOf(endpoint: string, flags: Flags, lab: LabAccess | undefined): { address: string; credentials: ChannelCredentials } {
  const toLab = lab !== undefined && localEndpoints.test(endpoint)
  const address = (toLab ? lab.endpoint : endpoint).replace(/^https?:\/\//, '')
  const secure = toLab || endpoint.startsWith('https://') || flags.text('cacert') !== '' || flags.text('cert') !== ''
  if (!secure) return { address, credentials: credentials.createInsecure() }
  const pem = (flag: string, ours: string | undefined): Buffer | null => {
    const path = flags.text(flag)
    if (path === '') return toLab && ours !== undefined ? Buffer.from(ours) : null
    try {
      return readFileSync(path)
    } catch (error) {
      // On the node whose terminal this is, these files exist.
      if (toLab && ours !== undefined && path.startsWith('/etc/kubernetes/pki/')) return Buffer.from(ours)
      throw new CliError((error as NodeJS.ErrnoException).code === 'ENOENT' ? `open ${path}: no such file or directory` : (error as Error).message, exitCodes.badArguments)
    }
  }
  const verify = flags.bool('insecure-skip-tls-verify') ? { rejectUnauthorized: false } : {}
  return { address, credentials: credentials.createSsl(pem('cacert', lab?.ca), pem('key', lab?.key), pem('cert', lab?.certificate), verify) }
}
