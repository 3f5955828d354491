import type { HttpTransport } from '../../kernel/http.ts'
import { CloudError, type Instance, type LoadBalancer, type LoadBalancerRequest, type NodeGroup, type Route } from './cloud-api.ts'

/** The cloud's API as its customers call it. Failures are CloudErrors, or the network's own. */
export interface Cloud {
  instances(): Promise<readonly Instance[]>
  /** By id or name. */
  instance(idOrName: string): Promise<Instance | undefined>
  terminate(idOrName: string): Promise<void>
  routes(): Promise<readonly Route[]>
  putRoute(route: Route): Promise<void>
  deleteRoute(name: string): Promise<void>
  loadBalancers(): Promise<readonly LoadBalancer[]>
  loadBalancer(name: string): Promise<LoadBalancer | undefined>
  putLoadBalancer(name: string, request: LoadBalancerRequest): Promise<LoadBalancer>
  /** No error when it is gone already. */
  deleteLoadBalancer(name: string): Promise<void>
  nodeGroups(): Promise<readonly NodeGroup[]>
  resizeNodeGroup(name: string, target: number): Promise<void>
}

const timeoutMs = 30_000

/** A client of the cloud's API over any transport; `agent` is how it names itself. */
export function cloudClient(transport: HttpTransport, agent: string): Cloud {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await transport.request(
      { method, path: `/v1/${path}`, headers: { 'user-agent': agent }, ...(body === undefined ? {} : { body }) },
      { kind: method === 'GET' ? 'read' : 'write', timeoutMs },
    )
    if (response.status < 400) return response.body
    const { code, message } = (response.body ?? {}) as { code?: string; message?: string }
    throw new CloudError(response.status, code ?? 'Unknown', message ?? `status ${response.status}`)
  }
  const list = async <T>(path: string): Promise<readonly T[]> => ((await call('GET', path)) as { items: readonly T[] }).items
  const one = async <T>(path: string): Promise<T | undefined> =>
    (call('GET', path) as Promise<T>).catch((error: unknown) => {
      if (error instanceof CloudError && error.status === 404) return undefined
      throw error
    })
  const gone = async (path: string): Promise<void> => {
    await call('DELETE', path).catch((error: unknown) => {
      if (!(error instanceof CloudError && error.status === 404)) throw error
    })
  }
  return {
    instances: () => list('instances'),
    instance: (id) => one(`instances/${id}`),
    terminate: (id) => gone(`instances/${id}`),
    routes: () => list('routes'),
    putRoute: async (route) => void (await call('PUT', `routes/${route.name}`, route)),
    deleteRoute: (name) => gone(`routes/${name}`),
    loadBalancers: () => list('load-balancers'),
    loadBalancer: (name) => one(`load-balancers/${name}`),
    putLoadBalancer: async (name, request) => (await call('PUT', `load-balancers/${name}`, request)) as LoadBalancer,
    deleteLoadBalancer: (name) => gone(`load-balancers/${name}`),
    nodeGroups: () => list('node-groups'),
    resizeNodeGroup: async (name, target) => void (await call('PUT', `node-groups/${name}`, { target })),
  }
}
