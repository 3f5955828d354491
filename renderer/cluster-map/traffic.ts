import type { TrafficKind } from '../../preload/contract/observe.ts'

/** The few kinds of traffic that a person tells apart on the map. */
export type TrafficGroup = 'read' | 'write' | 'watch' | 'storage' | 'node' | 'heartbeat' | 'probe' | 'user'

export const trafficGroups: readonly { readonly group: TrafficGroup; readonly title: string; readonly says: string }[] = [
  { group: 'read', title: 'Reads', says: 'Get and list requests' },
  { group: 'write', title: 'Writes', says: 'Create, update, patch and delete requests' },
  { group: 'watch', title: 'Watch events', says: 'Changes that the API server tells its watchers' },
  { group: 'storage', title: 'Storage', says: 'Between the API server and etcd, and among etcd members' },
  { group: 'node', title: 'Runtime', says: 'CRI calls, logs and terminals on nodes' },
  { group: 'user', title: 'Pod traffic', says: 'What the programs in pods send' },
  { group: 'probe', title: 'Probes, DNS', says: 'Health probes and name look-ups' },
  { group: 'heartbeat', title: 'Heartbeats', says: 'Leases and node status' },
]

const groupByKind: Readonly<Record<TrafficKind, TrafficGroup>> = {
  read: 'read',
  write: 'write',
  event: 'write',
  watch: 'watch',
  storage: 'storage',
  raft: 'storage',
  cri: 'node',
  log: 'node',
  stream: 'node',
  heartbeat: 'heartbeat',
  probe: 'probe',
  dns: 'probe',
  traffic: 'user',
}

export function trafficGroup(kind: TrafficKind): TrafficGroup {
  return groupByKind[kind] ?? 'node'
}
