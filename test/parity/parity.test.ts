import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptedDifferences } from './accepted-differences.ts'
import { applyCases } from './cases/apply.ts'
import { badInputCases } from './cases/bad-input.ts'
import { changeCases } from './cases/change.ts'
import { createCases } from './cases/create.ts'
import { deleteCases } from './cases/delete.ts'
import { getCases } from './cases/get.ts'
import { guideCases } from './cases/guide.ts'
import { inspectCases } from './cases/inspect.ts'
import { localCases } from './cases/local.ts'
import { nodeCases } from './cases/nodes.ts'
import { outputCases } from './cases/outputs.ts'
import { completionCases } from './cases/completion.ts'
import { copyCases } from './cases/copy.ts'
import { editCases } from './cases/edit.ts'
import { generatorCases } from './cases/generators.ts'
import { kustomizeCases } from './cases/kustomize.ts'
import { moreCases } from './cases/more.ts'
import { revisionCases } from './cases/revisions.ts'
import { sessionCases } from './cases/sessions.ts'
import { rolloutCases } from './cases/rollout.ts'
import { normalise } from './normalise.ts'
import type { ParityCase } from './parity-case.ts'
import { startParityLab, type ParityLab } from './parity-lab.ts'
import { runOurs, runReal, wordsOf, type Invocation, type Outcome } from './tools.ts'

/** Every command line is run by the real kubectl and by ours against one server, each in a namespace of its own; what they print
 *  and answer must be the same, but for what differs from run to run. */
const topics: Readonly<Record<string, readonly ParityCase[]>> = {
  inspect: inspectCases,
  local: localCases,
  create: createCases,
  apply: applyCases,
  get: getCases,
  outputs: outputCases,
  completion: completionCases,
  copy: copyCases,
  edit: editCases,
  generators: generatorCases,
  kustomize: kustomizeCases,
  more: moreCases,
  revisions: revisionCases,
  sessions: sessionCases,
  change: changeCases,
  delete: deleteCases,
  rollout: rolloutCases,
  'bad input': badInputCases,
  nodes: nodeCases,
  guide: guideCases,
}

let lab: ParityLab
let folder: string
beforeAll(async () => {
  lab = await startParityLab()
  folder = mkdtempSync(join(tmpdir(), 'parity-files-'))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await lab?.stop()
})

let counter = Date.now() % 100_000

interface Side {
  readonly namespace: string
  readonly folder: string
  readonly run: (invocation: Invocation) => Promise<Outcome>
}

interface Shown {
  readonly out: string
  readonly err: string
  readonly code: number
}

/** Runs a case with both tools; the differences, in words. */
async function play({ steps, files }: ParityCase): Promise<string[]> {
  const differences: string[] = []
  const id = `${counter++}`
  const sides: Side[] = [
    { namespace: `px-${id}-a`, folder: join(folder, `${id}-a`), run: runReal },
    { namespace: `px-${id}-b`, folder: join(folder, `${id}-b`), run: runOurs },
  ]
  for (const side of sides) {
    for (const [name, text] of Object.entries({ 'about.txt': '', ...files })) {
      mkdirSync(dirname(join(side.folder, name)), { recursive: true })
      writeFileSync(join(side.folder, name), text.replaceAll('$NS', side.namespace))
    }
    await runReal({ argv: ['create', 'namespace', side.namespace], kubeconfig: lab.kubeconfig, folder: side.folder })
  }
  try {
    for (const given of steps) {
      const step = typeof given === 'string' ? { run: given } : given
      const outcomes = await Promise.all(
        sides.map(async (side) => {
          const line = step.run.replaceAll('$NS', side.namespace).replaceAll('$FILES', side.folder)
          const words = wordsOf(line)
          const dash = words.indexOf('--')
          const at = dash < 0 ? words.length : dash
          const argv = step.bare ? words : [...words.slice(0, at), '-n', side.namespace, ...words.slice(at)]
          const outcome = await side.run({ argv, kubeconfig: lab.kubeconfig, folder: side.folder, ...(step.input === undefined ? {} : { input: step.input.replaceAll('$NS', side.namespace) }), ...(step.editor === undefined ? {} : { editor: step.editor }) })
          return { code: outcome.code, err: normalise(outcome.err, side.namespace, side.folder), out: normalise(outcome.out, side.namespace, side.folder) }
        }),
      )
      if (step.quiet || acceptedDifferences.some(({ run }) => (typeof run === 'string' ? run === step.run : run.test(step.run)))) continue
      const [real, ours] = outcomes as [Shown, Shown]
      const parts = (['out', 'err', 'code'] as const).filter((part) => real[part] !== ours[part])
      if (parts.length > 0) differences.push(`$ kubectl ${step.run}\n${parts.map((part) => `--- real ${part}\n${real[part]}\n+++ ours ${part}\n${ours[part]}`).join('\n')}`)
    }
  } finally {
    for (const side of sides) await runReal({ argv: ['delete', 'namespace', side.namespace, '--wait=false'], kubeconfig: lab.kubeconfig, folder: side.folder })
  }
  return differences
}

for (const [topic, cases] of Object.entries(topics)) {
  describe.concurrent(topic, () => {
    it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
      const differences = await play(one)
      if (differences.length > 0) throw new Error(`${differences.length} command lines differ\n\n${differences.join('\n')}`)
    })
  })
}

it('has at least 700 command lines', () => {
  const count = Object.values(topics).flat().flatMap(({ steps }) => steps).filter((step) => typeof step === 'string' || !step.quiet).length
  expect(count).toBeGreaterThanOrEqual(700)
})
