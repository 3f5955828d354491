import { Server, ServerCredentials, status as grpcStatus, type handleBidiStreamingCall, type handleUnaryCall, type MethodDefinition, type ServerDuplexStream } from '@grpc/grpc-js'
import { rpcMethods, type RpcName } from '../../../api/etcd/messages.ts'
import type { EtcdMaintenance } from '../callers.ts'
import { EtcdError, type EtcdClient } from '../client.ts'
import { notRunning, runCall, WatchStream, type EtcdInput } from './edge-calls.ts'

export interface EtcdListenerOptions {
  /** A client inside the simulation; undefined while there is none. */
  readonly client: () => (EtcdClient & EtcdMaintenance) | undefined
  /** Runs `run` inside the simulation, as a recorded input. */
  readonly enter: (label: 'etcd', data: EtcdInput, run: () => void) => void
  /** PEM texts. Clients have to show a certificate of `ca`, as kubeadm's etcd demands. */
  readonly tls: { readonly key: string; readonly cert: string; readonly ca: string }
  /** 0 or absent: any. */
  readonly port?: number
  /** Which certificates may do anything at all; default: those of the group kubeadm:cluster-admins or system:masters. */
  readonly allows?: (certificate: { readonly commonName: string; readonly organizations: readonly string[] }) => boolean
}

export interface EtcdListener {
  readonly port: number
  close(): void
}

const codes: Readonly<Record<EtcdError['code'], grpcStatus>> = {
  compacted: grpcStatus.OUT_OF_RANGE,
  'future-revision': grpcStatus.OUT_OF_RANGE,
  'lease-not-found': grpcStatus.NOT_FOUND,
  'lease-exists': grpcStatus.FAILED_PRECONDITION,
  'too-large': grpcStatus.INVALID_ARGUMENT,
  'no-space': grpcStatus.RESOURCE_EXHAUSTED,
  unavailable: grpcStatus.UNAVAILABLE,
  invalid: grpcStatus.INVALID_ARGUMENT,
  'duplicate-key': grpcStatus.INVALID_ARGUMENT,
  'key-not-found': grpcStatus.INVALID_ARGUMENT,
  'too-many-operations': grpcStatus.INVALID_ARGUMENT,
}

const adminGroups = ['kubeadm:cluster-admins', 'system:masters']

/** Serves the simulated etcd's v3 API over gRPC on 127.0.0.1, for etcdctl and any other client of etcd. */
export async function listenEtcd(options: EtcdListenerOptions): Promise<EtcdListener> {
  const server = new Server({ 'grpc.max_receive_message_length': 2 * 1024 * 1024 })
  const allows = options.allows ?? (({ organizations }) => organizations.some((group) => adminGroups.includes(group)))
  let nextStream = 1
  for (const methods of servicesOf()) {
    const definition: Record<string, MethodDefinition<Uint8Array, Uint8Array>> = {}
    const handlers: Record<string, handleUnaryCall<Uint8Array, Uint8Array> | handleBidiStreamingCall<Uint8Array, Uint8Array>> = {}
    for (const [name, method] of methods) {
      definition[method] = definitionOf(name)
      if (name === 'Watch/Watch') handlers[method] = (call: ServerDuplexStream<Uint8Array, Uint8Array>) => permitted(call, allows) && watch(options, call, nextStream++)
      else if (rpcMethods[name].streams) handlers[method] = (call: ServerDuplexStream<Uint8Array, Uint8Array>) => permitted(call, allows) && eachMessage(options, name, call)
      else {
        handlers[method] = (call, callback) => {
          if (!allows(certificateOf(call))) return callback(forbidden)
          enterCall(options, name, call.request, (response) => callback(null, response), (error) => callback(error))
        }
      }
    }
    server.addService(definition as never, handlers as never)
  }
  const { key, cert, ca } = options.tls
  const credentials = ServerCredentials.createSsl(Buffer.from(ca), [{ private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }], true)
  const port = await new Promise<number>((resolve, reject) => server.bindAsync(`127.0.0.1:${options.port ?? 0}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound))))
  return { port, close: () => server.forceShutdown() }
}

interface GrpcFailure {
  readonly code: grpcStatus
  readonly details: string
}

const forbidden: GrpcFailure = { code: grpcStatus.PERMISSION_DENIED, details: 'etcdserver: permission denied' }

function failureOf(error: unknown): GrpcFailure {
  if (!(error instanceof EtcdError)) return { code: grpcStatus.INTERNAL, details: error instanceof Error ? error.message : String(error) }
  return { code: error.message === 'context deadline exceeded' ? grpcStatus.DEADLINE_EXCEEDED : codes[error.code], details: error.message }
}

function enterCall(options: EtcdListenerOptions, method: RpcName, request: Uint8Array, done: (response: Uint8Array) => void, failed: (failure: GrpcFailure) => void): void {
  options.enter('etcd', { type: 'call', method, request: toBase64(request) }, () => {
    const client = options.client()
    if (!client) return failed(failureOf(notRunning()))
    runCall(client, method, request).then(done, (error: unknown) => failed(failureOf(error)))
  })
}

function eachMessage(options: EtcdListenerOptions, method: RpcName, call: ServerDuplexStream<Uint8Array, Uint8Array>): void {
  call.on('data', (request: Uint8Array) => enterCall(options, method, request, (response) => void call.write(response), (failure) => call.destroy(failure as never)))
  call.on('end', () => call.end())
  call.on('error', () => {})
}

function watch(options: EtcdListenerOptions, call: ServerDuplexStream<Uint8Array, Uint8Array>, id: number): void {
  let stream: WatchStream | undefined
  call.on('data', (request: Uint8Array) => {
    options.enter('etcd', { type: 'watch', stream: id, request: toBase64(request) }, () => {
      const client = options.client()
      if (!client) return call.emit('error', failureOf(notRunning()))
      stream ??= new WatchStream(client, (response) => void call.write(response), (error) => call.emit('error', failureOf(error)))
      stream.receive(request)
    })
  })
  let over = false
  const finish = (): void => {
    if (over) return
    over = true
    options.enter('etcd', { type: 'watch-end', stream: id }, () => stream?.end())
  }
  call.on('end', () => {
    finish()
    call.end()
  })
  call.on('cancelled', finish)
  call.on('error', finish)
}

interface AuthenticatedCall {
  getAuthContext(): { readonly sslPeerCertificate?: { readonly subject: Readonly<Record<string, unknown>> } }
}

function permitted(call: ServerDuplexStream<Uint8Array, Uint8Array>, allows: NonNullable<EtcdListenerOptions['allows']>): boolean {
  if (allows(certificateOf(call))) return true
  call.emit('error', forbidden)
  return false
}

function certificateOf(call: unknown): { commonName: string; organizations: readonly string[] } {
  const subject = (call as AuthenticatedCall).getAuthContext().sslPeerCertificate?.subject ?? {}
  const organizations = subject['O']
  return { commonName: String(subject['CN'] ?? ''), organizations: organizations === undefined ? [] : [organizations].flat().map(String) }
}

function definitionOf(name: RpcName): MethodDefinition<Uint8Array, Uint8Array> {
  const same = (value: Uint8Array): Buffer => Buffer.from(value)
  const { path, streams } = rpcMethods[name]
  return { path, requestStream: streams, responseStream: streams, requestSerialize: same, requestDeserialize: (bytes) => new Uint8Array(bytes), responseSerialize: same, responseDeserialize: (bytes) => new Uint8Array(bytes) }
}

/** The methods of each service, with their names in it. */
function servicesOf(): [RpcName, string][][] {
  const services = new Map<string, [RpcName, string][]>()
  for (const name of Object.keys(rpcMethods) as RpcName[]) {
    const [service, method] = name.split('/') as [string, string]
    services.set(service, [...(services.get(service) ?? []), [name, method]])
  }
  return [...services.values()]
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
