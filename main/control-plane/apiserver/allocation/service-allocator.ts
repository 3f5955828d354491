import type { Service } from '../../../api/generated/types.ts'
import { patchAllocatedValues } from '../../../api/kinds/core/service-defaults.ts'
import { fieldInvalid } from '../../../api/machinery/field-error.ts'
import type { FieldError } from '../../../api/machinery/field-error.ts'
import type { KubeObject } from '../../../api/machinery/object.ts'
import { internalError, invalid } from '../../../api/machinery/status-error.ts'
import type { Random } from '../../../kernel/random.ts'
import type { StoreHooks } from '../registry/store-hooks.ts'
import type { WatchCache } from '../storage/watch-cache.ts'
import { cidrSize, formatIpv4, parseCidr, parseIpv4 } from './ipv4.ts'
import type { Cidr } from './ipv4.ts'
import { AllocationRange, reservedPart } from './range.ts'

export interface ServiceAllocatorOptions {
  readonly services: WatchCache
  readonly cidr: string
  readonly nodePorts: { readonly first: number; readonly last: number }
  readonly random: Random
}

/** Hands out cluster IPs and node ports. What is taken is learnt from the Services themselves, as upstream's repair loops do, so
 *  that it is right after a restart and with several servers. */
export class ServiceAllocator implements StoreHooks {
  readonly #options: ServiceAllocatorOptions
  readonly #cidr: Cidr
  readonly #addresses: AllocationRange
  readonly #ports: AllocationRange

  constructor(options: ServiceAllocatorOptions) {
    this.#options = options
    this.#cidr = parseCidr(options.cidr)
    const addresses = cidrSize(this.#cidr)
    // Neither the network's own address nor the last one is given away.
    this.#addresses = new AllocationRange(Math.min(addresses - 2, 2 ** 16), reservedPart(Math.min(addresses - 2, 2 ** 16), 256), options.random)
    const ports = options.nodePorts.last - options.nodePorts.first + 1
    this.#ports = new AllocationRange(ports, reservedPart(ports, 128), options.random)
    options.services.onChange((event) => {
      if (!event) return this.#readAnew()
      if (event.type === 'DELETED') this.#release(event.object as Service)
      else {
        if (event.previous) this.#releaseDropped(event.previous as Service, event.object as Service)
        this.#hold(event.object as Service)
      }
    })
  }

  /** The first address of the range: the kubernetes Service's. */
  get firstAddress(): string {
    return formatIpv4(this.#cidr.base + 1)
  }

  beginCreate(object: KubeObject, dryRun: boolean): (written: boolean) => void {
    return this.#allocate(object as Service, undefined, dryRun)
  }

  beginUpdate(object: KubeObject, old: KubeObject, dryRun: boolean): (written: boolean) => void {
    patchAllocatedValues(object as Service, old as Service)
    return this.#allocate(object as Service, old as Service, dryRun)
  }

  #allocate(service: Service, old: Service | undefined, dryRun: boolean): (written: boolean) => void {
    const undo: (() => void)[] = []
    const rollBack = (): void => {
      for (const step of undo.splice(0)) step()
    }
    try {
      this.#allocateAddress(service, old, undo)
      this.#allocatePorts(service, old, undo)
    } catch (error) {
      rollBack()
      throw error
    }
    return (written) => {
      if (!written || dryRun) rollBack()
    }
  }

  #allocateAddress(service: Service, old: Service | undefined, undo: (() => void)[]): void {
    const spec = (service.spec ??= {})
    if (spec.type === 'ExternalName') return
    this.#defaultFamilies(service)
    const given = spec.clusterIP ?? ''
    if (given === 'None') {
      spec.clusterIPs ??= ['None']
      return
    }
    if (given !== '') {
      if (old?.spec?.clusterIP === given) return
      const offset = this.#offsetOf(given)
      if (offset === undefined) throw this.#refused(service, [fieldInvalid('spec.clusterIPs', [given], `failed to allocate IP ${given}: the provided IP (${given}) is not in the valid range. The range of valid IPs is ${this.#cidr.text}`)])
      if (!this.#addresses.take(offset)) throw this.#refused(service, [fieldInvalid('spec.clusterIPs', [given], `failed to allocate IP ${given}: provided IP is already allocated`)])
      undo.push(() => this.#addresses.release(offset))
      spec.clusterIPs = [given]
      return
    }
    const offset = this.#addresses.takeAny()
    if (offset === undefined) throw internalError(`failed to allocate a serviceIP: range is full`)
    undo.push(() => this.#addresses.release(offset))
    spec.clusterIP = formatIpv4(this.#cidr.base + 1 + offset)
    spec.clusterIPs = [spec.clusterIP]
  }

  #defaultFamilies({ spec }: Service): void {
    if (!spec) return
    const headless = spec.clusterIP === 'None'
    if (!spec.ipFamilies?.length) spec.ipFamilies = ['IPv4']
    spec.ipFamilyPolicy ??= headless && !spec.selector ? 'RequireDualStack' : 'SingleStack'
  }

  #allocatePorts(service: Service, old: Service | undefined, undo: (() => void)[]): void {
    const spec = service.spec!
    const wanted = spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
    const mine = new Set((old?.spec?.ports ?? []).map((port) => port.nodePort).filter((port): port is number => Boolean(port)))
    /** A number may serve TCP and UDP of one Service. */
    const taken = new Map<number, Set<string>>()
    const { first, last } = this.#options.nodePorts
    const ports = spec.ports ?? []
    ports.forEach((port, index) => {
      if (!port.nodePort) return
      const protocol = port.protocol ?? 'TCP'
      const known = taken.get(port.nodePort)
      if (known) {
        if (known.has(protocol)) throw this.#refused(service, [fieldInvalid(`spec.ports[${index}].nodePort`, port.nodePort, 'provided port is already allocated')])
        known.add(protocol)
        return
      }
      taken.set(port.nodePort, new Set([protocol]))
      if (mine.has(port.nodePort)) return
      if (port.nodePort < first || port.nodePort > last) throw this.#refused(service, [fieldInvalid(`spec.ports[${index}].nodePort`, port.nodePort, `provided port is not in the valid range. The range of valid ports is ${first}-${last}`)])
      const offset = port.nodePort - first
      if (!this.#ports.take(offset)) throw this.#refused(service, [fieldInvalid(`spec.ports[${index}].nodePort`, port.nodePort, 'provided port is already allocated')])
      undo.push(() => this.#ports.release(offset))
    })
    if (!wanted) return
    for (const port of ports) {
      if (port.nodePort) continue
      const protocol = port.protocol ?? 'TCP'
      const shared = ports.find((other) => other !== port && other.port === port.port && other.nodePort && !taken.get(other.nodePort)?.has(protocol))
      if (shared?.nodePort) {
        port.nodePort = shared.nodePort
        taken.get(shared.nodePort)!.add(protocol)
        continue
      }
      const offset = this.#ports.takeAny()
      if (offset === undefined) throw internalError('failed to allocate a nodePort: range is full')
      undo.push(() => this.#ports.release(offset))
      port.nodePort = first + offset
      taken.set(port.nodePort, new Set([protocol]))
    }
  }

  #refused({ metadata }: Service, errors: readonly FieldError[]): Error {
    return invalid({ group: '', kind: 'Service' }, metadata.name ?? '', errors)
  }

  #offsetOf(address: string): number | undefined {
    const value = parseIpv4(address)
    if (value === undefined) return undefined
    const offset = value - this.#cidr.base - 1
    return offset >= 0 && offset < cidrSize(this.#cidr) - 2 ? offset : undefined
  }

  #readAnew(): void {
    this.#options.services.scan(undefined, (object) => {
      this.#hold(object as Service)
      return true
    })
  }

  #hold({ spec }: Service): void {
    const offset = spec?.clusterIP && spec.clusterIP !== 'None' ? this.#offsetOf(spec.clusterIP) : undefined
    if (offset !== undefined) this.#addresses.take(offset)
    for (const { nodePort } of spec?.ports ?? []) if (nodePort) this.#ports.take(nodePort - this.#options.nodePorts.first)
  }

  #release({ spec }: Service): void {
    const offset = spec?.clusterIP && spec.clusterIP !== 'None' ? this.#offsetOf(spec.clusterIP) : undefined
    if (offset !== undefined) this.#addresses.release(offset)
    for (const { nodePort } of spec?.ports ?? []) if (nodePort) this.#ports.release(nodePort - this.#options.nodePorts.first)
  }

  #releaseDropped(old: Service, now: Service): void {
    const address = old.spec?.clusterIP
    if (address && address !== now.spec?.clusterIP) {
      const offset = this.#offsetOf(address)
      if (offset !== undefined) this.#addresses.release(offset)
    }
    const kept = new Set((now.spec?.ports ?? []).map((port) => port.nodePort))
    for (const { nodePort } of old.spec?.ports ?? []) if (nodePort && !kept.has(nodePort)) this.#ports.release(nodePort - this.#options.nodePorts.first)
  }
}
