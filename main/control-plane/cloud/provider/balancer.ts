import { HttpClient } from '../../../kernel/http.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { Flow, NetworkStack, Verdict } from '../../../kernel/network.ts'
import type { LoadBalancer, LoadBalancerRequest } from '../cloud-api.ts'
import { inRanges } from './source-ranges.ts'

const checkPeriodMs = 5_000
/** While a target's state is not known, or about to change. */
const soonMs = 1_000
const checkTimeoutMs = 2_000
const failuresMax = 2

interface Target {
  healthy: boolean
  stop(): void
}

/** One load balancer: an address of its own that passes each new connection to the node port of the next healthy target. It works on
 *  connections, as a network load balancer does: one that stands goes on without it. The client's address is kept. */
export class Balancer {
  readonly name: string
  readonly address: string
  readonly #process: Process
  readonly #stack: NetworkStack
  readonly #addressOf: (target: string) => string | undefined
  readonly #changed: () => void
  readonly #targets = new Map<string, Target>()
  #request: LoadBalancerRequest
  #turn = 0
  #connections = 0
  #closed = false

  constructor(process: Process, name: string, address: string, request: LoadBalancerRequest, addressOf: (target: string) => string | undefined, changed: () => void) {
    this.name = name
    this.address = address
    this.#process = process
    this.#addressOf = addressOf
    this.#changed = changed
    this.#request = request
    const { network, name: machine } = process.machine
    this.#stack = network.createStack(machine, `${machine}/${request.description}`, [address])
    this.#stack.ingress.push((flow) => this.#forward(flow))
    this.update(request)
  }

  /** Connections that were passed on. */
  get connections(): number {
    return this.#connections
  }

  view(): LoadBalancer {
    const { description, ports, targets, healthCheck, sourceRanges } = this.#request
    return { name: this.name, address: this.address, description, ports, targets, healthCheck, sourceRanges, healthyTargets: targets.filter((target) => this.#targets.get(target)?.healthy) }
  }

  update(request: LoadBalancerRequest): void {
    const sameCheck = request.healthCheck.port === this.#request.healthCheck.port && request.healthCheck.path === this.#request.healthCheck.path
    this.#request = request
    for (const [name, target] of this.#targets) {
      if (sameCheck && request.targets.includes(name)) continue
      target.stop()
      this.#targets.delete(name)
    }
    for (const name of request.targets) if (!this.#targets.has(name)) this.#targets.set(name, this.#watch(name))
  }

  close(): void {
    this.#closed = true
    for (const target of this.#targets.values()) target.stop()
    this.#targets.clear()
    this.#process.machine.network.release(this.#stack)
  }

  #forward(flow: Flow): Verdict {
    const { ports, targets, sourceRanges } = this.#request
    const port = ports.find((each) => each.port === flow.destination.port && each.protocol.toLowerCase() === flow.protocol)
    if (!port) return 'reject'
    if (!inRanges(flow.sourceAddress, sourceRanges)) return 'drop'
    const healthy = targets.filter((target) => this.#targets.get(target)?.healthy)
    const address = healthy.length === 0 ? undefined : this.#addressOf(healthy[this.#turn++ % healthy.length]!)
    if (address === undefined) return 'reject'
    this.#connections++
    flow.destination = { address, port: port.nodePort }
    return 'accept'
  }

  #watch(name: string): Target {
    const { clock, journal } = this.#process
    const { port, path } = this.#request.healthCheck
    const client = new HttpClient(this.#process, () => ({ address: this.#addressOf(name) ?? '0.0.0.0', port }))
    let failures = 0
    let stopped = false
    let timer: { cancel(): void } | undefined
    const target: Target = {
      healthy: false,
      stop: () => {
        stopped = true
        timer?.cancel()
        client.close()
      },
    }
    const heard = (problem: string | undefined): void => {
      if (stopped || this.#closed) return
      const was = target.healthy
      if (problem === undefined) failures = 0
      else {
        failures++
        client.close()
      }
      if (problem === undefined) target.healthy = true
      else if (failures >= failuresMax) target.healthy = false
      if (was !== target.healthy) {
        journal.info(target.healthy ? 'Target is healthy' : 'Target is unhealthy', { loadBalancer: this.name, target: name, ...(problem === undefined ? {} : { reason: problem }) })
        this.#changed()
      }
      timer = clock.afterUncaused(target.healthy && failures === 0 ? checkPeriodMs : soonMs, look)
    }
    const look = (): void => {
      client.request({ method: 'GET', path, headers: { 'user-agent': 'load-balancer-health-check' } }, { kind: 'probe', timeoutMs: checkTimeoutMs }).then(
        ({ status }) => heard(status === 200 ? undefined : `status ${status}`),
        (error: Error) => heard(error.message),
      )
    }
    timer = clock.afterUncaused(0, look)
    return target
  }
}
