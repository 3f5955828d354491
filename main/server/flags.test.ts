import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseServeFlags, UsageError, type ServeFlags } from './flags.ts'

async function machines(...argv: string[]): Promise<string[]> {
  const { spec } = (await parseServeFlags(argv)) as ServeFlags
  return spec.machines.map(({ name }) => name)
}

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'orrery-flags-')), 'spec.yaml')
  writeFileSync(path, text)
  return path
}

describe('--spec', () => {
  test.each([
    [[], ['controlplane', 'worker-1', 'worker-2', 'worker-3']],
    [['--spec', 'standard', '--nodes', '1'], ['controlplane', 'worker-1']],
    [['--spec', 'single'], ['controlplane']],
    [['--spec', 'ha'], ['controlplane', 'controlplane-2', 'controlplane-3', 'worker-1', 'worker-2', 'worker-3']],
    [['--spec', 'ha', '--nodes', '0'], ['controlplane', 'controlplane-2', 'controlplane-3']],
    [['--spec', file('controlPlanes: 5\nnodes: 1\n')], ['controlplane', 'controlplane-2', 'controlplane-3', 'controlplane-4', 'controlplane-5', 'worker-1']],
    [['--spec', file('machines:\n- role: control-plane\n- {}\n')], ['controlplane', 'controlplane-2', 'worker-1']],
  ])('%j makes %j', async (argv, names) => {
    expect(await machines(...argv)).toEqual(names)
  })

  test.each([
    [['--spec', 'ha', '--nodes', '1001'], '--nodes has to be a whole number from 0 to 1000, not "1001"'],
    [['--spec', 'single', '--nodes', '1'], '--nodes goes with the standard and ha specs only'],
    [['--spec', file('a: 1\n'), '--nodes', '1'], '--nodes goes with the standard and ha specs only'],
    [['--spec', 'HA'], '--spec: cannot read HA: ENOENT'],
    [['--spec', file('controlPlanes: three\n')], /^--spec: .*: controlPlanes has to be a whole number from 1 to 100, not "three"$/],
    [['--spec', file('controlPlanes: [\n')], /^--spec: .+: [^\n]+$/],
  ])('%j is refused in one line', async (argv, message) => {
    const refusal = await parseServeFlags(argv).then(() => undefined, (error: unknown) => error)
    expect(refusal).toBeInstanceOf(UsageError)
    const text = (refusal as UsageError).message
    if (typeof message === 'string') expect(text).toBe(message)
    else expect(text).toMatch(message)
    expect(text).not.toContain('\n')
  })
})
