import { execFile, execFileSync, spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { liveEtcd, type LiveEtcd } from '../testing/live-etcd.ts'

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

function etcdctl(...args: string[]): Promise<Result> {
  return run(args, etcd.environment)
}

function run(args: readonly string[], environment: Readonly<Record<string, string>>, input = ''): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile('etcdctl', [...args], { env: { PATH: process.env['PATH'], ...environment } }, (error, stdout, stderr) => resolve({ stdout, stderr, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }))
    child.stdin!.end(input)
  })
}

describe.skipIf(!found)('the real etcdctl on the simulated etcd', () => {
  it('puts, gets and deletes', async () => {
    expect(await etcdctl('put', '/a/1', 'one')).toEqual({ stdout: 'OK\n', stderr: '', code: 0 })
    expect((await etcdctl('put', '/a/2', 'two', '--prev-kv')).stdout).toBe('OK\n')
    expect((await etcdctl('put', '/a/2', 'two!', '--prev-kv')).stdout).toBe('OK\n/a/2\ntwo\n')
    expect((await etcdctl('get', '/a/', '--prefix')).stdout).toBe('/a/1\none\n/a/2\ntwo!\n')
    expect((await etcdctl('get', '/a/', '--prefix', '--keys-only', '--order', 'DESCEND', '--sort-by', 'KEY')).stdout).toBe('/a/2\n\n/a/1\n\n')
    const json = JSON.parse((await etcdctl('get', '/a/1', '-w', 'json')).stdout) as { kvs: { key: string; value: string; version: number }[]; count: number }
    expect(json).toMatchObject({ count: 1, kvs: [{ key: Buffer.from('/a/1').toString('base64'), value: Buffer.from('one').toString('base64'), version: 1 }] })
    expect((await etcdctl('del', '/a/', '--prefix')).stdout).toBe('2\n')
  })

  it('runs transactions', async () => {
    expect((await run(['txn'], etcd.environment, 'mod("/t") = "0"\n\nput /t v\n\nget /t\n\n')).stdout).toBe('SUCCESS\n\nOK\n')
    expect((await run(['txn'], etcd.environment, 'mod("/t") = "0"\n\nput /t w\n\nget /t\n\n')).stdout).toBe('FAILURE\n\n/t\nv\n')
  })

  it('hears refusals in its own words', async () => {
    const result = await etcdctl('get', '/a', '--rev', '99999')
    expect(result.code).toBe(1)
    expect(result.stderr).toContain('Error: etcdserver: mvcc: required revision is a future revision')
    expect((await etcdctl('get', '')).stderr).toContain('etcdserver: key is not provided')
  })

  it('grants, keeps and revokes leases', async () => {
    const granted = await etcdctl('lease', 'grant', '100')
    const [, id] = /^lease ([0-9a-f]+) granted with TTL\(100s\)\n$/.exec(granted.stdout)!
    await etcdctl('put', '/l', 'v', '--lease', id!)
    expect((await etcdctl('lease', 'timetolive', id!, '--keys')).stdout).toMatch(new RegExp(`^lease ${id} granted with TTL\\(100s\\), remaining\\((100|99)s\\), attached keys\\(\\[/l\\]\\)\n$`))
    expect((await etcdctl('lease', 'keep-alive', id!, '--once')).stdout).toBe(`lease ${id} keepalived with TTL(100)\n`)
    expect((await etcdctl('lease', 'list')).stdout).toBe(`found 1 leases\n${id}\n`)
    expect((await etcdctl('lease', 'revoke', id!)).stdout).toBe(`lease ${id} revoked\n`)
    expect((await etcdctl('get', '/l')).stdout).toBe('')
    expect((await etcdctl('lease', 'revoke', id!)).stderr).toContain('etcdserver: requested lease not found')
  })

  it('says how the member is', async () => {
    expect((await etcdctl('member', 'list')).stdout).toMatch(/^[0-9a-f]{15,16}, started, controlplane, https:\/\/192\.168\.64\.10:2380, https:\/\/192\.168\.64\.10:2379, false\n$/)
    const health = await etcdctl('endpoint', 'health')
    expect(health.stdout + health.stderr).toMatch(/is healthy: successfully committed proposal: took = /)
    expect((await etcdctl('endpoint', 'status')).stdout).toMatch(/, 3\.6\.6, \d+ kB, true, false, 1, \d+, \d+, \n$/)
  })

  it('watches', async () => {
    const child = spawn('etcdctl', ['watch', '/w/', '--prefix'], { env: { PATH: process.env['PATH'], ...etcd.environment } })
    let output = ''
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
    })
    await new Promise((resolve) => setTimeout(resolve, 500))
    await etcdctl('put', '/w/1', 'v')
    await etcdctl('del', '/w/1')
    for (let tries = 0; tries < 50 && !output.includes('DELETE'); tries++) await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill()
    expect(output).toBe('PUT\n/w/1\nv\nDELETE\n/w/1\n\n')
  })

  it('watches the past, until it is compacted', async () => {
    await etcdctl('put', '/p', '1')
    const revision = (JSON.parse((await etcdctl('get', '/p', '-w', 'json')).stdout) as { header: { revision: number } }).header.revision
    await etcdctl('put', '/p', '2')
    expect((await etcdctl('compact', String(revision + 1))).stdout).toBe(`compacted revision ${revision + 1}\n`)
    const late = await run(['watch', '/p', '--rev', String(revision)], etcd.environment)
    expect(late.stderr).toContain('etcdserver: mvcc: required revision has been compacted')
  })

  it('is nobody without a certificate that may', async () => {
    const result = await run(['get', '/a', '--command-timeout', '2s'], etcd.stranger)
    expect(result.code).toBe(1)
    expect(result.stderr).toContain('etcdserver: permission denied')
  })
})
