import type { Service, ServicePort } from '../../../api/generated/types.ts'
import { needsHealthCheckPort, needsNodePort, patchAllocatedValues } from '../../../api/kinds/core/service-defaults.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import type { FieldError } from '../../../api/machinery/field-error.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { internalError, invalid } from '../../../api/machinery/status-error.ts'
import type { Process } from '../../../kernel/machine.ts'
import type { StoreHooks } from '../registry/store-hooks.ts'
import type { Storage } from '../storage/storage.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import type { AddressClaims, Holder } from './address-claims.ts'
import { cidrSize, formatIpv4, parseCidr, parseIpv4 } from './ipv4.ts'
import type { Cidr } from './ipv4.ts'
import { PortClaims } from './port-claims.ts'
import { AllocationRange, reservedPart } from './range.ts'

export interface ServiceAllocatorOptions {
  readonly process: Process
  readonly storage: Storage
  readonly addresses: AddressClaims
  readonly services: WatchCache
  readonly cidr: string
  readonly nodePorts: { readonly first: number; readonly last: number }
}

/** Takes back what was taken, in the background: the repair finds what gets lost. */
type Undo = () => void

/** Hands out cluster IPs and node ports. Who has what is decided in etcd (`AddressClaims`, `PortClaims`), so that several servers never
 *  hand out the same; the addresses that this server has seen in Services only tell it where to try first. */
export class ServiceAllocator implements StoreHooks {
  readonly addresses: AddressClaims
  readonly ports: PortClaims
  readonly #options: ServiceAllocatorOptions
  readonly #cidr: Cidr
  /** Addresses that are probably taken. */
  #seen: AllocationRange

  constructor(options: ServiceAllocatorOptions) {
    this.#options = options
    this.addresses = options.addresses
    this.ports = new PortClaims(options.storage, options.nodePorts, options.process.random)
    this.#cidr = parseCidr(options.cidr)
    this.#seen = this.#nothingSeen()
    options.services.onChange((event) => {
      if (!event) return this.readAnew()
      const before = this.#seenOffset(event.previous)
      const now = event.type === 'DELETED' ? undefined : this.#seenOffset(event.object)
      if (before !== undefined && before !== now) this.#seen.release(before)
      if (now !== undefined) this.#seen.take(now)
    })
  }

  /** The first address of the range: the kubernetes Service's. */
  get firstAddress(): string {
    return formatIpv4(this.#cidr.base + 1)
  }

  beginCreate(object: KubeObject, dryRun: boolean): Promise<(written: boolean) => void> {
    return this.#allocate(object as Service, undefined, dryRun)
  }

  beginUpdate(object: KubeObject, old: KubeObject, dryRun: boolean): Promise<(written: boolean) => void> {
    patchAllocatedValues(object as Service, old as Service)
    return this.#allocate(object as Service, old as Service, dryRun)
  }

  afterDelete(object: KubeObject): void {
    this.#release(object as Service, undefined)
  }

  /** Forgets which addresses were seen and looks through the Services again. */
  readAnew(): void {
    this.#seen = this.#nothingSeen()
    this.#options.services.scan(undefined, (object) => {
      const offset = this.#seenOffset(object)
      if (offset !== undefined) this.#seen.take(offset)
      return true
    })
  }

  async #allocate(service: Service, old: Service | undefined, dryRun: boolean): Promise<(written: boolean) => void> {
    const undo: Undo[] = []
    const rollBack = (): void => {
      for (const step of undo.splice(0)) step()
    }
    try {
      await this.#allocateAddress(service, old, dryRun, undo)
      await this.#allocatePorts(service, old, dryRun, undo)
    } catch (error) {
      rollBack()
      throw error
    }
    return (written) => {
      if (!written) rollBack()
      else if (old) this.#release(old, service)
    }
  }

  async #allocateAddress(service: Service, old: Service | undefined, dryRun: boolean, undo: Undo[]): Promise<void> {
    const spec = (service.spec ??= {})
    if (spec.type === 'ExternalName') return
    defaultFamilies(service)
    const given = spec.clusterIP ?? ''
    if (given === 'None') {
      spec.clusterIPs ??= ['None']
      return
    }
    const holder = holderOf(service)
    if (given !== '') {
      if (old?.spec?.clusterIP === given) return
      if (this.#offsetOf(given) === undefined) throw refused(service, [fieldInvalid('spec.clusterIPs', [given], `failed to allocate IP ${given}: the provided IP (${given}) is not in the valid range. The range of valid IPs is ${this.#cidr.text}`)])
      const free = dryRun ? !(await this.addresses.isClaimed(given)) : await this.addresses.claim(given, holder)
      if (!free) throw refused(service, [fieldInvalid('spec.clusterIPs', [given], `failed to allocate IP ${given}: provided IP is already allocated`)])
      if (!dryRun) undo.push(() => this.#giveBack(given, holder))
      spec.clusterIPs = [given]
      return
    }
    for (;;) {
      const offset = this.#seen.takeAny()
      if (offset === undefined) throw internalError('failed to allocate a serviceIP: range is full')
      const address = formatIpv4(this.#cidr.base + 1 + offset)
      const free = dryRun ? !(await this.addresses.isClaimed(address)) : await this.addresses.claim(address, holder)
      // Another server gave it to somebody: it stays among those seen.
      if (!free) continue
      undo.push(() => {
        this.#seen.release(offset)
        if (!dryRun) this.#giveBack(address, holder)
      })
      spec.clusterIP = address
      spec.clusterIPs = [address]
      return
    }
  }

  async #allocatePorts(service: Service, old: Service | undefined, dryRun: boolean, undo: Undo[]): Promise<void> {
    const spec = service.spec!
    const needsHealthCheck = needsHealthCheckPort(service)
    if (!needsNodePort(service) && !needsHealthCheck && !(spec.ports ?? []).some((port) => port.nodePort)) return
    const mine = new Set(portsOf(old))
    if (isSettled(service, mine)) return
    const { ports, healthCheckNodePort, taken } = await this.ports.transact((range) => {
      const choice = new PortChoice(service, range, this.ports.first, mine)
      return { ports: choice.ports(needsNodePort(service)), healthCheckNodePort: needsHealthCheck ? choice.healthCheckPort() : undefined, taken: choice.taken }
    }, dryRun)
    if (spec.ports) spec.ports = ports
    if (healthCheckNodePort !== undefined) spec.healthCheckNodePort = healthCheckNodePort
    if (!dryRun && taken.length > 0) undo.push(() => this.#giveBackPorts(taken))
  }

  /** Gives back what `old` had and `now` no longer has. */
  #release(old: Service, now: Service | undefined): void {
    const address = old.spec?.clusterIP
    if (address && address !== now?.spec?.clusterIP && this.#offsetOf(address) !== undefined) this.#giveBack(address, holderOf(old))
    const kept = new Set(portsOf(now))
    const dropped = portsOf(old).filter((port) => !kept.has(port))
    if (dropped.length > 0) this.#giveBackPorts(dropped)
  }

  #giveBack(address: string, holder: Holder): void {
    this.addresses.release(address, holder).catch((error: unknown) => this.#options.process.journal.warning('Unable to release an address, leaving it to the repair', { address, err: error }))
  }

  #giveBackPorts(ports: readonly number[]): void {
    this.ports
      .transact((range) => {
        for (const port of ports) range.release(port - this.ports.first)
      })
      .catch((error: unknown) => this.#options.process.journal.warning('Unable to release node ports, leaving them to the repair', { ports, err: error }))
  }

  #nothingSeen(): AllocationRange {
    // Neither the network's own address nor the last one is given away.
    const size = Math.min(cidrSize(this.#cidr) - 2, 2 ** 16)
    return new AllocationRange(size, reservedPart(size, 256), this.#options.process.random)
  }

  #seenOffset(object: KubeObject | undefined): number | undefined {
    const address = (object as Service | undefined)?.spec?.clusterIP
    return address && address !== 'None' ? this.#offsetOf(address) : undefined
  }

  #offsetOf(address: string): number | undefined {
    const value = parseIpv4(address)
    if (value === undefined) return undefined
    const offset = value - this.#cidr.base - 1
    return offset >= 0 && offset < cidrSize(this.#cidr) - 2 ? offset : undefined
  }
}

/** Chooses a Service's node ports in a range, without changing the Service. */
class PortChoice {
  readonly taken: number[] = []
  readonly #service: Service
  readonly #range: AllocationRange
  readonly #first: number
  readonly #mine: ReadonlySet<number>

  constructor(service: Service, range: AllocationRange, first: number, mine: ReadonlySet<number>) {
    this.#service = service
    this.#range = range
    this.#first = first
    this.#mine = mine
  }

  /** The ports as they shall be. `wanted`: those without a node port get one. */
  ports(wanted: boolean): ServicePort[] {
    /** A number may serve TCP and UDP of one Service. */
    const used = new Map<number, Set<string>>()
    const ports = (this.#service.spec?.ports ?? []).map((port) => ({ ...port }))
    ports.forEach((port, index) => {
      if (!port.nodePort) return
      const protocol = port.protocol ?? 'TCP'
      const known = used.get(port.nodePort)
      if (known) {
        if (known.has(protocol)) throw this.#alreadyAllocated(`spec.ports[${index}].nodePort`, port.nodePort)
        known.add(protocol)
        return
      }
      used.set(port.nodePort, new Set([protocol]))
      this.#takeGiven(`spec.ports[${index}].nodePort`, port.nodePort)
    })
    if (!wanted) return ports
    for (const port of ports) {
      if (port.nodePort) continue
      const protocol = port.protocol ?? 'TCP'
      const shared = ports.find((other) => other !== port && other.port === port.port && other.nodePort && !used.get(other.nodePort)?.has(protocol))
      if (shared?.nodePort) {
        port.nodePort = shared.nodePort
        used.get(shared.nodePort)!.add(protocol)
        continue
      }
      port.nodePort = this.#takeAny('failed to allocate a nodePort')
      used.set(port.nodePort, new Set([protocol]))
    }
    return ports
  }

  healthCheckPort(): number {
    const given = this.#service.spec?.healthCheckNodePort
    if (!given) return this.#takeAny('failed to allocate a HealthCheck NodePort')
    this.#takeGiven('spec.healthCheckNodePort', given)
    return given
  }

  #takeGiven(field: string, port: number): void {
    if (this.#mine.has(port)) return
    const offset = port - this.#first
    if (offset < 0 || offset >= this.#range.size) throw refused(this.#service, [fieldInvalid(field, port, `provided port is not in the valid range. The range of valid ports is ${this.#first}-${this.#first + this.#range.size - 1}`)])
    if (!this.#range.take(offset)) throw this.#alreadyAllocated(field, port)
    this.taken.push(port)
  }

  #takeAny(failure: string): number {
    const offset = this.#range.takeAny()
    if (offset === undefined) throw internalError(`${failure}: range is full`)
    this.taken.push(this.#first + offset)
    return this.#first + offset
  }

  #alreadyAllocated(field: string, port: number): Error {
    return refused(this.#service, [fieldInvalid(field, port, 'provided port is already allocated')])
  }
}

function defaultFamilies({ spec }: Service): void {
  if (!spec) return
  const headless = spec.clusterIP === 'None'
  if (!spec.ipFamilies?.length) spec.ipFamilies = ['IPv4']
  spec.ipFamilyPolicy ??= headless && !spec.selector ? 'RequireDualStack' : 'SingleStack'
}

function holderOf({ metadata }: Service): Holder {
  return { namespace: metadata.namespace ?? '', name: metadata.name ?? '' }
}

/** Every port of the range that a Service has. */
export function portsOf(service: Service | undefined): number[] {
  const { ports = [], healthCheckNodePort } = service?.spec ?? {}
  const numbers = ports.map(({ nodePort }) => nodePort)
  return [...new Set([...numbers, healthCheckNodePort].filter((port): port is number => Boolean(port)))]
}

/** Whether a Service has all that it needs, and had it before. */
function isSettled(service: Service, mine: ReadonlySet<number>): boolean {
  const { ports = [], healthCheckNodePort } = service.spec ?? {}
  if (needsHealthCheckPort(service) && !(healthCheckNodePort && mine.has(healthCheckNodePort))) return false
  const numbers = ports.map(({ nodePort }) => nodePort)
  return new Set(numbers).size === numbers.length && numbers.every((port) => (port ? mine.has(port) : !needsNodePort(service)))
}

function refused({ metadata }: Service, errors: readonly FieldError[]): Error {
  return invalid({ group: '', kind: 'Service' }, metadata.name ?? '', errors)
}
