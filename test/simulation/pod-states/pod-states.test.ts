import { beforeAll, describe, expect, test } from 'vitest'
import { manifestNames, startPodStatesLab, type PodStatesLab } from './pod-states-lab.ts'
import { scenarios } from './scenarios.ts'
import { nodeStates, podStates, unreached, type PodState } from './states.ts'

const states = [...podStates, ...nodeStates]
const sightOf = (each: PodState): string => (nodeStates.includes(each) ? `node/worker-3 ${each.place} ${each.state}` : `pod/${each.manifest} ${each.place} ${each.state}`)

describe('states of pods', () => {
  let at: PodStatesLab

  beforeAll(async () => {
    at = await startPodStatesLab()
    for (const name of new Set(states.filter(({ after }) => !after || !scenarios[after]!.applies).map(({ manifest }) => manifest))) await at.apply(name)
    const done = new Set<string>()
    for (const { manifest, after } of states) {
      if (!after || done.has(`${after} ${manifest}`)) continue
      done.add(`${after} ${manifest}`)
      await scenarios[after]!.run(at, manifest)
    }
    const wanted = states.map(sightOf)
    for (let waitedMs = 0; waitedMs < 300_000 && !wanted.every((each) => at.seen.has(each)); waitedMs += 1_000) await at.lab.cluster.kernel.runFor(1_000)
  }, 120_000)

  test.each(states.map((each) => [each.place, each.state, each.manifest, each] as const))('%s %s is reached by %s', (_place, _state, manifest, each) => {
    const near = [...at.seen].filter((sight) => sight.startsWith(nodeStates.includes(each) ? 'node/worker-3 ' : `pod/${manifest} `))
    expect(near).toContain(sightOf(each))
  })

  test('what answers its gRPC liveness probe is left alone', () => {
    expect(at.seen).not.toContain('pod/grpc-probe event Killing')
    expect(at.seen).not.toContain('pod/grpc-probe event Unhealthy')
  })

  test('every manifest is of use', () => {
    expect(manifestNames().filter((name) => !states.some(({ manifest }) => manifest === name))).toEqual([])
  })

  /** `npx vitest run -u test/simulation/pod-states` writes it anew. */
  test('README.md is the table', async () => {
    await expect(readme()).toMatchFileSnapshot('README.md')
  })
})

function readme(): string {
  const rows = states.map(({ place, state, manifest, after, means }) => `| ${place} | ${state} | ${means} | [${manifest}](manifests/${manifest}.yaml)${after ? `, ${scenarios[after]!.text}` : ''} |`)
  return `# States of pods

Every state, reason, condition and event that a pod can come to on a node, and what its node shows of it, with a manifest that brings it there. pod-states.test.ts applies
the manifests to one simulated cluster, looks at all that a watcher is told, and writes this table from states.ts.

| Where | State | Means | Manifest |
| --- | --- | --- | --- |
${rows.join('\n')}

## Without a manifest

| State | Why |
| --- | --- |
${unreached.map((each) => `| ${each.state} | ${each.why} |`).join('\n')}
`
}
