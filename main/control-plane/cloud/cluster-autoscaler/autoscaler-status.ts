import type { NodeGroup } from '../cloud-api.ts'

/** How it stands with one group. */
export interface GroupState {
  readonly group: NodeGroup
  readonly registered: number
  readonly ready: number
  readonly candidates: number
}

/** The text of ConfigMap cluster-autoscaler-status, in the shape that it has since 1.30, without the times of probes. Pure. */
export function statusText(groups: readonly GroupState[], everywhere: { readonly registered: number; readonly ready: number }): string {
  const growing = groups.some(({ group, registered }) => group.target > registered)
  const candidates = groups.reduce((sum, each) => sum + each.candidates, 0)
  const counts = (indent: string, registered: number, ready: number, target?: number): string[] => [
    `${indent}nodeCounts:`,
    `${indent}  registered:`,
    `${indent}    total: ${registered}`,
    `${indent}    ready: ${ready}`,
    `${indent}    notStarted: ${registered - ready}`,
    `${indent}  longUnregistered: 0`,
    `${indent}  unregistered: ${target === undefined ? 0 : Math.max(0, target - registered)}`,
  ]
  const down = (indent: string, count: number): string[] => [`${indent}scaleDown:`, `${indent}  status: ${count > 0 ? 'CandidatesPresent' : 'NoCandidates'}`, ...(count > 0 ? [`${indent}  candidates: ${count}`] : [])]
  return [
    'autoscalerStatus: Running',
    'clusterWide:',
    '  health:',
    '    status: Healthy',
    ...counts('    ', everywhere.registered, everywhere.ready),
    '  scaleUp:',
    `    status: ${growing ? 'InProgress' : 'NoActivity'}`,
    ...down('  ', candidates),
    'nodeGroups:',
    ...groups.flatMap(({ group, registered, ready, candidates: own }) => [
      `- name: ${group.name}`,
      '  health:',
      '    status: Healthy',
      ...counts('    ', registered, ready, group.target),
      `    cloudProviderTarget: ${group.target}`,
      `    minSize: ${group.min}`,
      `    maxSize: ${group.max}`,
      '  scaleUp:',
      `    status: ${group.target > registered ? 'InProgress' : 'NoActivity'}`,
      ...down('  ', own),
    ]),
    '',
  ].join('\n')
}
