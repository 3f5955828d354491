import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replayRun } from '../../main/cluster/replay.ts'
import { consoleLabel } from '../../main/cluster/console-sessions.ts'
import type { RecordedInput } from '../../main/kernel/input-log.ts'
import { runOnMachine, TestTerminal } from './test-terminal.ts'
import { bootedLab, createLab, type SimulatedLab } from './simulated-lab.ts'

describe('a login on a node', () => {
  let lab: SimulatedLab
  beforeAll(async () => {
    lab = await bootedLab({ workers: 2 })
  })
  afterAll(() => lab.cluster.stop())

  test('an interactive shell: prompt, commands, line editing, exit', async () => {
    const terminal = new TestTerminal(lab)
    await lab.cluster.kernel.runFor(1_000)
    expect(terminal.text).toMatch(/^Linux worker-1 6\.1\.0/)
    expect(terminal.text).toContain('root@worker-1:~# ')
    expect(await terminal.type('hostnamX\x7fe; echo $((6*7)) | cat\r')).toContain('worker-1\r\n42\r\n')
    expect(await terminal.type('cat /etc/hostname | tr a-z A-Z\r')).toContain('WORKER-1\r\n')
    expect(await terminal.type('sleep 100\r')).not.toContain('# ')
    expect(await terminal.type('\x03')).toContain('root@worker-1:~# ')
    expect(await terminal.type('cat\r')).not.toContain('# ')
    await terminal.type('\x03')
    expect(await terminal.type('echo after\r')).toContain('\nafter\r\n')
    await terminal.type('exit 3\r')
    expect(terminal.exit).toEqual({ code: 3, lost: false })
  })

  test('Ctrl-D on an empty line ends it, closing the window too', async () => {
    const first = new TestTerminal(lab)
    await first.type('\x04')
    expect(first.exit).toEqual({ code: 0, lost: false })
    const second = new TestTerminal(lab)
    await second.type('sleep 1000\r')
    second.close()
    await lab.cluster.kernel.runFor(1_000)
    expect(lab.cluster.machines.get('worker-1')!.processes().map(({ name }) => name)).not.toContain('sshd-1')
  })

  test('one command through the shell', async () => {
    expect(await runOnMachine(lab, 'echo one two | wc -w; exit 4')).toEqual({ out: '2\n', err: '', code: 4 })
    expect(await runOnMachine(lab, 'nothing-like-it')).toMatchObject({ err: 'bash: line 1: nothing-like-it: command not found\n', code: 127 })
    expect(await runOnMachine(lab, 'true', 'worker-9')).toEqual({ out: '', err: 'ssh: Could not resolve hostname worker-9: Name or service not known\n', code: 255 })
    expect((await runOnMachine(lab, 'sudo systemctl is-active kubelet containerd; sudo -i hostname')).out).toBe('active\nactive\nworker-1\n')
  })

  test('the machine\'s processes, memory and disk', async () => {
    const { out } = await runOnMachine(lab, 'ps -ef')
    expect(out).toContain('/sbin/init')
    expect(out).toContain('/usr/bin/kubelet ')
    expect(out).toContain('/pause')
    expect(out).toMatch(/sshd: root@notty/)
    expect((await runOnMachine(lab, 'df -h / | tail -1')).out).toMatch(/^\/dev\/vda1 +40G/)
    expect((await runOnMachine(lab, 'free -m | head -2; uptime')).out).toMatch(/Mem: +\d+/)
    expect((await runOnMachine(lab, 'pgrep kubelet')).out).toMatch(/^\d+\n$/)
  })

  test('crictl shows what the runtime holds, and acts on it', async () => {
    const { out: listed } = await runOnMachine(lab, 'crictl ps')
    expect(listed.split('\n')[0]).toMatch(/^CONTAINER {11}IMAGE {15}CREATED {13}STATE {15}NAME {16}ATTEMPT {13}POD ID {14}POD +NAMESPACE$/)
    expect(listed).toMatch(/Running +kube-proxy +0 +[0-9a-f]{13} +kube-proxy-\w+ +kube-system\n/)
    expect((await runOnMachine(lab, 'crictl pods --name kube-proxy -o json | grep state')).out).toBe('      "state": "SANDBOX_READY"\n')
    expect((await runOnMachine(lab, 'crictl images | grep pause')).out).toMatch(/^registry\.k8s\.io\/pause +3\.10\.1 +[0-9a-f]{13} +\d+kB\n/)
    expect((await runOnMachine(lab, 'crictl logs --tail 1 $(crictl ps -q --name kube-proxy)')).err).toMatch(/^[IWE]\d{4} /)
    expect(await runOnMachine(lab, 'crictl pull busybox:1.36')).toMatchObject({ out: expect.stringMatching(/^Image is up to date for sha256:/) as string, code: 0 })
    expect(await runOnMachine(lab, 'crictl pull no/such:thing')).toMatchObject({ err: expect.stringContaining('level=fatal msg="pulling image: rpc error: code = ') as string, code: 1 })
    expect((await runOnMachine(lab, 'crictl inspect nothing')).err).toContain('getting the status of the container \\"nothing\\": rpc error: code = NotFound')
    const pid = (await runOnMachine(lab, 'crictl inspect $(crictl ps -q --name kube-proxy) | grep \'"pid"\' | tr -dc 0-9')).out
    expect((await runOnMachine(lab, `ps -p ${pid} -ef | grep kube-proxy`)).out).toContain(` ${pid} `)
    const before = (await runOnMachine(lab, 'crictl ps -q --name kube-proxy')).out
    await runOnMachine(lab, `crictl stop ${before}`)
    const { state } = lab.cluster.nodes.get('worker-1')!.host
    await lab.until(() => [...state.containers.values()].some((each) => each.state === 'running' && each.config.name === 'kube-proxy'), 60_000)
    expect((await runOnMachine(lab, 'crictl ps -q --name kube-proxy')).out).not.toBe(before)
    expect((await runOnMachine(lab, 'systemctl stop containerd; crictl ps; systemctl start containerd')).err).toContain('validate service connection: validate CRI v1 runtime API for endpoint \\"unix:///run/containerd/containerd.sock\\": rpc error: code = Unavailable')
    const terminal = new TestTerminal(lab)
    expect(await terminal.type(`crictl exec -it $(crictl ps -q --name kube-proxy) sh\r`)).toMatch(/# $/)
    expect(await terminal.type('hostname\r')).toContain('worker-1\r\n')
    expect(await terminal.type('exit\r')).toContain('root@worker-1:~# ')
    terminal.close()
  })

  test('the network of the machine, and containerd\'s own view', async () => {
    expect((await runOnMachine(lab, 'ip -br addr')).out).toMatch(/^lo +UNKNOWN +127\.0\.0\.1\/8 \neth0 +UP +192\.168\.64\.11\/24/)
    expect((await runOnMachine(lab, 'ip route | head -1')).out).toBe('default via 192.168.64.1 dev eth0 \n')
    expect((await runOnMachine(lab, 'iptables-save | grep "default/kubernetes:https cluster IP"')).out).toContain('-A KUBE-SERVICES -d 10.96.0.1/32')
    expect((await runOnMachine(lab, 'iptables -t nat -L KUBE-SERVICES -n')).out).toMatch(/^Chain KUBE-SERVICES \(2 references\)\ntarget +prot opt source/)
    expect((await runOnMachine(lab, 'ss -lntp')).out).toMatch(/LISTEN +0 +4096 +\S+:10250 +0\.0\.0\.0:\* users:\(\("kubelet",pid=\d+,fd=3\)\)/)
    expect((await runOnMachine(lab, 'ctr -n k8s.io tasks ls | grep -c RUNNING')).out).toMatch(/^[1-9]/)
    expect((await runOnMachine(lab, 'ctr -n k8s.io images ls -q | grep pause:')).out).toBe('registry.k8s.io/pause:3.10.1\n')
  })

  test('journalctl follows until it is interrupted', async () => {
    const terminal = new TestTerminal(lab)
    const printed = await terminal.type('journalctl -u kubelet -f -n 2\r')
    expect(printed).not.toContain('# \n')
    expect(printed).toContain('worker-1 kubelet[')
    lab.cluster.nodes.get('worker-1')!.systemd.status('kubelet').journal.info('Something new')
    expect(await terminal.type('', 1_000)).toContain('"Something new"')
    expect(await terminal.type('\x03')).toContain('root@worker-1:~# ')
    terminal.close()
  })

  test('from one machine to another, and back', async () => {
    const terminal = new TestTerminal(lab, { machine: 'controlplane' })
    expect(await terminal.type('ssh worker-2\r')).toContain('root@worker-2:~# ')
    expect(await terminal.type('hostname\r')).toContain('worker-2\r\n')
    expect(await terminal.type('exit\r')).toContain('Connection to worker-2 closed.\r\nroot@controlplane:~# ')
    expect(await terminal.type('hostname\r')).toContain('controlplane\r\n')
    terminal.close()
    expect((await runOnMachine(lab, 'ssh worker-1 hostname', 'worker-2')).out).toBe('worker-1\n')
  })

  test('power off ends the session', async () => {
    const terminal = new TestTerminal(lab, { machine: 'worker-2' })
    await terminal.type('sleep 1000\r')
    lab.cluster.nodes.get('worker-2')!.machine.powerOff()
    expect(terminal.exit).toEqual({ code: 255, lost: true })
    expect(await runOnMachine(lab, 'true', 'worker-2')).toMatchObject({ err: 'ssh: connect to host worker-2 port 22: No route to host\n', code: 255 })
  })
})

test('a run with a session in it replays to the same trace', async () => {
  const first = await bootedLab({ workers: 1, seed: 11 })
  const terminal = new TestTerminal(first)
  await terminal.type('ps -ef | grep -c kubelet; systemctl restart kubelet\r')
  await terminal.type('sleep 50 & echo $RANDOM\r')
  terminal.close()
  await first.cluster.kernel.runFor(5_000)
  const end = first.cluster.kernel.now()
  const recorded = JSON.parse(JSON.stringify(first.cluster.kernel.inputs.recorded)) as RecordedInput[]
  const again = createLab({ workers: 1, seed: 11 })
  replayRun(again.cluster, recorded)
  again.cluster.boot()
  await again.cluster.kernel.runUntil(end)
  expect(recorded.filter(({ label }) => label === consoleLabel)).toHaveLength(4)
  expect(again.cluster.kernel.executed).toBe(first.cluster.kernel.executed)
  expect(again.traceDigest()).toBe(first.traceDigest())
})
