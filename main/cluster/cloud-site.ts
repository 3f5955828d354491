import { typeOf, CloudProvider, cloudPort, type InstanceHost } from '../control-plane/cloud/provider/cloud-provider.ts'
import type { CloudTrouble } from '../control-plane/cloud/cloud-api.ts'
import { SimulatedDisk } from '../kernel/disk.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { Machine } from '../kernel/machine.ts'
import type { Endpoint, Network } from '../kernel/network.ts'
import type { CloudSpec } from './cloud-spec.ts'
import type { ClusterSpec, MachineSpec } from './spec.ts'

/** A fault of the cloud's: an instance is gone, or the provider behaves badly. */
export type CloudFault =
  | { readonly type: 'terminateInstance'; readonly instance: string }
  | { readonly type: 'cloudTrouble'; readonly trouble: CloudTrouble }

/** Where the provider stands: outside the addresses that machines get. */
const providerAddress = '192.168.64.2'
export const cloudEndpoint: Endpoint = { address: providerAddress, port: cloudPort }
const providerProcess = 'cloud-provider'
const restartMs = 2_000

/** The provider's own site: a machine outside the cluster on which its process runs, and is started again when it dies. */
export class CloudSite {
  readonly machine: Machine
  readonly provider: CloudProvider

  constructor(kernel: Kernel, network: Network, spec: ClusterSpec, cloud: CloudSpec, host: InstanceHost) {
    this.machine = new Machine(network, 'cloud', providerAddress, new SimulatedDisk(kernel, 'cloud'))
    this.provider = new CloudProvider({
      region: cloud.region,
      zones: cloud.zones,
      instances: spec.machines.map((machine) => ({ name: machine.name, address: machine.address, zone: zoneOf(spec, cloud, machine), type: typeOf(machine) })),
      groups: cloud.nodeGroups.map(({ name, min, max, cpuMillis, memoryBytes, podsMax, labels }) => ({ name, min, max, template: { cpuMillis, memoryBytes, storageBytes: storageOf(spec), podsMax, labels, taints: [] } })),
      host,
    })
  }

  boot(): void {
    this.machine.start(providerProcess, (process) => {
      process.scope.onClose(() => {
        this.machine.kernel.schedule(restartMs, () => {
          if (this.machine.poweredOn && !this.machine.process(providerProcess)) this.boot()
        })
      })
      return this.provider.program()(process)
    })
  }
}

/** Machines of a role are spread over the zones in turn. */
function zoneOf(spec: ClusterSpec, cloud: CloudSpec, machine: MachineSpec): string {
  const index = spec.machines.filter(({ role }) => role === machine.role).indexOf(machine)
  return cloud.zones[index % cloud.zones.length]!
}

function storageOf(spec: ClusterSpec): number {
  return (spec.machines.find(({ role }) => role === 'worker') ?? spec.machines[0]!).storageBytes
}
