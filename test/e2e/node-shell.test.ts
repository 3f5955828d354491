import { join, dirname } from 'node:path'
import { spawn } from 'node-pty'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle, orrery, startLab, type LabProcess } from './lab-process.ts'

describe('ssh from the lab’s terminal', () => {
  let lab: LabProcess
  let environment: Record<string, string>
  beforeAll(async () => {
    lab = await startLab(['--headless', '--ephemeral', '--nodes', '1'])
    environment = { ORRERY_CONSOLE: join(dirname(lab.facts.kubeconfig), 'console.json') }
  })
  afterAll(() => lab.stop())

  test('one command, with its output and exit code', async () => {
    expect(await orrery(['ssh', 'worker-1', 'hostname; echo oops >&2; exit 5'], environment)).toEqual({ code: 5, stdout: 'worker-1\n', stderr: 'oops\n' })
    expect(await orrery(['ssh', 'nowhere', 'true'], environment)).toEqual({ code: 255, stdout: '', stderr: 'ssh: Could not resolve hostname nowhere: Name or service not known\n' })
  })

  test('the control-plane machine’s commands without ssh', async () => {
    expect(await orrery(['systemctl', 'is-active', 'kubelet'], environment)).toMatchObject({ code: 0, stdout: 'active\n' })
    expect((await orrery(['crictl', 'ps', '-q', '--name', 'kube-apiserver'], environment)).stdout).toMatch(/^[0-9a-f]{64}\n$/)
  })

  test('a login on a terminal: typing, Ctrl-C, exit', async () => {
    const terminal = spawn(process.execPath, [bundle, 'ssh', 'worker-1'], { env: { ...(process.env as Record<string, string>), ...environment }, cols: 100, rows: 30 })
    let printed = ''
    terminal.onData((data) => (printed += data))
    const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)))
    const shows = async (text: string): Promise<void> => {
      await expect.poll(() => printed, { timeout: 10_000 }).toContain(text)
      printed = ''
    }
    await shows('root@worker-1:~# ')
    terminal.write('echo $((6*7)); sleep 600\r')
    await shows('\n42\r')
    terminal.write('\x03')
    await shows('root@worker-1:~# ')
    terminal.write('exit 7\r')
    await shows('Connection to worker-1 closed.')
    expect(await ended).toBe(7)
  })
})
