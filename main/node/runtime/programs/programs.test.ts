import { expect, test } from 'vitest'
import { HttpClient } from '../../../kernel/http.ts'
import type { MountedFile } from '../../cri.ts'
import { NodeUnderTest } from '../testing/node-under-test.ts'
import { FileSystem } from '../files/file-system.ts'
import { findExecutable } from '../processes/executable.ts'
import { standardPrograms } from './standard-programs.ts'
import { sha256 } from '../../../api/machinery/sha256.ts'
import { md5, sha1 } from './digest.ts'
import { decimalsOfPi } from './pi.ts'

const text = (bytes: unknown): string => new TextDecoder().decode(bytes as Uint8Array)
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words)

async function withClient(): Promise<{ node: NodeUnderTest; client: string }> {
  const node = new NodeUnderTest()
  const { containerId } = await node.run('nicolaka/netshoot', { command: ['sleep', '100000'] })
  return { node, client: containerId }
}

test('curl and wget reach nginx by address and by name, and fail as they really do', async () => {
  const { node, client } = await withClient()
  const web = await node.run('nginx:1.29')
  await node.kernel.runFor(500)
  node.names = { 'web.default.svc.cluster.local': web.ip }
  const page = await node.exec(client, 'curl', '-s', `http://${web.ip}/`)
  expect(page.out).toContain('Welcome to nginx!')
  expect((await node.exec(client, 'curl', '-s', '-o', '/dev/null', '-w', '%{http_code}\\n', 'web')).out).toBe('200\n')
  expect(await node.exec(client, 'curl', '-sS', 'http://nope')).toEqual({ code: 6, out: '', err: 'curl: (6) Could not resolve host: nope\n' })
  expect((await node.exec(client, 'curl', '-sS', `http://${web.ip}:81`)).err).toMatch(/^curl: \(7\) Failed to connect to 10\.244\.1\.\d+ port 81 after \d+ ms: Could not connect to server\n$/)
  expect((await node.exec(client, 'wget', '-qO-', 'http://web')).out).toContain('Welcome to nginx!')
  expect((await node.exec(client, 'wget', '-qO-', 'http://web/missing')).err).toBe('wget: server returned error: HTTP/1.1 404 Not Found\n')
  expect((await node.exec(client, 'wget', '-T', '2', '-qO-', 'http://nope')).err).toBe("wget: bad address 'nope'\n")
  const silent = await node.exec(client, 'sh', '-c', `printf 'GET /nope HTTP/1.0\\r\\n\\r\\n' | nc ${web.ip} 80 | head -1`)
  expect(silent.out).toBe('HTTP/1.1 404 Not Found\r\n')
})

test('a browser behind port-forward gets HTTP/1.1 bytes', async () => {
  const node = new NodeUnderTest()
  const web = await node.run('nginx')
  await node.kernel.runFor(500)
  const connection = await node.client.sandboxStack(web.sandboxId)!.dial({ address: '127.0.0.1', port: 80 })
  let answer = ''
  connection.onMessage((message) => {
    answer += text(message.body)
  })
  connection.send({ kind: 'stream', label: '', bytes: 0, body: bytes('GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\nGET /50x.html HT') })
  connection.send({ kind: 'stream', label: '', bytes: 0, body: bytes('TP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n\r\n') })
  await node.kernel.runFor(100)
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\nServer: nginx\/1\.29\.4\r\n/)
  expect(answer).toContain('Content-Length: ')
  expect(answer.split('HTTP/1.1 200 OK').length).toBe(3)
  expect(connection.closed).toBe(true)
})

test('a web server made of nc answers probes', async () => {
  const node = new NodeUnderTest()
  const { ip } = await node.run('busybox', { command: ['sh', '-c', 'while true; do printf "HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nhi\\n" | nc -l -p 8080; done'] })
  await node.kernel.runFor(100)
  const http = new HttpClient(node.machine.process('kubelet')!, { address: ip, port: 8080 })
  const response = await node.settle(http.request({ method: 'GET', path: '/', headers: {} }))
  expect([response.status, text(response.body)]).toEqual([200, 'hi\n'])
})

test('nginx serves a ConfigMap, follows its changes, proxies, and reports mistakes', async () => {
  const node = new NodeUnderTest()
  let files: readonly MountedFile[] = [{ path: 'index.html', mode: 0o644, content: () => bytes('<h1>one</h1>') }]
  const mount = { containerPath: '/usr/share/nginx/html', source: { type: 'files' as const, files: () => files }, readOnly: true }
  const web = await node.run('nginx', { mounts: [mount] })
  const conf = 'server { listen 8080; location / { proxy_pass http://backend; proxy_set_header X-From $remote_addr; } location = /hi { return 200 "hi $host\\n"; } }'
  node.names = { 'backend.default.svc.cluster.local': web.ip }
  const proxy = await node.run('nginx', {
    mounts: [{ containerPath: '/etc/nginx/conf.d', source: { type: 'files', files: () => [{ path: 'default.conf', mode: 0o644, content: () => bytes(conf) }] }, readOnly: true }],
  })
  await node.kernel.runFor(500)
  const http = new HttpClient(node.machine.process('kubelet')!, { address: proxy.ip, port: 8080 })
  expect(text((await node.settle(http.request({ method: 'GET', path: '/', headers: {} }))).body)).toBe('<h1>one</h1>')
  files = [{ path: 'index.html', mode: 0o644, content: () => bytes('<h1>two</h1>') }]
  expect(text((await node.settle(http.request({ method: 'GET', path: '/', headers: {} }))).body)).toBe('<h1>two</h1>')
  expect(text((await node.settle(http.request({ method: 'GET', path: '/hi', headers: { host: 'me:8080' } }))).body)).toBe('hi me\n')
  const broken = await node.run('nginx', {
    mounts: [{ containerPath: '/etc/nginx/conf.d', source: { type: 'files', files: () => [{ path: 'default.conf', mode: 0o644, content: () => bytes('server { lissten 80; }') }] }, readOnly: true }],
  })
  await node.kernel.runFor(500)
  expect(node.log(broken.logPath)).toContain('nginx: [emerg] unknown directive "lissten" in /etc/nginx/conf.d/default.conf:1')
  expect(await node.settle(node.client.containerStatus(broken.containerId))).toMatchObject({ state: 'exited', exitCode: 1 })
  const orphan = await node.run('nginx', {
    mounts: [{ containerPath: '/etc/nginx/conf.d', source: { type: 'files', files: () => [{ path: 'default.conf', mode: 0o644, content: () => bytes('server { location / { proxy_pass http://nowhere; } }') }] }, readOnly: true }],
  })
  await node.kernel.runFor(500)
  expect(node.log(orphan.logPath)).toContain('host not found in upstream "nowhere" in /etc/nginx/conf.d/default.conf:1')
})

test('httpd says that it works', async () => {
  const node = new NodeUnderTest()
  const web = await node.run('httpd')
  await node.kernel.runFor(500)
  const http = new HttpClient(node.machine.process('kubelet')!, { address: web.ip, port: 80 })
  expect(text((await node.settle(http.request({ method: 'GET', path: '/', headers: {} }))).body)).toContain('It works!')
  expect(node.log(web.logPath)).toContain('"GET / HTTP/1.1" 200 ')
  await node.settle(node.client.stopContainer(web.containerId, 30))
  expect(await node.settle(node.client.containerStatus(web.containerId))).toMatchObject({ exitCode: 0 })
})

test('redis keeps data, follows a leader, and asks for a password', async () => {
  const node = new NodeUnderTest()
  const leader = await node.run('redis:7')
  await node.kernel.runFor(200)
  const cli = (id: string, ...words: string[]) => node.exec(id, 'redis-cli', ...words)
  expect((await cli(leader.containerId, 'set', 'k', 'v')).out).toBe('OK\n')
  expect((await cli(leader.containerId, 'get', 'k')).out).toBe('v\n')
  expect((await cli(leader.containerId, 'incr', 'n')).out).toBe('1\n')
  expect((await cli(leader.containerId, 'rpush', 'l', 'a', 'b')).out).toBe('2\n')
  expect((await cli(leader.containerId, 'lrange', 'l', '0', '-1')).out).toBe('a\nb\n')
  expect((await cli(leader.containerId, 'nope')).out).toContain("ERR unknown command 'nope'")
  const follower = await node.run('redis:7', { args: ['redis-server', '--replicaof', leader.ip, '6379'] })
  await node.kernel.runFor(500)
  expect((await cli(follower.containerId, 'get', 'k')).out).toBe('v\n')
  await cli(leader.containerId, 'set', 'k', 'w')
  await node.kernel.runFor(100)
  expect((await cli(follower.containerId, 'get', 'k')).out).toBe('w\n')
  expect((await cli(follower.containerId, 'set', 'k', 'x')).out).toContain('READONLY')
  const guarded = await node.run('redis:7', { args: ['redis-server', '--requirepass', 'secret'] })
  await node.kernel.runFor(200)
  expect((await cli(guarded.containerId, 'ping')).out).toContain('NOAUTH')
  expect((await cli(guarded.containerId, '--no-auth-warning', '-a', 'secret', 'ping')).out).toBe('PONG\n')
})

test('pi is computed, not remembered', async () => {
  expect(decimalsOfPi(60)).toBe('3.14159265358979323846264338327950288419716939937510582097494')
  const node = new NodeUnderTest()
  const job = await node.run('perl:5.34.0', { command: ['perl', '-Mbignum=bpi', '-wle', 'print bpi(2000)'] })
  await node.kernel.runFor(60_000)
  expect(await node.settle(node.client.containerStatus(job.containerId))).toMatchObject({ state: 'exited', exitCode: 0 })
  expect(node.log(job.logPath).trim().length).toBe(2001)
})

test('memory beyond the limit is fatal', async () => {
  const node = new NodeUnderTest()
  const hog = await node.run('polinux/stress', {
    command: ['stress'],
    args: ['--vm', '1', '--vm-bytes', '250M', '--vm-hang', '1'],
    resources: { cpuRequestMillis: 0, cpuLimitMillis: 0, memoryLimitBytes: 100 * 1_048_576 },
  })
  await node.kernel.runFor(2000)
  expect(await node.settle(node.client.containerStatus(hog.containerId))).toMatchObject({ state: 'exited', exitCode: 137, reason: 'OOMKilled' })
})

test('a CPU limit bounds what is used', async () => {
  const node = new NodeUnderTest()
  await node.run('polinux/stress', { command: ['stress', '--cpu', '2'], resources: { cpuRequestMillis: 0, cpuLimitMillis: 500, memoryLimitBytes: 0 } })
  await node.run('busybox', { command: ['sh', '-c', 'while true; do :; done'], resources: { cpuRequestMillis: 0, cpuLimitMillis: 200, memoryLimitBytes: 0 } })
  await node.kernel.runFor(10_000)
  const [stress, loop] = await node.settle(node.client.usage())
  expect(loop!.cpuNanoCores / 1e6).toBeGreaterThan(150)
  expect(loop!.cpuNanoCores / 1e6).toBeLessThan(210)
  expect(stress!.cpuNanoCores / 1e6).toBeGreaterThan(450)
})

test('agnhost: hostname, liveness, connect', async () => {
  const { node, client } = await withClient()
  const image = 'registry.k8s.io/e2e-test-images/agnhost:2.53'
  const server = await node.run(image, { args: ['netexec', '--http-port=8080'] })
  const live = await node.run(image, { args: ['liveness'] })
  await node.kernel.runFor(500)
  expect((await node.exec(client, 'curl', '-s', `${server.ip}:8080/hostname`)).out).toMatch(/^pod-\d+$/)
  expect((await node.exec(client, 'curl', '-s', `${server.ip}:8080/shell?cmd=echo%20hi`)).out).toBe('{"output":"hi\\n"}')
  expect((await node.exec(client, 'curl', '-s', '-w', ' %{http_code}', `${live.ip}:8080/healthz`)).out).toBe('ok 200')
  await node.kernel.runFor(11_000)
  expect((await node.exec(client, 'curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', `${live.ip}:8080/healthz`)).out).toBe('500')
  expect((await node.exec(server.containerId, '/agnhost', 'connect', `${live.ip}:9`, '--timeout=1s')).err).toBe('REFUSED\n')
})

test('a database without a password says so and ends', async () => {
  const node = new NodeUnderTest()
  const bare = await node.run('mysql:8')
  const set = await node.run('mysql:8', { env: [{ name: 'MYSQL_ROOT_PASSWORD', value: 'x' }] })
  await node.kernel.runFor(10_000)
  expect(node.log(bare.logPath)).toContain('Database is uninitialized and password option is not specified')
  expect(await node.settle(node.client.containerStatus(bare.containerId))).toMatchObject({ state: 'exited', exitCode: 1 })
  expect(node.log(set.logPath)).toContain('ready for connections')
})

test('every image of the catalogue can be built, and finds its own command', async () => {
  const node = new NodeUnderTest()
  const broken: string[] = []
  // The cluster gives machines these, for they need its clients.
  const given = new Set([...standardPrograms.keys(), 'ingress-nginx'])
  for (const name of node.catalogue.repositories()) {
    const declared = node.catalogue.declaration(name)!
    for (const tag of Object.keys(declared.versions ?? {})) {
      const image = node.catalogue.find({ host: name.slice(0, name.indexOf('/')), path: name.slice(name.indexOf('/') + 1), tag, digest: undefined })!
      const files = new FileSystem({ root: image.root(), now: () => 0 })
      const command = [...image.config.entrypoint, ...image.config.cmd][0]
      const path = image.config.env.find((pair) => pair.startsWith('PATH='))?.slice(5)
      // Bases of images have nothing to run.
      if (command === undefined && name.startsWith('gcr.io/distroless/static')) continue
      try {
        const found = findExecutable(files, command ?? '', path, image.config.workingDir)
        if (!given.has(found.inode.program ?? '')) broken.push(`${name}:${tag} runs ${found.inode.program ?? 'a script'}`)
      } catch (error) {
        broken.push(`${name}:${tag} ${command}: ${(error as Error).message}`)
      }
    }
  }
  expect(broken).toEqual([])
})

test.each([
  ['echo "a b c" | awk \'{print $2, NF}\'', 'b 3\n'],
  ["printf 'x:1\\ny:2\\n' | awk -F: '{s+=$2} END {print s, NR}'", '3 2\n'],
  ["seq 5 | awk '$1 > 2 && /[34]/ {printf \"%d;\", $1*2} END {print \"\"}'", '6;8;\n'],
  ["printf 'a\\nb\\na\\n' | awk '{c[$1]++} END {for (k in c) print k, c[k]}' | sort", 'a 2\nb 1\n'],
  ["echo foo | awk '{gsub(/o/, \"0\"); print toupper($0), length($0), substr($0, 2)}'", 'F00 3 00\n'],
  ['printf "1\\n2\\n3\\n" | sed -n 2p; echo aXb | sed -E "s/(a)X(b)/\\2-\\1/"; seq 3 | sed 1d', '2\nb-a\n2\n3\n'],
  ['echo hello | base64; echo aGVsbG8K | base64 -d', 'aGVsbG8K\nhello\n'],
  ['echo -n abc | sha256sum; echo -n abc | md5sum', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -\n900150983cd24fb0d6963f7d28e17f72  -\n'],
  ['ip addr | grep -c inet; hostname -i | grep -c 10.244', '2\n1\n'],
  ['nslookup web | tail -2', 'Address: 10.96.0.77\n\n'],
  ['echo hello | tail -c+0; echo hello | tail -c +3', 'hello\nllo\n'],
  ['ping -c 1 127.0.0.1 | head -1', 'PING 127.0.0.1 (127.0.0.1): 56 data bytes\n'],
  ['ls -l /etc/hostname | cut -c1-10; ls /nope', '-rw-r--r--\n'],
  ['find /etc -name "host*" | sort', '/etc/hostname\n/etc/hosts\n'],
  ['cat /etc/resolv.conf | head -1', 'search default.svc.cluster.local svc.cluster.local cluster.local\n'],
  ['cat /proc/1/cmdline | tr "\\0" " "; echo', 'sleep 1000 \n'],
  ['touch /x && chmod 600 /x && stat -c "%a %s" /x', '600 0\n'],
  ['expr 2 + 3; seq -s, 1 2 7; date -d @0 +%F', '5\n1,3,5,7\n1970-01-01\n'],
  ['timeout 1 sleep 5; echo $?', '143\n'],
  ['ps | wc -l', '5\n'],
])('busybox: %s', async (script, out) => {
  const node = new NodeUnderTest()
  node.names = { 'web.default.svc.cluster.local': '10.96.0.77' }
  const { containerId } = await node.run('busybox', { command: ['sleep', '1000'] })
  expect((await node.exec(containerId, 'sh', '-c', script)).out).toBe(out)
})

test('digests', () => {
  expect(sha1(bytes('abc'))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d')
  expect(sha256(bytes(''))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(md5(bytes(''))).toBe('d41d8cd98f00b204e9800998ecf8427e')
})

test('volumes: scratch survives a restart, host paths are shared, read-only ones refuse', async () => {
  const node = new NodeUnderTest()
  const scratch = { containerPath: '/data', source: { type: 'scratch' as const, volume: 'v', memory: false }, readOnly: false }
  const host = { containerPath: '/host', source: { type: 'host' as const, path: '/srv/x' }, readOnly: false }
  const first = await node.run('busybox', { command: ['sh', '-c', 'echo kept > /data/f; echo shared > /host/g; sleep 1000'], mounts: [scratch, host] })
  await node.kernel.runFor(100)
  const id = await node.settle(node.client.createContainer(first.sandboxId, node.containerConfig('busybox', { name: 'other', logPath: 'other/0.log', command: ['sleep', '100'], mounts: [{ ...scratch, readOnly: true }] })))
  await node.settle(node.client.startContainer(id))
  expect((await node.exec(id, 'cat', '/data/f')).out).toBe('kept\n')
  expect((await node.exec(id, 'sh', '-c', 'echo no > /data/f')).err).toBe("sh: can't create /data/f: Read-only file system\n")
  const second = await node.run('busybox', { command: ['sleep', '100'], mounts: [{ ...host, containerPath: '/mnt/deep/er' }] })
  expect((await node.exec(second.containerId, 'sh', '-c', 'cat /mnt/deep/er/g; ls /mnt')).out).toBe('shared\ndeep\n')
})
