import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runScripted, type Answers } from './scripted.ts'

interface Transcript {
  readonly answers: Answers
  readonly cases: readonly { readonly argv: readonly string[]; readonly now: number; readonly stdout: string; readonly stderr: string; readonly code: number }[]
}

/** What the real kubectl printed (recorded), against what ours prints for the same answers of the server. */
describe.each(['describe', 'describe-more', 'logs', 'events'])('kubectl %s prints what was recorded', (name) => {
  const { answers, cases } = JSON.parse(readFileSync(new URL(`./transcripts/${name}.json`, import.meta.url), 'utf8')) as Transcript
  it.each(cases.map((one) => [one.argv.join(' '), one] as const))('%s', async (_, { argv, now, ...printed }) => {
    expect(await runScripted({ answers, argv, now })).toEqual(printed)
  })
})
