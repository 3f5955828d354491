import { afterAll, beforeAll, expect, test } from 'vitest'
import { DrawnScreen } from '../../main/node/runtime/testing/drawn-screen.ts'
import { podKind } from '../../main/api/kinds/core/pod.ts'
import { bootedLab, type SimulatedLab } from './simulated-lab.ts'
import { runOnMachine, TestTerminal } from './test-terminal.ts'

let lab: SimulatedLab
beforeAll(async () => {
  lab = await bootedLab({ workers: 1 })
})
afterAll(() => lab.cluster.stop())

function drawn(terminal: TestTerminal): string[] {
  const screen = new DrawnScreen(120, 30)
  screen.write(terminal.text)
  return screen.lines
}

test('a static pod is written with vi on a node, changed, and taken away', async () => {
  const terminal = new TestTerminal(lab)
  await terminal.type('vi /etc/kubernetes/manifests/web.yaml\r')
  expect(drawn(terminal)[29]).toContain('"/etc/kubernetes/manifests/web.yaml" [New]')
  await terminal.type('iapiVersion: v1\rkind: Pod\rmetadata:\r  name: web\rspec:\r  containers:\r  - name: web\r    image: nginx:1.27\r')
  await terminal.type('\x1b')
  await terminal.type(':wq\r')
  const image = async (): Promise<string | undefined> => (await lab.client.get(podKind, 'web-worker-1', 'default').catch(() => undefined))?.spec?.containers[0]?.image
  await lab.until(async () => (await image()) === 'nginx:1.27', 60_000, 'the static pod')
  await terminal.type('vim +/image /etc/kubernetes/manifests/web.yaml\r')
  await terminal.type(':%s/1.27/1.29/\r:x\r')
  await lab.until(async () => (await image()) === 'nginx:1.29', 120_000, 'the changed static pod')
  await terminal.type('rm /etc/kubernetes/manifests/web.yaml\r')
  await lab.until(async () => (await image()) === undefined, 120_000, 'the static pod gone')
  terminal.close()
})

test('nano: types, cuts and pastes, searches, asks before it forgets', async () => {
  const terminal = new TestTerminal(lab)
  await terminal.type('nano /root/notes\r')
  expect(drawn(terminal)[0]).toMatch(/^ {2}GNU nano 7\.2 +\/root\/notes$/)
  await terminal.type('one\rtwo\rthree')
  expect(drawn(terminal).slice(0, 4)).toEqual([expect.stringMatching(/Modified$/), 'one', 'two', 'three'])
  await terminal.type('\x1b[A\x0b\x15\x15')
  await terminal.type('\x18')
  expect(drawn(terminal)[27]).toBe('Save modified buffer?')
  await terminal.type('y')
  expect(drawn(terminal)[27]).toBe('File Name to Write: /root/notes')
  await terminal.type('\r')
  terminal.close()
  expect((await runOnMachine(lab, 'cat /root/notes')).out).toBe('one\ntwo\ntwo\nthree\n')
})

test('less pages through what a command prints', async () => {
  const terminal = new TestTerminal(lab)
  await terminal.type('journalctl -u kubelet | less\r')
  expect(drawn(terminal)[0]).toContain('kubelet')
  await terminal.type('G')
  expect(drawn(terminal)[29]).toContain('(END)')
  await terminal.type('q')
  await terminal.type('echo back\r')
  expect(drawn(terminal).join('\n')).toContain('\nback\n')
  terminal.close()
})
