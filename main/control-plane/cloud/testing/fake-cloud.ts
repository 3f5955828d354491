import { CloudError, cloudProviderName, type Instance, type LoadBalancer, type LoadBalancerRequest, type NodeGroup, type Route } from '../cloud-api.ts'
import type { Cloud } from '../cloud-client.ts'

/** A cloud that answers at once, for tests of controllers. `failing` names methods that fail. */
export class FakeCloud implements Cloud {
  readonly machines = new Map<string, Instance>()
  readonly table = new Map<string, Route>()
  readonly balancers = new Map<string, LoadBalancer>()
  readonly groups = new Map<string, NodeGroup>()
  readonly failing = new Set<keyof Cloud>()
  readonly calls: string[] = []

  rent(name: string, zone = 'orbit-1a', state: Instance['state'] = 'running', group = ''): Instance {
    const id = `i-${name}`
    const instance: Instance = { id, name, providerId: `${cloudProviderName}://${zone}/${id}`, type: 'standard-4-8', region: 'orbit-1', zone, address: '192.168.64.11', state, group, launchedAt: 0 }
    this.machines.set(name, instance)
    return instance
  }

  instances(): Promise<readonly Instance[]> {
    return this.#answer('instances', () => [...this.machines.values()])
  }

  instance(idOrName: string): Promise<Instance | undefined> {
    return this.#answer('instance', () => [...this.machines.values()].find(({ id, name }) => id === idOrName || name === idOrName))
  }

  terminate(idOrName: string): Promise<void> {
    return this.#answer('terminate', () => {
      const found = [...this.machines.values()].find(({ id, name }) => id === idOrName || name === idOrName)
      if (found) this.machines.delete(found.name)
    })
  }

  routes(): Promise<readonly Route[]> {
    return this.#answer('routes', () => [...this.table.values()])
  }

  putRoute(route: Route): Promise<void> {
    return this.#answer('putRoute', () => void this.table.set(route.name, route))
  }

  deleteRoute(name: string): Promise<void> {
    return this.#answer('deleteRoute', () => void this.table.delete(name))
  }

  loadBalancers(): Promise<readonly LoadBalancer[]> {
    return this.#answer('loadBalancers', () => [...this.balancers.values()])
  }

  loadBalancer(name: string): Promise<LoadBalancer | undefined> {
    return this.#answer('loadBalancer', () => this.balancers.get(name))
  }

  putLoadBalancer(name: string, request: LoadBalancerRequest): Promise<LoadBalancer> {
    return this.#answer('putLoadBalancer', () => {
      const made: LoadBalancer = { ...request, name, address: this.balancers.get(name)?.address ?? (request.address || `203.0.113.${this.balancers.size + 1}`), healthyTargets: [] }
      this.balancers.set(name, made)
      return made
    })
  }

  deleteLoadBalancer(name: string): Promise<void> {
    return this.#answer('deleteLoadBalancer', () => void this.balancers.delete(name))
  }

  nodeGroups(): Promise<readonly NodeGroup[]> {
    return this.#answer('nodeGroups', () => [...this.groups.values()])
  }

  /** Orders what is missing; the machines stay pending. */
  resizeNodeGroup(name: string, target: number): Promise<void> {
    return this.#answer('resizeNodeGroup', () => {
      this.groups.set(name, { ...this.groups.get(name)!, target })
      const members = [...this.machines.values()].filter(({ group }) => group === name).length
      for (let index = members; index < target; index++) this.rent(`${name}-${index}`, 'orbit-1a', 'pending', name)
    })
  }

  async #answer<T>(method: keyof Cloud, run: () => T): Promise<T> {
    this.calls.push(method)
    if (this.failing.has(method)) throw new CloudError(503, 'InternalError', 'not today')
    return run()
  }
}
