/** Which labels a kubelet may give its own node. */
type Labels = Readonly<Record<string, string>> | undefined

/** Labels that steer workloads, and that kubelets set nevertheless. */
const kubeletLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
])

/** Labels that differ and that only others may set. Sorted. */
export function forbiddenLabelChanges(now: Labels, before: Labels): string[] {
  const changed = new Set([...Object.keys(now ?? {}), ...Object.keys(before ?? {})].filter((label) => now?.[label] !== before?.[label]))
  return [...changed].filter((label) => !isKubelets(label)).sort()
}

function isKubelets(label: string): boolean {
  const slash = label.indexOf('/')
  const prefix = slash < 0 ? '' : label.slice(0, slash)
  const isOf = (domain: string): boolean => prefix === domain || prefix.endsWith(`.${domain}`)
  if (isOf('node-restriction.kubernetes.io')) return false
  if (!isOf('kubernetes.io') && !isOf('k8s.io')) return true
  return kubeletLabels.has(label) || isOf('kubelet.kubernetes.io') || isOf('node.kubernetes.io')
}
