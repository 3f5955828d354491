/** Real HTTPS from the host: verified certificates, one deadline for all of it, no redirects, nothing of unbounded size. */
import { Agent, request } from 'node:https'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { OutboundAnswer, OutboundCall, Performer } from './door.ts'

/** A review's answer is a patch or a few converted objects: no larger than the largest request twice over. */
const answerBytesMax = 8 * 1024 * 1024
const agentsMax = 64
const idleMs = 30_000

/** Calls that keep their connections for the next one; `close` ends those. */
export function httpsPerformer(): { readonly perform: Performer; close(): void } {
  const agents = new Map<string, Agent>()
  const agentFor = (authorities: string): Agent => {
    let agent = agents.get(authorities)
    if (agent) return agent
    if (agents.size >= agentsMax) {
      for (const old of agents.values()) old.destroy()
      agents.clear()
    }
    agent = new Agent({ keepAlive: true, timeout: idleMs, scheduling: 'lifo' })
    agents.set(authorities, agent)
    return agent
  }
  return {
    perform: (call) => attempt(call, agentFor(`${call.insecure ? 'insecure' : ''} ${call.serverName ?? ''} ${call.authorities ?? ''}`), true),
    close() {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

function attempt(call: OutboundCall, agent: Agent, mayRepeat: boolean): Promise<OutboundAnswer> {
  const begun = performance.now()
  return new Promise((resolve) => {
    let done = false
    const finish = (answer: OutboundAnswer): void => {
      if (done) return
      done = true
      clearTimeout(deadline)
      resolve(answer)
      sent?.destroy()
    }
    const deadline = setTimeout(() => finish({ problem: 'context deadline exceeded' }), call.timeoutMs)
    let sent: ReturnType<typeof request> | undefined
    try {
      sent = request(call.url, {
        method: call.method ?? 'POST',
        agent,
        headers: { ...(call.headers as OutgoingHttpHeaders), 'content-length': Buffer.byteLength(call.body) },
        ...(call.authorities === undefined ? {} : { ca: call.authorities }),
        ...(call.serverName === undefined ? {} : { servername: call.serverName }),
        ...(call.insecure ? { rejectUnauthorized: false } : {}),
      })
    } catch (error) {
      finish({ problem: problemText(error, call) })
      return
    }
    sent.on('response', (response) => {
      read(response, (answer) => {
        // The request is over: its connection stays for the next.
        sent = undefined
        finish(answer)
      }, (problem) => finish({ problem }), call)
    })
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // A kept connection may have been closed at the other end just now: that is no answer yet.
      if (!done && mayRepeat && sent?.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) {
        done = true
        clearTimeout(deadline)
        void attempt({ ...call, timeoutMs: Math.max(1, call.timeoutMs - (performance.now() - begun)) }, agent, false).then(resolve)
        return
      }
      finish({ problem: problemText(error, call) })
    })
    sent.end(call.body)
  })
}

function read(response: IncomingMessage, answer: (answer: OutboundAnswer) => void, fail: (problem: string) => void, call: OutboundCall): void {
  const parts: Buffer[] = []
  let bytes = 0
  response.on('data', (part: Buffer) => {
    bytes += part.length
    if (bytes > answerBytesMax) fail('http: response body too large')
    else parts.push(part)
  })
  response.on('end', () => {
    const retryAfter = response.headers['retry-after']
    answer({ status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', ...(retryAfter === undefined ? {} : { retryAfter }), body: Buffer.concat(parts).toString('utf8') })
  })
  response.on('error', (error) => fail(problemText(error, call)))
  response.on('aborted', () => fail('unexpected EOF'))
}

type Failure = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number; readonly hostname?: string; readonly reason?: string; readonly cert?: { readonly subjectaltname?: string } }

const unknownAuthority = new Set(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_SIGNATURE_FAILURE', 'INVALID_CA'])

/** What Go's net/http would have said. */
function problemText(error: unknown, call: OutboundCall): string {
  const failed = error as Failure
  const { code = '', message } = failed
  const { hostname, port } = new URL(call.url)
  const at = `dial tcp ${hostOf(failed.address ?? hostname)}:${failed.port ?? (port === '' ? 443 : port)}`
  if (code === 'ECONNREFUSED') return `${at}: connect: connection refused`
  if (code === 'EHOSTUNREACH') return `${at}: connect: no route to host`
  if (code === 'ENETUNREACH') return `${at}: connect: network is unreachable`
  if (code === 'ETIMEDOUT') return `${at}: i/o timeout`
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${failed.hostname ?? hostname}: no such host`
  if (code === 'EAI_AGAIN') return `dial tcp: lookup ${failed.hostname ?? hostname}: Temporary failure in name resolution`
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'EOF'
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `tls: failed to verify certificate: x509: ${namesText(failed, call.serverName ?? hostname)}`
  if (unknownAuthority.has(code)) return 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return /wrong version number|packet length|http request/i.test(message) ? 'http: server gave HTTP response to HTTPS client' : `remote error: tls: ${message}`
  return message
}

function namesText({ cert }: Failure, wanted: string): string {
  const names = (cert?.subjectaltname ?? '').split(', ').filter((each) => each !== '').map((each) => each.replace(/^(DNS|IP Address):/, ''))
  const isAddress = /^[\d.]+$|:/.test(wanted)
  if (names.length === 0) return isAddress ? `cannot validate certificate for ${wanted} because it doesn't contain any IP SANs` : 'certificate is not valid for any names, but wanted to match ' + wanted
  return `certificate is valid for ${names.join(', ')}, not ${wanted}`
}

function hostOf(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address
}
