import { expect, test } from 'vitest'
import type { StreamSession } from '../cri.ts'
import { NodeUnderTest } from './testing/node-under-test.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function recorded(session: StreamSession): { out: string; err: string; exit: number | undefined } {
  const seen: { out: string; err: string; exit: number | undefined } = { out: '', err: '', exit: undefined }
  session.onStdout((chunk) => {
    seen.out += new TextDecoder().decode(chunk)
  })
  session.onStderr((chunk) => {
    seen.err += new TextDecoder().decode(chunk)
  })
  session.onExit((code) => {
    seen.exit = code
  })
  return seen
}

test('exec with standard input ends when the input does', async () => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('busybox', { command: ['sleep', '1000'] })
  const session = await node.settle(node.client.exec(containerId, ['sh', '-c', 'cat; echo done >&2; exit 4'], { stdin: true, tty: false }))
  const seen = recorded(session)
  session.writeStdin(bytes('one\n'))
  session.writeStdin(bytes('two\n'))
  await node.kernel.runFor(10)
  expect(seen).toEqual({ out: 'one\ntwo\n', err: '', exit: undefined })
  session.closeStdin()
  await node.kernel.runFor(10)
  expect(seen).toEqual({ out: 'one\ntwo\n', err: 'done\n', exit: 4 })
})

test('exec of what is not there says so in the words of runc', async () => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('busybox', { command: ['sleep', '1000'] })
  await expect(node.settle(node.client.exec(containerId, ['bash'], { stdin: true, tty: true }))).rejects.toThrow(
    /^failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "bash": executable file not found in \$PATH$/,
  )
})

test('a probe that takes too long is killed', async () => {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('busybox', { command: ['sleep', '1000'] })
  await expect(node.settle(node.client.execSync(containerId, ['sleep', '10'], 1000))).rejects.toMatchObject({ code: 'DeadlineExceeded' })
  expect((await node.exec(containerId, 'ps')).out.match(/sleep/g)).toHaveLength(1)
})

test('attach shows what a container writes, and feeds an interactive one', async () => {
  const node = new NodeUnderTest()
  const { containerId, logPath } = await node.run('busybox', { command: ['sh'], stdin: true, tty: true })
  const session = await node.settle(node.client.attach(containerId, { stdin: true, tty: true }))
  const seen = recorded(session)
  session.writeStdin(bytes('echo $((6*7))\r'))
  await node.kernel.runFor(50)
  expect(seen.out).toContain('\r\n42\r\n/ # ')
  session.writeStdin(bytes('exit 3\r'))
  await node.kernel.runFor(50)
  expect(seen.exit).toBe(3)
  expect(node.log(logPath)).toContain('42\r\n')
})

test('logs: followed, without a last newline, with both streams, bounded', async () => {
  const node = new NodeUnderTest()
  const followed: string[] = []
  const run = await node.run('busybox', { command: ['sh', '-c', 'echo out; echo err >&2; sleep 1; printf "no end"'] })
  node.client.followLog(run.logPath, (line) => followed.push(`${line.stream} ${line.partial} ${new TextDecoder().decode(line.bytes)}`))
  await node.kernel.runFor(2000)
  expect(node.client.readLog(run.logPath).map((line) => `${line.stream} ${line.partial} ${new TextDecoder().decode(line.bytes)}`)).toEqual(['stdout false out', 'stderr false err', 'stdout true no end'])
  expect(followed).toEqual(['stdout true no end'])
  const loud = await node.run('busybox', { command: ['yes', 'x'.repeat(100)] })
  await node.kernel.runFor(200)
  const state = node.runtimeProcess.program as unknown as { state: { logs: Map<string, { sizeBytes: number; rotations: number }> } }
  const log = state.state.logs.get(loud.logPath)!
  expect(log.rotations).toBeGreaterThan(1)
  expect(log.sizeBytes).toBeLessThan(3 * 1_048_576)
})

test('a node shows its containers’ logs under /var/log', async () => {
  const node = new NodeUnderTest()
  const talker = await node.run('busybox', { command: ['sh', '-c', 'echo hello log'] })
  const collector = await node.run('busybox', {
    command: ['sleep', '1000'],
    mounts: [{ containerPath: '/var/log', source: { type: 'host', path: '/var/log' }, readOnly: true }],
  })
  await node.kernel.runFor(50)
  const { out } = await node.exec(collector.containerId, 'sh', '-c', 'cat /var/log/pods/*/main/0.log; ls /var/log/containers | wc -l')
  expect(out).toMatch(/^2026-01-02T03:04:\d\d\.\d{9}Z stdout F hello log\n2\n$/)
  expect(talker.logPath).toContain('/var/log/pods/')
})

test('mounts land behind the links of an image', async () => {
  const node = new NodeUnderTest()
  const mounts = [{ containerPath: '/var/run/secrets/x', source: { type: 'files' as const, files: () => [{ path: 'token', mode: 0o644, content: () => bytes('t') }] }, readOnly: true }]
  const { containerId } = await node.run('nginx', { mounts })
  expect((await node.exec(containerId, 'cat', '/var/run/secrets/x/token')).out).toBe('t')
  expect((await node.exec(containerId, 'cat', '/run/secrets/x/token')).out).toBe('t')
})

test('a private image needs its credentials', async () => {
  const node = new NodeUnderTest()
  const image = 'private.registry.example/team/app:1.0'
  await expect(node.settle(node.client.pullImage(image))).rejects.toThrow('pull access denied, repository does not exist or may require authorization')
  expect(await node.settle(node.client.pullImage(image, { username: 'team', password: 'secret' }))).toMatch(/^sha256:[0-9a-f]{64}$/)
})

test('layers that are there already need no second download', async () => {
  const node = new NodeUnderTest()
  const timed = async (image: string): Promise<number> => {
    const before = node.kernel.now()
    await node.settle(node.client.pullImage(image))
    return node.kernel.now() - before
  }
  const first = await timed('nginx:1.29')
  const again = await timed('nginx:1.29')
  const other = await timed('httpd:2.4')
  expect(first).toBeGreaterThan(1200)
  expect(again).toBeLessThan(700)
  expect(other).toBeLessThan(first)
  const images = await node.settle(node.client.listImages())
  expect(images.find((image) => image.repoTags.includes('docker.io/library/nginx:1.29'))?.repoDigests[0]).toMatch(/^docker\.io\/library\/nginx@sha256:/)
})

test('tar carries trees between containers, as kubectl cp does', async () => {
  const node = new NodeUnderTest()
  const from = await node.run('busybox', { command: ['sleep', '1000'] })
  const to = await node.run('nginx')
  await node.exec(from.containerId, 'sh', '-c', 'mkdir -p /d/sub; echo one > /d/a; echo two > /d/sub/b; ln -s a /d/l; chmod 600 /d/a')
  const packed = await node.settle(node.client.execSync(from.containerId, ['tar', 'cf', '-', 'd'], 0))
  expect(packed.stdout.length % 512).toBe(0)
  const session = await node.settle(node.client.exec(to.containerId, ['tar', '-xmf', '-', '-C', '/tmp'], { stdin: true, tty: false }))
  const seen = recorded(session)
  session.writeStdin(packed.stdout)
  session.closeStdin()
  await node.kernel.runFor(100)
  expect(seen.exit).toBe(0)
  expect((await node.exec(to.containerId, 'sh', '-c', 'cat /tmp/d/a /tmp/d/sub/b /tmp/d/l; stat -c %a /tmp/d/a')).out).toBe('one\ntwo\none\n600\n')
})

test('the same seed runs the same way', async () => {
  const run = async (): Promise<string> => {
    const node = new NodeUnderTest()
    const spans: string[] = []
    node.kernel.trace.onSpan((span, phase) => spans.push(`${phase} ${span.id} ${span.name} ${span.start} ${span.end ?? ''}`))
    const { logPath } = await node.run('busybox', { command: ['sh', '-c', 'for i in 1 2 3; do echo $RANDOM; sleep 0.$i; done; hostname'] })
    await node.kernel.runFor(3000)
    return spans.join('\n') + node.log(logPath)
  }
  expect(await run()).toBe(await run())
})
