import type { FakeCluster } from './fake-cluster.ts'

/** What processes show under their topics, in the shapes of the real components. */
export function fakeTopics(_cluster: FakeCluster): (processId: string, topic: string) => unknown {
  return () => undefined
}
