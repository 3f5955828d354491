import { SimulatedDisk } from '../kernel/disk.ts'
import { HttpClient } from '../kernel/http.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Machine, type Process } from '../kernel/machine.ts'
import type { Endpoint, FlowFilter, Network } from '../kernel/network.ts'

export interface LoadBalancerOptions {
  readonly address: string
  readonly port: number
  /** Machines that an API server may run on. */
  readonly backends: readonly { readonly machine: string; readonly address: string }[]
}

/** How often each backend is asked and how long it may take to answer; after a failure, and while no backend answers, it is asked sooner. Two
 *  failures leave it out, one answer takes it back: quick settings of what kubeadm's guide to high availability puts into HAProxy. */
const checkPeriodMs = 1_000
const soonMs = 250
const checkTimeoutMs = 1_000
const failuresMax = 2

/** What kubeadm calls the control-plane endpoint: one address before several API servers. It stands outside the cluster, as it does in life,
 *  asks every server's /readyz, and passes each new connection on to the next one that answers. It works on connections,
 *  not on what they carry (as LVS or a cloud's network load balancer do): one that stands goes on without it, and ends with its server. */
export class LoadBalancer {
  readonly machine: Machine
  readonly #options: LoadBalancerOptions
  readonly #healthy = new Set<string>()
  #turn = 0

  constructor(kernel: Kernel, network: Network, options: LoadBalancerOptions) {
    this.machine = new Machine(network, 'load-balancer', options.address, new SimulatedDisk(kernel, 'load-balancer'))
    this.#options = options
  }

  get endpoint(): Endpoint {
    return { address: this.#options.address, port: this.#options.port }
  }

  /** Whether new connections are passed to the server on that machine. */
  isHealthy(machine: string): boolean {
    return this.#healthy.has(machine)
  }

  boot(): void {
    this.machine.start('load-balancer', (process) => {
      const forward: FlowFilter = (flow) => {
        if (flow.destination.address !== this.#options.address) return 'accept'
        const backend = flow.destination.port === this.#options.port ? this.#next() : undefined
        if (backend === undefined) return 'reject'
        flow.destination = { address: backend, port: this.#options.port }
        return 'accept'
      }
      const { ingress } = this.machine.stack
      ingress.push(forward)
      process.scope.onClose(() => {
        ingress.splice(ingress.indexOf(forward), 1)
        this.#healthy.clear()
      })
      for (const backend of this.#options.backends) this.#check(process, backend)
      process.expose('backends', () => this.#options.backends.map(({ machine, address }) => ({ machine, address, healthy: this.isHealthy(machine) })))
      return {}
    })
  }

  #next(): string | undefined {
    const living = this.#options.backends.filter(({ machine }) => this.#healthy.has(machine))
    return living[this.#turn++ % living.length]?.address
  }

  #check(process: Process, { machine, address }: { readonly machine: string; readonly address: string }): void {
    const client = new HttpClient(process, { address, port: this.#options.port })
    let failures = 0
    const again = (): void => void process.clock.afterUncaused(this.#healthy.size === 0 || failures === 1 ? soonMs : checkPeriodMs, look)
    const passed = (): void => {
      failures = 0
      if (!this.#healthy.has(machine)) {
        this.#healthy.add(machine)
        process.journal.info(`Server kube-apiserver/${machine} is UP`)
        process.changed('backends')
      }
      again()
    }
    const failed = (why: string): void => {
      failures++
      // A connection that hangs would hold up the next check too.
      client.close()
      if (failures >= failuresMax && this.#healthy.delete(machine)) {
        process.journal.warning(`Server kube-apiserver/${machine} is DOWN`, { reason: why })
        process.changed('backends')
      }
      again()
    }
    const look = (): void => {
      client.request({ method: 'GET', path: '/readyz', headers: { 'user-agent': 'load-balancer' } }, { kind: 'probe', timeoutMs: checkTimeoutMs }).then(
        ({ status }) => (status === 200 ? passed() : failed(`status ${status}`)),
        (error: Error) => failed(error.message),
      )
    }
    look()
  }
}
