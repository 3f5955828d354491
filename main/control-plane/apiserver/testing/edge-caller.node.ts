/** Plain HTTPS calls to a development server's edge, each on a connection of its own. */
import { request as httpsRequest } from 'node:https'
import type { DevServer } from './dev-server.node.ts'

export interface EdgeAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface EdgeCaller {
  /** The admin's. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
  /** Bodies are JSON unless a content type says otherwise. */
  call(method: string, path: string, body?: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<EdgeAnswer>
}

export function edgeCaller(dev: DevServer): EdgeCaller {
  const tls = { ca: dev.pki.ca.certificate, cert: dev.pki.admin.certificate, key: dev.pki.admin.key }
  return {
    tls,
    call: (method, path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const options = { ...tls, host: '127.0.0.1', port: dev.listener.port, method, path, headers: { 'content-type': 'application/json', ...headers }, agent: false as const }
        const request = httpsRequest(options, (response) => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString('latin1') }))
          response.on('error', reject)
        })
        request.on('error', reject)
        request.end(body)
      }),
  }
}
