import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { NodeUnderTest } from '../../main/node/runtime/testing/node-under-test.ts'

/** The shells of containers beside the real ones: the same scripts, the same output and exit code, and complaints from both
 *  or neither. A script that starts with `#bash` is for bash alone. */

const scripts = readFileSync(new URL('shell-scripts.txt', import.meta.url), 'utf8').split('\n----\n')
const available = (name: string): boolean => spawnSync(name, ['-c', 'exit 0']).status === 0

for (const shell of ['bash', 'dash']) {
  test.skipIf(!available(shell))(`${shell}: every script does what the real one does`, async () => {
    const node = new NodeUnderTest()
    const { containerId } = await node.run('debian', { command: ['sleep', '100000000'] })
    const different: unknown[] = []
    for (const script of scripts) {
      if (script.startsWith('#bash\n') && shell !== 'bash') continue
      const real = spawnSync(shell, ['-c', script], { encoding: 'utf8', cwd: '/', env: { PATH: process.env.PATH, HOME: '/root', LC_ALL: 'C' }, timeout: 10_000 })
      const mine = await node.exec(containerId, shell, '-c', script)
      const seen = { code: mine.code, out: mine.out, complains: mine.err !== '' }
      const wanted = { code: real.status, out: real.stdout, complains: real.stderr !== '' }
      if (JSON.stringify(seen) !== JSON.stringify(wanted)) different.push({ script, wanted, seen, said: mine.err })
    }
    expect(different).toEqual([])
  })
}
