import { execFile, execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { liveEtcd, type LiveEtcd } from '../../control-plane/etcd/testing/live-etcd.ts'
import type { Streams } from '../streams.ts'
import { grpcConnection } from './grpc-connection.node.ts'
import { runEtcdctl } from './run.ts'

const found = ((): boolean => {
  try {
    execFileSync('etcdctl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

let etcd: LiveEtcd
beforeAll(async () => {
  etcd = await liveEtcd()
})
afterAll(() => etcd.close())

interface Result {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

async function ours(argv: readonly string[], input = '', onOutput: (stdout: string, interrupt: () => void) => void = () => {}): Promise<Result> {
  let stdout = ''
  let stderr = ''
  let interrupt = (): void => {}
  const streams: Streams = {
    out: (text) => {
      stdout += typeof text === 'string' ? text : new TextDecoder().decode(text)
      onOutput(stdout, () => interrupt())
    },
    err: (text) => {
      stderr += text
    },
    readInput: async () => new TextEncoder().encode(input),
    onInput: () => () => {},
    inputIsTerminal: false,
    onInterrupt: (handler) => {
      interrupt = handler
      return () => {}
    },
  }
  const environment = { variables: etcd.environment, homeFolder: '/', workingFolder: '/', now: () => performance.now(), sleep: (delayMs: number) => new Promise<void>((resolve) => setTimeout(resolve, delayMs)), after: () => () => {} }
  const code = await runEtcdctl(argv, streams, environment, (flags) => grpcConnection(flags, { ...etcd.environment, ORRERY_ETCD: '/none' }))
  return { stdout, stderr, code }
}

function real(argv: readonly string[], input = ''): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile('etcdctl', [...argv], { env: { PATH: process.env['PATH'], ...etcd.environment } }, (error, stdout, stderr) => resolve({ stdout, stderr, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }))
    // It may end without having read its input.
    child.stdin!.on('error', () => {})
    child.stdin!.end(input)
  })
}

/** What is said on stderr besides the client's own log lines. */
const complaint = ({ stderr }: Result): string => stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{')).join('\n')

describe('etcdctl', () => {
  it('gets a key as the architecture document does', async () => {
    await ours(['put', '/registry/pods/default/nginx-pod', '{"kind":"Pod"}'])
    expect(await ours(['get', '/registry/pods/default/nginx-pod'])).toEqual({ stdout: '/registry/pods/default/nginx-pod\n{"kind":"Pod"}\n', stderr: '', code: 0 })
    expect((await ours(['get', '/registry/', '--prefix', '--keys-only'])).stdout).toBe('/registry/pods/default/nginx-pod\n\n')
  })

  it('prints status, health and members as 3.6 does', async () => {
    expect((await ours(['endpoint', 'status'])).stdout).toMatch(/^127\.0\.0\.1:\d+, [0-9a-f]+, 3\.6\.6, 3\.6\.0, \d+ kB, \d+ kB, \d+%, 2\.1 GB, true, false, 1, \d+, \d+, , , false\n$/)
    expect((await ours(['endpoint', 'health'])).stdout).toMatch(/^127\.0\.0\.1:\d+ is healthy: successfully committed proposal: took = [\d.]+ms\n$/)
    const table = (await ours(['member', 'list', '-w', 'table'])).stdout.split('\n')
    expect(table[1]).toMatch(/^\| +ID +\| STATUS +\| +NAME +\| +PEER ADDRS +\| +CLIENT ADDRS +\| IS LEARNER \|$/)
    expect(table[3]).toMatch(/^\| [0-9a-f]+ \| started \| controlplane \| https:\/\/192\.168\.64\.10:2380 \| https:\/\/192\.168\.64\.10:2379 \| {6}false \|$/)
    expect((await ours(['version'])).stdout).toBe('etcdctl version: 3.6.6\nAPI version: 3.6\n')
  })

  it('watches until it is interrupted', async () => {
    const watching = ours(['watch', '/w/', '--prefix', '--rev', '1'], '', (stdout, interrupt) => {
      if (stdout.includes('DELETE')) interrupt()
    })
    await ours(['put', '/w/1', 'v'])
    await ours(['del', '/w/1'])
    expect(await watching).toEqual({ stdout: 'PUT\n/w/1\nv\nDELETE\n/w/1\n\n', stderr: '', code: 0 })
  })

  it('answers a wrong command line with one line and exit 128, or 1', async () => {
    expect(await ours(['get'])).toEqual({ stdout: '', stderr: 'Error: get command needs one argument as key and an optional argument as range_end\n', code: 128 })
    expect(await ours(['bogus'])).toEqual({ stdout: '', stderr: 'Error: unknown command "bogus" for "etcdctl"\n', code: 1 })
    expect(await ours(['get', 'a', '--bogus'])).toEqual({ stdout: '', stderr: 'Error: unknown flag: --bogus\n', code: 1 })
    expect((await ours(['get', 'a', '--endpoints', '127.0.0.1:1', '--command-timeout', '300ms'])).stderr).toBe('Error: context deadline exceeded\n')
    expect((await ours(['--help'])).stdout).toContain('\tlease grant')
  })
})

describe.skipIf(!found)('etcdctl beside the real one', () => {
  it.each<[string, readonly string[][], string?]>([
    ['put and get', [['put', '/p/1', 'one'], ['put', '/p/2', 'two', '--prev-kv'], ['put', '/p/2', 'two!', '--prev-kv'], ['get', '/p/1'], ['get', '/p/', '--prefix'], ['get', '/p/1', '/p/2'], ['get', '/nothing']]],
    ['sorting and limits', [['get', '/p/', '--prefix', '--order', 'DESCEND'], ['get', '/p/', '--prefix', '--sort-by', 'VERSION', '--order', 'DESCEND'], ['get', '/p/', '--prefix', '--limit', '1'], ['get', '/p/2', '--from-key', '--keys-only', '--limit', '1']]],
    ['values and hex', [['get', '/p/1', '--print-value-only'], ['get', '/p/1', '--hex']]],
    ['fields', [['get', '/p/', '--prefix', '-w', 'fields'], ['put', '/p/3', 'x', '-w', 'fields']]],
    ['json', [['get', '/p/', '--prefix', '-w', 'json'], ['get', '/nothing', '-w', 'json'], ['member', 'list', '-w', 'json']]],
    ['an old revision', [['get', '/p/2', '--rev', '3'], ['get', '/p/2', '--rev', '999999']]],
    ['transactions', [['txn'], ['txn', '-w', 'fields']], 'value("/p/1") = "one"\nversion("/p/2") > "0"\n\nget /p/1\nput /p/4 "four words long"\n\ndel /p/1\n\n'],
    ['del', [['del', '/p/4'], ['del', '/p/4'], ['del', '/p/1', '--prev-kv']]],
    ['wrong arguments', [['get'], ['get', 'a', '--prefix', '--from-key'], ['get', 'a', '--order', 'UP'], ['get', 'a', '--sort-by', 'SIZE'], ['get', 'a', '--consistency', 'x'], ['get', ''], ['del'], ['lease', 'grant'], ['lease', 'grant', 'x'], ['lease', 'revoke', 'xyz'], ['compaction'], ['watch']]],
    ['refusals', [['lease', 'revoke', '123'], ['lease', 'timetolive', '123'], ['compaction', '999999'], ['put', '/p/1', 'v', '--lease', '77'], ['get', 'a', '-w', 'table']]],
    ['nothing there', [['alarm', 'list'], ['alarm', 'disarm'], ['lease', 'list'], ['member', 'list']]],
  ])('%s', async (_, commands, input) => {
    for (const argv of commands) {
      const [theirs, mine] = [await real(argv, input), await ours(argv, input)]
      // Each write moves the revision: what names it is compared without it.
      const settled = (text: string): string => text.replace(/("revision":|"(?:Mod|Create)?Revision" : |"mod_revision":|"create_revision":|"version":|"(?:Prev)?(?:Mod|Create)Revision" : |"(?:Prev)?Version" : )\d+/g, '$1N')
      const writes = argv[0] === 'put' || argv[0] === 'del' || argv[0] === 'txn'
      if (!writes) expect({ argv, stdout: mine.stdout }).toEqual({ argv, stdout: theirs.stdout })
      else if (argv.includes('json') || argv.includes('fields')) expect(settled(mine.stdout).split('\n').slice(0, 5)).toEqual(settled(theirs.stdout).split('\n').slice(0, 5))
      expect({ argv, code: mine.code, complaint: complaint(mine) }).toEqual({ argv, code: theirs.code, complaint: complaint(theirs) })
    }
  })
})
