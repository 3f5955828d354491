/** What random tests over the real edge share: a client that holds every answer to the promises, somebody else who looks in
 *  all the while, and runs of properties with fixed seeds and one new one, bounded in time. */
import { Agent, request as httpsRequest } from 'node:https'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { DevServer } from './dev-server.node.ts'
import { startDevServer } from './dev-server.node.ts'

const hangsMs = 5000
const soonMs = 1000
/** What upstream answers with 500 too, since the errors of these libraries are no Status there. */
const upstreamFaults = new RegExp(
  ['failed to create typed (?:patch|live) object', 'failed to create manager for existing fields', 'failed to convert new object \\(', 'unknown patch type: ', 'list element types are not identical: ', 'expected a (?:map|\\[\\])', 'map: map\\[', 'cannot merge lists without merge key', 'merging lists cannot yet', 'unable to find api field in struct', 'The order in patch list:\n', '.* are not deep equal: '].map((text) => `^${text}`).join('|'),
)
const grownBytes = 300 * 1024 * 1024

export interface FuzzAnswer {
  readonly status: number
  readonly text: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers of every kind
  readonly json: any
}

export interface FuzzedServer {
  readonly dev: DevServer
  /** Requests asked so far. */
  asked(): number
  /** Asks and holds the answer to what is true of all: in time, and a success or a whole Status of 400 to 499. */
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<FuzzAnswer>
  /** What is stored under the path can be read, and is valid as it is. Undefined when nothing is stored. */
  stillValid(path: string): Promise<FuzzAnswer | undefined>
  /** Ends the server; says whether others were served, memory stayed bounded and nothing panicked. */
  close(): Promise<void>
}

/** A development server with somebody who asks for a namespace every tenth of a second. */
export async function startFuzzed(): Promise<FuzzedServer> {
  const dev = await startDevServer()
  const tls = { ca: dev.pki.ca.certificate, cert: dev.pki.admin.certificate, key: dev.pki.admin.key, host: '127.0.0.1', port: dev.listener.port }
  const agents = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 2 }))
  const memoryBefore = process.memoryUsage().heapUsed
  let asked = 0
  let memoryMost = 0
  let slowestMs = 0
  let closing = false

  const send = (agent: Agent, method: string, path: string, body: Buffer | undefined, headers: Readonly<Record<string, string>>): Promise<FuzzAnswer> =>
    new Promise((resolve, reject) => {
      const request = httpsRequest({ ...tls, agent, method, path, headers: { 'content-type': 'application/json', 'user-agent': 'fuzz/1.0', ...headers } }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => {
          const text = Buffer.concat(parts).toString()
          resolve({ status: response.statusCode ?? 0, text, json: jsonOrText(text) })
        })
        response.on('error', reject)
      })
      request.setTimeout(hangsMs, () => request.destroy(new Error(`${method} ${path} hangs`)))
      request.on('error', reject)
      request.end(body)
    })

  const lookIn = async (): Promise<void> => {
    while (!closing) {
      const began = performance.now()
      const cpu = process.cpuUsage()
      expect((await send(agents[1]!, 'GET', '/api/v1/namespaces/default', undefined, {})).status).toBe(200)
      const used = process.cpuUsage(cpu)
      // What other processes of this machine take is not the server's doing.
      slowestMs = Math.max(slowestMs, Math.min(performance.now() - began, (used.user + used.system) / 1000))
      memoryMost = Math.max(memoryMost, process.memoryUsage().heapUsed)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const somebody = lookIn()
  somebody.catch(() => {})

  const ask: FuzzedServer['ask'] = async (method, path, body, headers = {}) => {
    asked++
    const bytes = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const began = performance.now()
    const cpu = process.cpuUsage()
    const answer = await send(agents[0]!, method, path, bytes, headers)
    const used = process.cpuUsage(cpu)
    const what = `${method} ${path} ${JSON.stringify(headers)} ${bytes?.toString().slice(0, 3000) ?? ''}\n→ ${answer.status} ${answer.text.slice(0, 1000)}`
    expect(Math.min(performance.now() - began, (used.user + used.system) / 1000), what).toBeLessThan(soonMs * 1.5)
    if (answer.status >= 200 && answer.status < 300) return answer
    if (answer.status === 500 && answer.json.reason === undefined && upstreamFaults.test(String(answer.json.message))) return answer
    // What a policy made of an object and nobody can read is the server's fault there too; a fault that nobody foresaw is in the journal.
    if (answer.status === 500 && answer.json.reason === 'InternalError' && /^Internal error occurred: (?:json: cannot unmarshal|strict decoding error: unknown field)/.test(String(answer.json.message))) return answer
    if (answer.status < 400 || answer.status > 499) throw new Error(what)
    expect(answer.json, what).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: answer.status, message: expect.any(String) as string, reason: expect.any(String) as string })
    return answer
  }

  return {
    dev,
    asked: () => asked,
    ask,
    async stillValid(path) {
      const stored = await ask('GET', path)
      if (stored.status === 404) return undefined
      const again = await ask('PUT', path, stored.text)
      if (again.status === 404 && stored.json.metadata.deletionTimestamp !== undefined) return undefined
      if (again.status !== 200) throw new Error(`what is stored at ${path} is not taken back: ${again.text.slice(0, 2000)}\n${stored.text.slice(0, 5000)}`)
      return stored
    },
    async close() {
      closing = true
      await somebody
      for (const agent of agents) agent.destroy()
      const lines = dev.controlplane.process('kube-apiserver')!.journal.lines()
      await dev.close()
      console.log(`${asked} requests; somebody else waited ${Math.round(slowestMs)} ms at most; the heap grew by ${Math.round((memoryMost - memoryBefore) / 1024 / 1024)} MiB at most`)
      expect(lines.filter(({ text }) => /panic|TypeError|RangeError/.test(text)).map(({ text }) => text.slice(0, 800))).toEqual([])
      expect(slowestMs).toBeLessThan(soonMs)
      // A long hunt leaves more history than is compacted away meanwhile.
      if (process.env['FUZZ_MS'] === undefined) expect(memoryMost - memoryBefore).toBeLessThan(grownBytes)
    },
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Runs the property with fixed seeds and a new one, each for at most its part of the time. FUZZ_MS makes a longer hunt of it. */
export async function hunt<T>(name: string, arbitrary: fc.Arbitrary<T>, judge: (value: T) => Promise<void>, numRuns = 60): Promise<void> {
  const longMs = Number(process.env['FUZZ_MS'] ?? 0)
  const fresh = Number(process.env['FUZZ_SEED'] ?? Date.now() % 0x7fff_ffff)
  console.log(`${name}: seeds 1, 2 and ${fresh} (FUZZ_SEED repeats it)`)
  for (const seed of longMs > 0 ? [fresh] : [1, 2, fresh]) {
    await fc.assert(fc.asyncProperty(arbitrary, judge), { seed, numRuns: longMs > 0 ? 1_000_000 : numRuns, interruptAfterTimeLimit: longMs || 1200, markInterruptAsFailure: false, endOnFailure: longMs > 0 })
  }
}
