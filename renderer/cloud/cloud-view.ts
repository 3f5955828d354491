/** What the provider's process shows under `cloud`. */
export interface CloudView {
  readonly region: string
  readonly zones: readonly string[]
  readonly trouble: { readonly latencyMs: number; readonly errorRate: number }
  readonly instances: readonly InstanceRow[]
  readonly routes: readonly unknown[]
  readonly loadBalancers: readonly LoadBalancerRow[]
  readonly nodeGroups: readonly { readonly name: string; readonly min: number; readonly max: number; readonly target: number; readonly type: string }[]
  readonly calls: readonly { readonly operation: string; readonly count: number; readonly failed: number }[]
}

export interface InstanceRow {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly zone: string
  readonly address: string
  readonly state: 'pending' | 'running' | 'stopped'
  readonly group: string
}

export interface LoadBalancerRow {
  readonly name: string
  readonly description: string
  readonly address: string
  readonly ports: readonly { readonly protocol: string; readonly port: number; readonly nodePort: number }[]
  readonly targets: readonly string[]
  readonly healthyTargets: readonly string[]
  readonly connections: number
  readonly hostPorts: readonly { readonly port: number; readonly hostPort: number }[]
}

/** Where the host reaches a load balancer: `127.0.0.1:30395`. */
export function hostAddresses(row: LoadBalancerRow): string {
  return row.hostPorts.map(({ port, hostPort }) => `127.0.0.1:${hostPort}${row.hostPorts.length > 1 ? ` (${port})` : ''}`).join(', ')
}

/** How the provider does, in one sentence. */
export function troubleText({ latencyMs, errorRate }: CloudView['trouble']): string {
  if (latencyMs === 0 && errorRate === 0) return 'The provider answers as it should.'
  const parts = [...(latencyMs > 0 ? [`every answer ${latencyMs / 1_000} s late`] : []), ...(errorRate > 0 ? [errorRate >= 1 ? 'every request fails' : `${Math.round(errorRate * 100)} % of the requests fail`] : [])]
  return `The provider is in trouble: ${parts.join(', ')}.`
}
