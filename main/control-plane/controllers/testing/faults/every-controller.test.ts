import { describe, expect, it } from 'vitest'
import { createPki } from '../../../apiserver/pki.node.ts'
import { testEpoch } from '../../../../api/client/testing/test-process.ts'
import { certificateAuthority } from '../../certificate-signing-request/authority.node.ts'
import { controllersOf } from '../../controllers.ts'
import { accessScenarios } from './access-scenarios.ts'
import { clusterScenarios } from './cluster-scenarios.ts'
import { kubeletRequest } from './kubelet-request.ts'
import { strayed } from './scenario.ts'
import { storageScenarios } from './storage-scenarios.ts'
import { workloadScenarios } from './workload-scenarios.ts'

const authority = certificateAuthority((await createPki({ now: testEpoch })).ca)
const scenarios = [...workloadScenarios, ...storageScenarios, ...accessScenarios(authority, kubeletRequest), ...clusterScenarios]

describe('whichever write fails, and however', () => {
  it.each(scenarios.map((scenario) => [scenario.story, scenario] as const))('%s', { timeout: 120_000 }, async (_story, scenario) => {
    const { tried, strays } = await strayed(scenario)
    expect(strays.map(({ fault }) => fault), JSON.stringify(strays[0], null, 1)).toEqual([])
    expect(tried).toBeGreaterThan(2)
  })
})

it('leaves no controller of the manager out', () => {
  const all = controllersOf({ signToken: () => '', rootCertificate: 'PEM', certificateAuthority: authority })
  const tried = new Set(scenarios.flatMap(({ controllers }) => controllers.map(({ name }) => name)))
  expect(all.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([])
})
