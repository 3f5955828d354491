import { describe, expect, it } from 'vitest'
import { startServer } from '../testing/start-server.ts'

describe('discovery', () => {
  it('says in what form objects are stored, as upstream does', async () => {
    const { call } = await startServer()
    const hashes = async (path: string): Promise<Record<string, string>> =>
      Object.fromEntries((await call('GET', path)).json.resources.filter((each: { storageVersionHash?: string }) => each.storageVersionHash).map((each: { name: string; storageVersionHash: string }) => [each.name, each.storageVersionHash]))
    // The values that every Kubernetes cluster shows.
    expect(await hashes('/api/v1')).toMatchObject({ pods: 'xPOwRZ+Yhw8=', services: '0/CO1lhkEBI=', namespaces: 'Q3oi5N2YM8M=', secrets: 'S6u1pOWzb84=', configmaps: 'qFsyl6wFWjQ=', nodes: 'XwShjMxG9Fs=', events: 'r2yiGXH7wu8=' })
    expect(await hashes('/apis/apps/v1')).toMatchObject({ deployments: '8aSe+NMegvE=', replicasets: 'P1RzHs8/mWQ=', statefulsets: 'H+vl74LkKdo=', daemonsets: 'dd7pWHUlMKQ=' })
    expect((await hashes('/apis/events.k8s.io/v1'))['events']).toBe('r2yiGXH7wu8=')
    expect(await hashes('/apis/networking.k8s.io/v1')).toMatchObject({ ingresses: '39NQlfNR+bo=', networkpolicies: 'YpfwF18m1G8=' })
  })
})
