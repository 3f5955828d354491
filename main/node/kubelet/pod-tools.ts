import type { ConfigMap, Pod, Secret, Service } from '../../api/generated/types.ts'
import type { NetworkStack } from '../../kernel/network.ts'
import type { Process } from '../../kernel/machine.ts'
import type { ContainerRuntime } from '../cri.ts'
import type { Rejection } from './admission.ts'
import type { BackOff } from './back-off.ts'
import type { KubeletEvents } from './events.ts'
import type { ClaimedVolumes } from './claimed-volumes.ts'
import type { ImagePuller } from './image-puller.ts'
import type { ObjectCache } from './object-cache.ts'
import type { ResizeProblem } from './pod-resize.ts'
import type { PodRuntimeCache } from './pod-runtime.ts'
import type { Prober } from './prober.ts'
import type { StatusWriter } from './status-writer.ts'
import type { TokenCache } from './token-cache.ts'

/** What every pod worker of a kubelet shares. */
export interface PodTools {
  readonly process: Process
  readonly nodeName: string
  readonly runtime: ContainerRuntime
  /** The node's own network, from which the kubelet probes. */
  readonly stack: NetworkStack
  readonly cache: PodRuntimeCache
  readonly events: KubeletEvents
  readonly puller: ImagePuller
  readonly prober: Prober
  readonly status: StatusWriter
  readonly crashBackOff: BackOff
  readonly configMaps: ObjectCache<ConfigMap>
  readonly secrets: ObjectCache<Secret>
  readonly tokens: TokenCache
  readonly claimedVolumes: ClaimedVolumes
  /** Services whose variables the pod's containers get. Throws while they have not been read yet. */
  readonly servicesFor: (pod: Pod) => readonly Service[]
  readonly hostIps: () => readonly string[]
  readonly capacity: { readonly cpuMillis: number; readonly memoryBytes: number; readonly ephemeralStorageBytes: number }
  readonly clusterDns: readonly string[]
  readonly clusterDomain: string
  readonly hostDns: readonly string[]
  /** Whether something besides the node's resources speaks against a new pod. */
  readonly alsoAdmits: (pod: Pod) => Rejection | undefined
  /** Why the node cannot give a pod what it asks for now; undefined when it can. */
  readonly resizeProblem: (pod: Pod) => ResizeProblem | undefined
  /** What the pod's RuntimeClass calls its handler; '' without one. Rejects when the class is missing. */
  readonly runtimeHandlerOf: (pod: Pod) => Promise<string>
  /** Why pods cannot have a network now; undefined when they can. */
  readonly networkProblem: () => string | undefined
}
